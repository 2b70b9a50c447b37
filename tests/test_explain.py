# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Every finding has an explanation that a person can act on, and claims no more than is known."""

import re
from pathlib import Path

import pytest

import opskit
from opskit.explain import EXPLANATIONS, Explanation, finding

_PACKAGE = Path(opskit.__file__).parent

# Causes that are inferred, or known from one indirect source. The rest is documented.
HYPOTHESES = (
    "every-call-refused",
    "unauthorized",
    "login-redirect",
    "login-page",
    "odata-rights",
    "rows-empty",
    "lifetime-stale",
    "invalid-scope",
)


def sources() -> dict[str, str]:
    """The package's modules that can report something, by path; explanations excluded."""
    return {
        str(path.relative_to(_PACKAGE)): path.read_text(encoding="utf-8")
        for path in _PACKAGE.rglob("*.py")
        if path.name != "explain.py" and "sandbox" not in path.relative_to(_PACKAGE).parts[0]
    }


def used_ids() -> dict[str, str]:
    """Ids that are given to finding(), and the file that each stands in."""
    pattern = re.compile(r'\bfinding\(\s*"([^"]+)"')
    return {id_: path for path, text in sources().items() for id_ in pattern.findall(text)}


def test_every_finding_that_is_reported_is_explained() -> None:
    used = used_ids()
    assert len(used) > 30, "the pattern no longer fits the code"
    assert {id_: path for id_, path in used.items() if id_ not in EXPLANATIONS} == {}


def test_every_explanation_is_used() -> None:
    everything = "\n".join(sources().values())
    assert [id_ for id_ in EXPLANATIONS if f'"{id_}"' not in everything] == []


@pytest.mark.parametrize("explanation", EXPLANATIONS.values(), ids=EXPLANATIONS)
def test_each_text_is_a_sentence(explanation: Explanation) -> None:
    for text in (explanation.symptom, explanation.cause, explanation.remedy):
        assert text == text.strip()
        assert len(text.split()) >= 3
        assert text[0].isupper() or text.startswith(("expires_in", "insecure = "))
        assert text[-1] in ".…"
        assert "  " not in text


@pytest.mark.parametrize("id_", EXPLANATIONS)
def test_each_id_is_a_stable_kind_of_name(id_: str) -> None:
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+|redirect|restarting|unauthorized", id_)


@pytest.mark.parametrize("id_", HYPOTHESES)
def test_what_is_not_proved_is_called_probable(id_: str) -> None:
    assert "probably" in EXPLANATIONS[id_].cause.lower()


def test_a_missing_odata3_is_only_perhaps_normal() -> None:
    assert re.search(r"\bmay\b|probably", EXPLANATIONS["odata3-absent"].cause.lower())


def test_a_differing_issuer_is_called_normal() -> None:
    assert EXPLANATIONS["issuer-differs"].cause.startswith("Normal for Creatio")


def test_no_answer_at_all_is_what_unreachable_means() -> None:
    unreachable = {id_ for id_, one in EXPLANATIONS.items() if one.unreachable}
    no_answer = {"host-unknown", "connection-refused", "connection-failed"}
    assert unreachable == no_answer | {
        *("timed-out", "tls-failed", "tls-not-spoken", "address-invalid"),
    }


def test_a_finding_has_its_explanation_and_its_own_symptom() -> None:
    known = EXPLANATIONS["restarting"]
    case = finding("restarting", "The server answers 503.")
    assert (case.id, case.symptom) == ("restarting", "The server answers 503.")
    assert (case.cause, case.remedy, case.unreachable) == (known.cause, known.remedy, False)


def test_a_finding_without_a_symptom_of_its_own_gets_the_general_one() -> None:
    assert finding("rows-empty").symptom == EXPLANATIONS["rows-empty"].symptom


def test_a_finding_that_nobody_explains_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        finding("no-such-finding")

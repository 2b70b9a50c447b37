# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Every finding has an explanation that a person can act on, and claims no more than is known."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

import opskit
from opskit.checks import from_error
from opskit.errors import EXIT_UNREACHABLE, LoginRefused, OpskitError
from opskit.explain import EXPLANATIONS, PAGE, Explanation, database, finding, no_answer
from opskit.models import Certainty

_PACKAGE = Path(opskit.__file__).parent

# What proves each cause. Known are those that the vendor documents or that captured answers show,
# and those that opskit itself has looked up; all others are inferred, whatever else may be.
KNOWN: Mapping[str, set[str]] = {
    "the token endpoint refuses a client": {"invalid-client", "unauthorized-client"},
    "the client's rows say so": {
        *("client-unknown", "client-disabled", "lifetime-not-positive", "protocol-not-oidc"),
        *("secret-missing", "secret-wrong", "secret-expired", "secret-not-hashed"),
        *("grant-missing", "scope-not-allowed"),
    },
    "the database says so": {
        *("table-missing", "permission-missing", "lifetime-overtaken"),
        *("names-unreadable", "write-right-missing", "rights-too-wide"),
        *("journal-differs", "journal-right-missing"),
    },
    "opskit.toml says so": {"tls-unverified", "tls-left-out", "address-invalid"},
    "the certificate says so": {
        *("tls-expired", "tls-not-yet-valid", "tls-wrong-host", "tls-self-signed"),
    },
    "token and key set say so": {"algorithm-unsafe", "keys-weak"},
    "both prefixes, or both login pages, were tried": {"prefix-wrong", "runtime-differs"},
    "OAuthHealthCheck says so, or older versions lack it": {
        *("identity-url-empty", "oauth-problem", "health-absent"),
    },
    "502, 503, 504 or no connection: a restart": {
        *("restarting", "iis-unavailable", "aspnet-core-not-started", "connection-refused"),
    },
    "DataService refuses an object in words of its own": {"object-rights", "object-restricted"},
    "Collection was modified": {"routes-reloading"},
    "No HTTP resource was found, or an IIS 404 page": {"entity-unknown"},
    "404 with an empty body": {"service-absent"},
    "Could not find a property named": {"column-unknown"},
    "the answer's own words are all that is claimed": {"unexpected-status", "condition-not-met"},
}


def sources() -> dict[str, str]:
    """The package's modules that can report something, by path; explanations excluded."""
    return {
        str(path.relative_to(_PACKAGE)): path.read_text(encoding="utf-8")
        for path in _PACKAGE.rglob("*.py")
        if path.relative_to(_PACKAGE).parts[0] not in {"explain", "sandbox"}
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


def test_known_is_what_is_proved_and_all_else_is_likely() -> None:
    proved = [id_ for ids in KNOWN.values() for id_ in ids]
    assert len(proved) == len(set(proved))
    known = {id_ for id_, one in EXPLANATIONS.items() if one.certainty is Certainty.KNOWN}
    assert known == set(proved)


@pytest.mark.parametrize("id_", EXPLANATIONS)
def test_what_is_likely_says_so_and_what_is_known_does_not(id_: str) -> None:
    one = EXPLANATIONS[id_]
    hedged = re.search(r"\b(probably|likely)\b", one.cause.lower())
    assert bool(hedged) is (one.certainty is Certainty.LIKELY)
    assert not re.search(r"\b(perhaps|possibly|might|may be)\b", one.cause.lower())


def test_no_answer_at_all_is_what_unreachable_means() -> None:
    unreachable = {id_ for id_, one in EXPLANATIONS.items() if one.unreachable}
    errors = {id_ for id_ in database.FINDINGS if id_ != "table-missing"}
    assert unreachable == {*no_answer.FINDINGS, *errors}
    assert {
        *("host-unknown", "connection-refused", "timed-out", "address-invalid"),
        *("tls-expired", "tls-wrong-host", "tls-self-signed", "tls-not-spoken"),
    } <= set(no_answer.FINDINGS)


def test_an_error_that_a_check_carries_has_the_exit_code_of_the_error() -> None:
    kinds: list[type[OpskitError]] = [OpskitError]
    for kind in kinds:
        kinds += kind.__subclasses__()
    codes = {kind.code: kind.exit_code for kind in kinds}
    for id_, known in database.FINDINGS.items():
        if id_ in codes:
            assert known.unreachable is (codes[id_] == EXIT_UNREACHABLE)


def test_a_finding_has_its_explanation_and_its_own_symptom() -> None:
    known = EXPLANATIONS["restarting"]
    case = finding("restarting", "The server answers 503.")
    assert (case.id, case.symptom) == ("restarting", "The server answers 503.")
    assert (case.cause, case.remedy, case.unreachable) == (known.cause, known.remedy, False)


def test_a_finding_leads_to_its_section_and_an_error_that_is_none_nowhere() -> None:
    page = (_PACKAGE.parent / PAGE).read_text(encoding="utf-8")
    for id_ in EXPLANATIONS:
        path, _, section = finding(id_).link.partition("#")
        assert path == PAGE
        assert f"\n## {section}\n" in page
    explained, other = LoginRefused("No."), OpskitError("No.", code="not-explained")
    links = [from_error("database.login", error).finding for error in (explained, other)]
    assert [one and one.link for one in links] == [f"{PAGE}#login-refused", ""]


def test_a_finding_without_a_symptom_of_its_own_gets_the_general_one() -> None:
    assert finding("rows-empty").symptom == EXPLANATIONS["rows-empty"].symptom


def test_a_finding_that_nobody_explains_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        finding("no-such-finding")

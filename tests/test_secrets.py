# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets: the four sources, what is said when one fails, and that none ever shows."""

import json
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from opskit.errors import EXIT_USAGE, SecretError
from opskit.secrets import Secret, SecretRef, redact

VALUE = "s3cr3t-of-the-test"


@pytest.fixture
def entries() -> Iterator[dict[tuple[str, str], str]]:
    """The entries of a keyring in memory, which the test may fill."""
    keyring = pytest.importorskip("keyring")
    from keyring.backend import KeyringBackend

    kept: dict[tuple[str, str], str] = {}

    class InMemory(KeyringBackend):  # type: ignore[misc,unused-ignore]
        priority = 1

        def get_password(self, service: str, username: str) -> str | None:
            return kept.get((service, username))

        def set_password(self, service: str, username: str, password: str) -> None:
            kept[service, username] = password

        def delete_password(self, service: str, username: str) -> None:
            del kept[service, username]

    before = keyring.get_keyring()
    keyring.set_keyring(InMemory())  # type: ignore[no-untyped-call,unused-ignore]
    yield kept
    keyring.set_keyring(before)


@pytest.fixture
def broken_keyring() -> Iterator[None]:
    """A keyring without any way to keep a secret, as on many servers."""
    keyring = pytest.importorskip("keyring")
    from keyring.backends import fail

    before = keyring.get_keyring()
    keyring.set_keyring(fail.Keyring())  # type: ignore[no-untyped-call,unused-ignore]
    yield
    keyring.set_keyring(before)


def _command(script: str) -> SecretRef:
    """A command that runs ``script`` (without double quotes) in this Python."""
    return SecretRef(command=f'"{Path(sys.executable).as_posix()}" -c "{script}"')


def _failure(reference: SecretRef, folder: Path) -> SecretError:
    with pytest.raises(SecretError) as caught:
        reference.resolve(folder)
    error = caught.value
    assert error.exit_code == EXIT_USAGE
    assert error.code == "secret"
    assert error.remedy
    shown = "".join(traceback.format_exception(error))
    assert VALUE not in error.message + error.remedy + shown
    return error


# Environment variables


def test_from_a_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSKIT_UNIT", VALUE)
    assert SecretRef(env="OPSKIT_UNIT").resolve(tmp_path).reveal() == VALUE


def test_a_missing_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPSKIT_UNIT", raising=False)
    error = _failure(SecretRef(env="OPSKIT_UNIT"), tmp_path)
    assert "OPSKIT_UNIT is not set" in error.message
    assert "OPSKIT_UNIT" in error.remedy


def test_an_empty_variable_is_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSKIT_UNIT", "")
    error = _failure(SecretRef(env="OPSKIT_UNIT"), tmp_path)
    assert error.message == 'The secret { env = "OPSKIT_UNIT" } is empty.'


# Files


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (VALUE, VALUE),
        (f"{VALUE}\n", VALUE),
        (f"{VALUE}\r\n", VALUE),
        (f"{VALUE}\n\n", f"{VALUE}\n"),
        (f" {VALUE} ", f" {VALUE} "),
        (f"\ufeff{VALUE}\n", VALUE),
        ("pässwörd 🔑", "pässwörd 🔑"),
    ],
)
def test_a_file_gives_its_text_less_one_line_break(
    content: str, value: str, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(content.encode())
    assert SecretRef(file="secret").resolve(tmp_path).reveal() == value


def test_a_relative_path_starts_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "db").write_text(VALUE)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(elsewhere)
    assert SecretRef(file="secrets/db").resolve(tmp_path).reveal() == VALUE


def test_an_absolute_path_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text(VALUE)
    assert SecretRef(file=str(path)).resolve(tmp_path / "other").reveal() == VALUE


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (tmp_path / "secret").write_text(VALUE)
    assert SecretRef(file="~/secret").resolve(tmp_path / "other").reveal() == VALUE


def test_a_missing_file_is_named_in_full(tmp_path: Path) -> None:
    error = _failure(SecretRef(file="nowhere/secret"), tmp_path)
    assert str(tmp_path / "nowhere" / "secret") in error.message
    assert "No such file" in error.message
    assert "relative to opskit.toml" in error.remedy


def test_a_folder_is_no_secret_file(tmp_path: Path) -> None:
    assert "cannot be read" in _failure(SecretRef(file="."), tmp_path).message


def test_a_file_that_is_not_text_shows_none_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfe" + VALUE.encode())
    error = _failure(SecretRef(file="secret"), tmp_path)
    assert "it is not UTF-8 text" in error.message


@pytest.mark.parametrize("content", ["", "\n", "\ufeff"])
def test_an_empty_file_is_no_secret(content: str, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(content, encoding="utf-8")
    error = _failure(SecretRef(file="secret"), tmp_path)
    assert error.message == 'The secret { file = "secret" } is empty.'


# Commands


def test_a_command_gives_its_output_less_one_line_break(tmp_path: Path) -> None:
    assert _command(f"print('{VALUE}')").resolve(tmp_path).reveal() == VALUE


def test_a_command_runs_in_the_configurations_folder(tmp_path: Path) -> None:
    (tmp_path / "here").write_text(VALUE)
    assert _command("print(open('here').read())").resolve(tmp_path).reveal() == VALUE


def test_a_command_runs_without_a_shell(tmp_path: Path) -> None:
    python = Path(sys.executable).as_posix()
    reference = SecretRef(command=f'"{python}" -c "import sys; print(sys.argv[1:])" $HOME ; ls')
    assert reference.resolve(tmp_path).reveal() == "['$HOME', ';', 'ls']"


def test_a_failing_command_says_how_it_ended_and_nothing_that_it_said(tmp_path: Path) -> None:
    script = f"import sys; print('{VALUE}'); print('{VALUE}', file=sys.stderr); sys.exit(7)"
    error = _failure(_command(script), tmp_path)
    assert "ended with exit code 7" in error.message
    assert "by hand" in error.remedy


def test_a_command_that_is_not_there_is_named_without_its_arguments(tmp_path: Path) -> None:
    error = _failure(SecretRef(command=f"no-such-vault read --token {VALUE}"), tmp_path)
    assert "The secret's command no-such-vault was not found." in error.message
    assert "full path" in error.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="Windows parses command lines itself")
def test_unbalanced_quotes_are_told(tmp_path: Path) -> None:
    error = _failure(SecretRef(command=f"vault read 'the {VALUE}"), tmp_path)
    assert "command vault cannot be read" in error.message
    assert "quotes" in error.remedy


@pytest.mark.skipif(sys.platform == "win32", reason="a file's mode decides elsewhere only")
def test_a_file_that_is_no_program_could_not_be_started(tmp_path: Path) -> None:
    (tmp_path / "vault").write_text("not a program")
    error = _failure(SecretRef(command=f"./vault {VALUE}"), tmp_path)
    assert "could not be started" in error.message


def test_a_command_with_nothing_to_say_is_no_secret(tmp_path: Path) -> None:
    error = _failure(_command(f"'{VALUE}'"), tmp_path)
    assert "is empty" in error.message


def test_output_that_is_not_text_shows_none_of_its_bytes(tmp_path: Path) -> None:
    script = f"import sys; sys.stdout.buffer.write(b'\\xff{VALUE}')"
    assert "did not print UTF-8" in _failure(_command(script), tmp_path).message


@pytest.mark.parametrize("command", ["  ", "''", '""'])
def test_a_command_that_names_no_program_is_refused(command: str, tmp_path: Path) -> None:
    with pytest.raises((ValueError, SecretError), match="command"):
        SecretRef(command=command).resolve(tmp_path)


@pytest.mark.parametrize("reference", [SecretRef(file="a\0b"), SecretRef(command="vault a\0b")])
def test_a_null_character_is_told(reference: SecretRef, tmp_path: Path) -> None:
    _failure(reference, tmp_path)


# Keyring


def test_from_the_keyring(entries: dict[tuple[str, str], str], tmp_path: Path) -> None:
    entries["opskit", "dev"] = VALUE
    assert SecretRef(keyring="opskit/dev").resolve(tmp_path).reveal() == VALUE


def test_a_keyring_service_may_hold_slashes(
    entries: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    entries["https://vault/opskit", "dev"] = VALUE
    assert SecretRef(keyring="https://vault/opskit/dev").resolve(tmp_path).reveal() == VALUE


def test_an_entry_that_the_keyring_lacks_is_named(
    entries: dict[tuple[str, str], str], tmp_path: Path
) -> None:
    error = _failure(SecretRef(keyring="my opskit/dev"), tmp_path)
    assert "no entry my opskit/dev" in error.message
    assert "keyring set 'my opskit' dev" in error.remedy


@pytest.mark.parametrize("entry", ["opskit", "/dev", "opskit/", "/"])
def test_an_entry_is_service_and_user(entry: str, tmp_path: Path) -> None:
    error = _failure(SecretRef(keyring=entry), tmp_path)
    assert f"{entry!r} is not SERVICE/USER" in error.message
    assert 'keyring = "opskit/dev"' in error.remedy


def test_a_keyring_that_fails_tells_its_kind_only(broken_keyring: None, tmp_path: Path) -> None:
    error = _failure(SecretRef(keyring="opskit/dev"), tmp_path)
    assert "NoKeyringError" in error.message


# References


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"env": "A", "file": "b"},
        {"env": "A", "file": "b", "command": "c", "keyring": "d/e"},
        {"env": ""},
        {"keyring": ""},
    ],
)
def test_a_reference_has_exactly_one_source(given: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"exactly one of \{ env = "):
        SecretRef(**given)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        (SecretRef(env="NAME"), '{ env = "NAME" }'),
        (SecretRef(file="a/b"), '{ file = "a/b" }'),
        (SecretRef(keyring="opskit/dev"), '{ keyring = "opskit/dev" }'),
        (SecretRef(command=f"vault kv get --token={VALUE}"), '{ command = "vault …" }'),
    ],
)
def test_a_reference_is_shown_without_a_commands_arguments(
    reference: SecretRef, words: str
) -> None:
    assert str(reference) == f"{reference}" == words


def test_the_repr_of_a_command_hides_its_arguments() -> None:
    assert VALUE not in repr(SecretRef(command=f"vault kv get --token={VALUE}"))


# Showing


@pytest.mark.parametrize("show", [repr, str, ascii, "{}".format, "{!r}".format, "{!s}".format])
def test_a_secret_never_shows(show: object) -> None:
    assert callable(show)
    assert VALUE not in show(Secret(VALUE))
    assert VALUE not in show([Secret(VALUE)])


def test_a_secret_hides_from_interpolation_and_json() -> None:
    secret = Secret(VALUE)
    assert VALUE not in f"{secret} {secret!r} {secret:}" + "%s %r" % (secret, secret)  # noqa: UP031
    with pytest.raises(TypeError):
        json.dumps(secret)
    assert not hasattr(secret, "__dict__")


def test_redact_hides_every_secret_that_was_resolved(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("resolved-value-1")
    SecretRef(file="secret").resolve(tmp_path)
    assert redact("sent resolved-value-1, twice: resolved-value-1") == "sent ••••, twice: ••••"


def test_redact_hides_the_longer_of_two_that_overlap() -> None:
    Secret("overlap-short")
    Secret("overlap-short-and-longer")
    assert redact("<overlap-short-and-longer>") == "<••••>"


def test_redact_leaves_other_text_alone() -> None:
    Secret("abc")  # too short: it would blank half of any message
    assert redact("the abc of it") == "the abc of it"

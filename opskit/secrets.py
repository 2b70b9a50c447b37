# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Secrets by reference: where one comes from is configuration, what it is appears nowhere."""

import html
import json
import os
import shlex
import shutil
import subprocess
import sys
import unicodedata
from pathlib import Path
from urllib.parse import quote, quote_plus

import msgspec

from opskit.errors import SecretError

COMMAND_TIMEOUT = 60.0  # seconds: long enough for a vault that asks a second factor
FORMS = '{ env = "NAME" }, { file = "PATH" }, { command = "…" } or { keyring = "SERVICE/USER" }'

_REDACTED = "••••"
_SHORTEST_REDACTED = 4

_known: dict[int, set[str]] = {}  # by length


class Secret:
    """A value that shows itself only when asked by :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        if len(value) >= _SHORTEST_REDACTED:
            # As a server may echo it: as it is, from a form, from a URL, inside JSON.
            in_json = json.dumps(value)[1:-1]
            in_url = quote(value, safe="")
            for form in (value, in_json, in_url, quote_plus(value), html.escape(value)):
                _known.setdefault(len(form), set()).add(form)

    def reveal(self) -> str:
        """Return the value itself, for the one call that needs it."""
        return self._value

    def __repr__(self) -> str:
        return f"Secret({_REDACTED})"

    __str__ = __repr__


def redact(text: str) -> str:
    """Return ``text`` without any secret that this process has resolved.

    The guard for words that are not ours: a server's error page may repeat what it was sent.
    """
    # The longest first, as one may hold another; a fleet has hundreds, and most texts are short.
    for length in sorted(_known, reverse=True):
        if length <= len(text):
            for value in _known[length]:
                text = text.replace(value, _REDACTED)
    return text


def printable(text: str) -> str:
    """Return ``text`` without characters that would steer a terminal or hide others."""
    if text.isprintable():
        return text
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(char) else char for char in text)


def _steers(char: str) -> bool:
    if char in "\n\t\u200d":  # the last one joins emoji
        return False
    return unicodedata.category(char) in {"Cc", "Cf", "Cs"}


def foreign(text: str, limit: int = 300) -> str:
    """Return words that came from outside, fit to be shown: no secret, one line, an end."""
    line = printable(" ".join(redact(text).split()))
    return line if len(line) <= limit else line[: limit - 1] + "…"


class SecretRef(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a secret comes from: exactly one of four sources.

    Attributes:
        env: name of an environment variable.
        file: path of a text file, relative to opskit.toml; one trailing line break is dropped.
        command: a command line, run without a shell; its standard output, less the line break.
        keyring: ``SERVICE/USER`` in the keyring of the operating system.
    """

    env: str | None = None
    file: str | None = None
    command: str | None = None
    keyring: str | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.env, self.file, self.command, self.keyring) if v is not None]
        if len(given) != 1 or not given[0].strip():
            raise ValueError(f"write exactly one of {FORMS}")

    def resolve(self, folder: Path) -> Secret:
        """Fetch the secret.

        Args:
            folder: the folder of opskit.toml, which relative paths start from.

        Raises:
            SecretError: the variable is not set, the file not readable, the command failed, or
                the keyring has no such entry; the message names the reference, never its value.
        """
        if self.env is not None:
            value = _from_env(self.env)
        elif self.file is not None:
            value = _from_file(folder, self.file)
        elif self.command is not None:
            value = _from_command(self.command, folder)
        else:
            value = _from_keyring(self.keyring or "")
        if not value:
            raise SecretError(f"The secret {self} is empty.", remedy="Give it a value.")
        return Secret(value)

    def __repr__(self) -> str:
        return str(self)

    def __str__(self) -> str:
        for kind in ("env", "file", "keyring"):
            if (value := getattr(self, kind)) is not None:
                return f'{{ {kind} = "{value}" }}'
        # Only its first word: somebody may have written a token among the arguments.
        return f'{{ command = "{_first_word(self.command or "")} …" }}'


def _from_env(name: str) -> str:
    try:
        return os.environ[name]
    except KeyError:
        raise SecretError(
            f"The environment variable {name} is not set.",
            remedy=f"Set {name}, or point opskit.toml at another source.",
        ) from None


def _from_file(folder: Path, name: str) -> str:
    path = folder / name
    try:
        path = folder / Path(name).expanduser()
        return _chomp(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: ~nobody
        undecodable = isinstance(error, UnicodeDecodeError)
        reason = "it is not UTF-8 text" if undecodable else getattr(error, "strerror", str(error))
        raise SecretError(
            f"The secret file {path} cannot be read: {reason}.",
            remedy="Check the path (relative to opskit.toml) and its permissions.",
        ) from None


def _from_command(command: str, folder: Path) -> str:
    name = _first_word(command)
    # Windows has no argument list: the system itself takes the line, still without a shell.
    try:
        arguments = command if sys.platform == "win32" else shlex.split(command)
    except ValueError as error:
        raise SecretError(
            f"The secret's command {name} cannot be read: {error}.",
            remedy="Check the quotes of that command in opskit.toml.",
        ) from None
    try:
        done = subprocess.run(
            arguments, cwd=folder, capture_output=True, timeout=COMMAND_TIMEOUT, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise _no_run(name, error) from None
    if done.returncode != 0:
        raise SecretError(
            f"The secret's command {name} ended with exit code {done.returncode}.",
            remedy="Run it by hand to see why; a login to the vault may have expired.",
        )
    try:
        return _chomp(done.stdout.decode())
    except UnicodeDecodeError:
        raise SecretError(
            f"The secret's command {name} did not print UTF-8 text.", remedy="Run it by hand."
        ) from None


def _no_run(name: str, error: Exception) -> SecretError:
    # A folder of PATH that may not be entered makes an unknown command "permission denied".
    unknown = isinstance(error, PermissionError) and not os.path.dirname(name)  # noqa: PTH120
    if isinstance(error, FileNotFoundError) or (unknown and not shutil.which(name)):
        return SecretError(
            f"The secret's command {name} was not found.",
            remedy="Install it, or give its full path in opskit.toml.",
        )
    slow = isinstance(error, subprocess.TimeoutExpired)
    why = "took over a minute" if slow else "could not be started"
    return SecretError(f"The secret's command {name} {why}.", remedy="Run it by hand to see why.")


def _from_keyring(entry: str) -> str:
    service, slash, user = entry.rpartition("/")
    if not slash or not service or not user:
        raise SecretError(
            f"The keyring entry {entry!r} is not SERVICE/USER.",
            remedy='Write it as { keyring = "opskit/dev" }.',
        )
    try:
        import keyring
        import keyring.errors
    except ImportError:
        raise SecretError(
            "Secrets from the keyring need the package keyring.",
            remedy='Install it: pip install "creatio-opskit[keyring]"',
        ) from None
    try:
        value = keyring.get_password(service, user)
    except keyring.errors.KeyringError as error:
        raise SecretError(
            f"The keyring could not be read: {type(error).__name__}.",
            remedy="Unlock it, or use another source on machines without one.",
        ) from None
    if value is None:
        raise SecretError(
            f"The keyring has no entry {entry}.",
            remedy=f"Store it: keyring set {shlex.quote(service)} {shlex.quote(user)}",
        )
    return value


def _chomp(text: str) -> str:
    return text.removesuffix("\n").removesuffix("\r")


def _first_word(command: str) -> str:
    # Not what follows an =: it may be a variable with a token in it.
    return command.split(maxsplit=1)[0].partition("=")[0]

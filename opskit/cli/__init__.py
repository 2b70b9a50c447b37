# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""The command line: one file per command group, each imported when it is called.

Commands parse, call and print. Whatever goes wrong is caught here, once.
"""

import importlib
import os
import re
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

import click

from opskit import __version__
from opskit.errors import (
    EXIT_CHECK_FAILED,
    EXIT_OK,
    Interrupted,
    OpskitError,
    UsageError,
    internal_error,
)

# Command → what the overview says of it. The command itself is the attribute of the same name in
# the module of the same name below opskit.cli.
COMMANDS: Mapping[str, str] = {
    "demo": "The whole story in seconds, on a sandbox that comes and goes.",
    "init": "Write a commented starter opskit.toml.",
    "doctor": "Check configuration, secrets, database rights and reachability.",
    "lifetime": "See and change how long clients' tokens live.",
    "plan": "Compare the desired lifetimes with the databases.",
    "apply": "Carry out a plan, wave by wave, proving each change.",
    "export": "A plan as SQL scripts; the smoke check as a Postman collection.",
    "history": "Who changed which lifetime, when and why.",
    "revert": "Undo a change set.",
    "verify": "Prove that the Identity Service issues the tokens it should.",
    "smoke": "Prove that sign-in and the four data paths work.",
    "explain": "Say what a finding means, and what to do about it.",
    "db": "Make, update or remove the journal's tables.",
    "sandbox": "Three rehearsal environments on this machine.",
}


class LazyGroup(click.Group):
    """Knows its commands by name and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return all names, in the order of a first use."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        if cmd_name not in COMMANDS:
            return None
        command = getattr(importlib.import_module(f"opskit.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 (for the type checker)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """Write the overview without importing any command."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


# None leaves it to click: colour on a terminal only.
COLOR = False if os.environ.get("NO_COLOR") else None


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "color": COLOR}
)
@click.version_option(__version__, "-V", "--version", message="opskit %(version)s")
@click.option("--traceback", is_flag=True, help="Show where in opskit an error arose.")
def cli(traceback: bool) -> None:
    """Tune, prove and smoke-check the OAuth clients of Creatio's Identity Service.

    New here? `opskit demo` shows all of it on this machine in seconds.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the process with the exit code that fits."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    # None where the caller closed it.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: PTH123, SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: PTH123, SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: PTH123, SIM115
    for stream in (sys.stdout, sys.stderr):
        # Windows' pipes default to a code page that lacks half of what we print.
        getattr(stream, "reconfigure", lambda **_: None)(encoding="utf-8", errors="replace")
    code = _run(arguments)
    with suppress(ValueError):  # not in the main thread, which no signal meets
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is said: the code must tell it too
    for number, stream in enumerate((sys.stdout, sys.stderr), start=1):
        try:
            stream.flush()
        except OSError:  # opskit … | head
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)
    sys.exit(code)


def _run(arguments: Sequence[str]) -> int:
    try:
        code = cli.main(arguments, prog_name="opskit", standalone_mode=False)
    except Exception as error:  # noqa: BLE001 (the one place where everything is caught)
        if "--traceback" in arguments:
            from opskit.cli.output import show_traceback

            show_traceback(error)
        return _report(as_opskit_error(error), arguments)
    return code if isinstance(code, int) else EXIT_OK


def as_opskit_error(error: Exception) -> OpskitError:
    """Return what ended a command as an error of ours, whoever raised it."""
    if isinstance(error, OpskitError):
        return error
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return UsageError(error.format_message(), code="help")
    if isinstance(error, click.ClickException):
        context = getattr(error, "ctx", None)
        remedy = f"See: {context.command_path} --help" if context else ""
        return UsageError(error.format_message(), remedy=remedy)
    if isinstance(error, click.exceptions.Abort):
        return Interrupted("Interrupted.")
    return internal_error(error)


def _report(error: OpskitError, arguments: Sequence[str]) -> int:
    """Say what went wrong, as a JSON document where one was asked for."""
    from opskit.cli.output import say_error, show

    if error.code == "help":
        click.echo(error.message, err=True)
    elif _wants_json(arguments):
        from opskit.formats import FormatChoice
        from opskit.results import Result

        try:
            show(Result(_command_name(arguments), None, [error]), FormatChoice.JSON)
        except UsageError as unwritable:
            say_error(unwritable)
            if error.code != unwritable.code:
                say_error(error)
    else:
        say_error(error)
    return EXIT_CHECK_FAILED if error.code == "internal" else error.exit_code


def _wants_json(arguments: Sequence[str]) -> bool:
    """Tell from the raw arguments, since they may be what could not be parsed."""
    return bool(re.search(r"(^| )(-[a-zA-Z]*o ?|--output[ =])json( |$)", " ".join(arguments)))


def _command_name(arguments: Sequence[str]) -> str:
    """Return the full name of the command that ``arguments`` begin with, such as lifetime set."""
    names: list[str] = []
    command: Any = cli
    for argument in arguments:
        if argument.startswith("-"):
            continue
        command = command.get_command(click.Context(command), argument)
        if command is None:
            break
        names.append(argument)
        if not isinstance(command, click.Group):
            break
    return " ".join(names)

# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit sandbox``: rehearsal environments on this machine."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import click

from opskit.cli.options import output_option
from opskit.cli.output import say, show
from opskit.errors import EXIT_OK, UsageError
from opskit.formats import FormatChoice
from opskit.results import Result
from opskit.sandbox.faults import Fault
from opskit.sandbox.ports import DEFAULT_PORT


def _folder_option(command: Callable[..., Any]) -> Callable[..., Any]:
    return click.option(
        "--dir",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        default=Path("opskit-sandbox"),
        show_default=True,
        help="Where the sandbox keeps its files.",
    )(command)


@click.group()
def sandbox() -> None:
    """Three rehearsal environments on this machine: dev, test and prod.

    Real PostgreSQL, an Identity Service and a Creatio each, with faults to switch on. They
    listen on 127.0.0.1 only.
    """


@sandbox.command()
@click.option(
    "--port",
    type=click.IntRange(0, 65_000),
    default=DEFAULT_PORT,
    show_default=True,
    help="The first of eight ports in a row; 0 takes any free ones.",
)
@_folder_option
@output_option
def up(port: int, folder: Path, output: FormatChoice) -> int:
    """Start the sandbox and write an opskit.toml for it."""
    from opskit.sandbox import lifecycle

    status, started = lifecycle.up(folder, port=port)
    code = show(Result("sandbox up", status), output)
    say("Started." if started else "It was running already.")
    say(f"Use it: opskit lifetime list -c {_shown(Path(status.config))}")
    return code


@sandbox.command()
@_folder_option
@output_option
def down(folder: Path, output: FormatChoice) -> int:
    """Stop the sandbox and remove its files."""
    from opskit.sandbox import lifecycle

    removed = lifecycle.down(folder)
    say("Stopped and removed." if removed else f"There is no sandbox in {_shown(folder)}.")
    if output is FormatChoice.TABLE:
        return EXIT_OK
    return show(Result("sandbox down", lifecycle.status(folder)), output)


@sandbox.command()
@_folder_option
@output_option
def status(folder: Path, output: FormatChoice) -> int:
    """Show where the sandbox listens and which faults are on."""
    from opskit.sandbox import lifecycle

    return show(Result("sandbox status", lifecycle.status(folder)), output)


@sandbox.command()
@click.argument(
    "fault",
    metavar="[FAULT]",
    type=click.Choice([fault.value for fault in Fault]),
    required=False,
)
@click.option("-e", "--env", "environments", metavar="NAME", multiple=True, help="Where.")
@click.option("--off", is_flag=True, help="Switch the fault off; without FAULT all of them.")
@click.option("--seconds", type=float, help="For the faults cache and slow.")
@_folder_option
@output_option
def fault(
    fault: str | None,
    environments: Sequence[str],
    off: bool,
    seconds: float | None,
    folder: Path,
    output: FormatChoice,
) -> int:
    """Switch FAULT on in some environments, or off; without FAULT list what there is."""
    from opskit.sandbox import lifecycle

    if fault is None and not off:
        from opskit.sandbox.faults import DESCRIPTIONS

        return show(Result("sandbox fault", DESCRIPTIONS), output)
    if not environments:
        raise UsageError("In which environment?", remedy="Add -e dev, -e test or -e prod.")
    if fault is None:
        state = lifecycle.clear_faults(folder, environments)
    else:
        state = lifecycle.set_fault(folder, environments, Fault(fault), on=not off, seconds=seconds)
    return show(Result("sandbox fault", state), output)


def _shown(path: Path) -> Path:
    """Return ``path`` relative to the working folder where it is below."""
    path = path.resolve()
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path

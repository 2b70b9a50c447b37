# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit demo``."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from opskit.cli.output import show
from opskit.errors import EXIT_CHECK_FAILED, EXIT_OK
from opskit.formats import FormatChoice

_NEXT = """\
For your own environments:

  opskit init              write a commented opskit.toml, then edit it
  opskit doctor            what works already, and what to do about the rest
  opskit lifetime list     every client in every environment
  opskit lifetime set "NAME" 30m -e dev --dry-run
  opskit smoke -e dev      after each deploy

To play with the sandbox instead: opskit sandbox up"""


@click.command()
@click.option("--keep", is_flag=True, help="Leave the sandbox running, in ./opskit-sandbox.")
def demo(keep: bool) -> int:
    """Tell the whole story on a sandbox that is started for it and removed afterwards."""
    from opskit.demo import tell

    started, well = time.monotonic(), True
    click.secho("Starting a sandbox: PostgreSQL, three Identity Services, three Creatios …")
    with _sandbox(keep=keep) as folder:
        for number, step in enumerate(tell(folder), start=1):
            click.secho(f"\n{number}. {step.title}", bold=True)
            click.secho(f"$ {step.command}\n", fg="cyan")
            show(step.result, FormatChoice.TABLE)
            well = well and step.as_planned
    gone = f"it runs on in {folder}" if keep else "it is gone again"
    click.secho(f"\nThat took {time.monotonic() - started:.0f} s; the sandbox: {gone}.", bold=True)
    click.echo(f"\n{_NEXT}")
    return EXIT_OK if well else EXIT_CHECK_FAILED


@contextmanager
def _sandbox(*, keep: bool) -> Iterator[Path]:
    from opskit.sandbox import lifecycle

    if keep:
        folder = Path("opskit-sandbox")
        lifecycle.up(folder)
        yield folder
    else:
        with lifecycle.temporary() as folder:
            yield folder

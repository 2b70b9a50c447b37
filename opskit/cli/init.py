# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""``opskit init``."""

from importlib import resources
from pathlib import Path

import click

from opskit.cli.options import output_option
from opskit.cli.output import say, show
from opskit.errors import UsageError
from opskit.formats import FormatChoice
from opskit.models import Written
from opskit.results import Result


@click.command()
@click.argument("path", type=click.Path(path_type=Path), default=Path("opskit.toml"))
@output_option
def init(path: Path, output: FormatChoice) -> int:
    """Write a commented starter configuration to PATH, by default ./opskit.toml."""
    path = path / "opskit.toml" if path.is_dir() else path
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(resources.files("opskit").joinpath("starter.toml").read_text("utf-8"))
    except FileExistsError:
        raise UsageError(
            f"{path} exists already; nothing was changed.",
            remedy="Name another file, or edit the one that is there.",
            code="file-exists",
        ) from None
    except OSError as error:
        raise UsageError(
            f"{path} cannot be written: {error.strerror}.",
            remedy="Check the folder and its permissions.",
        ) from None
    code = show(Result("init", Written(str(path))), output)
    say("Edit it, then try: opskit doctor")
    return code

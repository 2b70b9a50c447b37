# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Newman, which runs Postman collections: real Postman code in a process of Node's.

``make newman`` installs it in the user's cache, for it is no part of opskit's own environment.
``OPSKIT_REQUIRE_NEWMAN=1`` makes its absence a failure.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

VERSION = "6.2.2"
REQUIRED_VARIABLE = "OPSKIT_REQUIRE_NEWMAN"

# One process serves many runs: each line that comes in is a run's options, each that goes out
# what came of it.
_DRIVER = """
const newman = require(process.argv[1]);
require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    newman.run({ ...JSON.parse(line), reporters: [] }, (error, summary) => {
        if (error) return console.log(JSON.stringify({ error: String(error) }));
        const failed = summary.run.failures.map((one) => ({
            item: one.source ? one.source.name : "", test: one.error.test, words: one.error.message,
        }));
        const made = summary.run.executions.map((one) => ({
            item: one.item.name,
            status: one.response ? one.response.code : null,
            skipped: (one.assertions || []).filter((a) => a.skipped).map((a) => a.assertion),
            passed: (one.assertions || []).filter((a) => !a.error && !a.skipped).length,
        }));
        console.log(JSON.stringify({ failed, made }));
    });
});
"""


@dataclass(frozen=True)
class Ran:
    """What came of a run: the failures, and the requests that were made."""

    failed: list[Mapping[str, Any]]
    made: list[Mapping[str, Any]]

    @property
    def red(self) -> set[str]:
        return {str(one["item"]) for one in self.failed}

    def request(self, name: str) -> Mapping[str, Any]:
        return next(one for one in self.made if one["item"] == name)


def home() -> Path:
    """The folder that it is installed in."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home())
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "opskit" / f"newman-{VERSION}"


def program() -> list[str] | None:
    """The command line that runs it; None where it is not installed."""
    node, script = shutil.which("node"), home() / "node_modules" / "newman" / "bin" / "newman.js"
    return [node, str(script)] if node and script.is_file() else None


def install() -> int:
    """Install it with npm; without npm there is nothing to do, and that is said."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not here: the tests of the Postman collection will be skipped.")
        return 0
    if program():
        return 0
    print(f"Installing newman {VERSION} in {home()} ...", flush=True)
    home().mkdir(parents=True, exist_ok=True)
    quiet = ("--no-audit", "--no-fund", "--loglevel=error")
    return subprocess.run(
        [npm, "install", "--prefix", str(home()), *quiet, f"newman@{VERSION}"], check=False
    ).returncode


class Newman:
    """A process that runs collections one after the other, in ``with``."""

    def __enter__(self) -> Self:
        command = program()
        assert command is not None
        module = Path(command[1]).parents[1]
        self._process = subprocess.Popen(
            [command[0], "-e", _DRIVER, str(module)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=30)

    def run(
        self, collection: Path, environment: Path, ca_file: Path | None = None, **variables: str
    ) -> Ran:
        """Run a collection with an environment file, further authorities and variables."""
        given = [{"key": key, "value": value} for key, value in variables.items()]
        options = {"collection": str(collection), "environment": str(environment), "envVar": given}
        if ca_file is not None:
            options["sslExtraCaCerts"] = str(ca_file)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(options) + "\n")
        self._process.stdin.flush()
        result = json.loads(self._process.stdout.readline())
        assert "error" not in result, result
        return Ran(**result)


if __name__ == "__main__":
    sys.exit(install())

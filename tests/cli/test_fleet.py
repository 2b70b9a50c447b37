# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A command that checks many environments: what it needs of the system, and how it shows them."""

import subprocess
from pathlib import Path

from tests.cli.conftest import SECONDS, Ran, command, posix_only, surroundings
from tests.fleet_server import FleetServer
from tests.scripted_server import Reply


def smoke(server: FleetServer, folder: Path, environments: int, ulimit: str) -> Ran:
    """Check all environments by a process that may open so many files."""
    limited = ["sh", "-c", f'ulimit {ulimit}; exec "$@"', "sh"]
    done = subprocess.run(
        [*limited, *command("smoke", "--all-envs")],
        env=surroundings(server.config(folder, environments), {"FLEET_SECRET": "correct horse"}),
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


@posix_only
def test_a_fleet_needs_no_ulimit_and_its_sound_environments_one_line_each(tmp_path: Path) -> None:
    # Nobody gets an answer before all have asked, and then each holds three connections.
    with FleetServer(gather=40) as server:
        server.broken["e7"] = {"/odata/Account": Reply(500)}
        ran = smoke(server, tmp_path, 40, "-S -n 96")
    lines = ran.out.splitlines()
    sound = [f"e{number}  8 passed" for number in range(40) if number != 7]
    assert (ran.code, [line for line in lines if line in sound]) == (1, sound)
    at = lines.index("e7  7 passed  1 failed")
    assert lines[at + 1].startswith("  ✓  token ")
    assert "opskit explain unexpected-status" in ran.out
    assert (lines[at - 1], lines[-1]) == (sound[6], sound[-1])


@posix_only
def test_a_hard_limit_is_lived_with(tmp_path: Path) -> None:
    with FleetServer() as server:
        ran = smoke(server, tmp_path, 12, "-n 96")
    assert (ran.code, server.together) == (0, 2)

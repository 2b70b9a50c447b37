# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""A command that checks many environments: what it needs of the system, and how it shows them."""

import subprocess
from pathlib import Path

from tests.cli.conftest import SECONDS, command, posix_only, surroundings
from tests.fleet_server import FleetServer
from tests.scripted_server import Reply

ENVIRONMENTS = 40  # they hold three connections each while nobody gets an answer
OPEN_FILES = 96


@posix_only
def test_many_connections_need_no_ulimit_and_sound_environments_one_line(tmp_path: Path) -> None:
    with FleetServer(gather=ENVIRONMENTS) as server:
        server.broken["e7"] = {"/odata/Account": Reply(500)}
        limited = ["sh", "-c", f'ulimit -Sn {OPEN_FILES}; exec "$@"', "sh"]
        done = subprocess.run(
            [*limited, *command("smoke", "--all-envs")],
            env=surroundings(
                server.config(tmp_path, ENVIRONMENTS), {"FLEET_SECRET": "correct horse"}
            ),
            capture_output=True,
            encoding="utf-8",
            timeout=SECONDS,
            check=False,
        )
    lines = done.stdout.splitlines()
    sound = [f"e{number}  8 passed" for number in range(ENVIRONMENTS) if number != 7]
    assert (done.returncode, [line for line in lines if line.endswith("  8 passed")]) == (1, sound)
    at = lines.index("e7  7 passed  1 failed")
    assert lines[at + 1].startswith("  ✓  token ")
    assert "opskit explain unexpected-status" in done.stdout
    assert (lines[at - 1], lines[-1]) == (sound[6], sound[-1])

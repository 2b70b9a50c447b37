# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""100,000 clients in one environment: plan, apply, revert, beside the bare statements.

What is compared with is the least that could do the same: one statement that changes every row and
one that records it, in one transaction.
"""

import json
import subprocess
import time
from pathlib import Path

from tests.benchmarks.measuring import Row, machine, table
from tests.cli.conftest import command, surroundings
from tests.db.installations import Installation

CLIENTS = 100_000

_BARE = (
    'UPDATE "Clients" SET "AccessTokenLifetime" = 1800 WHERE "AccessTokenLifetime" = 3600',
    """INSERT INTO opskit.lifetime_change (change_set, environment, client_id, client_name,
         old_lifetime, new_lifetime, actor, tool_version)
       SELECT 'bare', 'unit', "ClientId", "ClientName", 3600, 1800, 'nobody', '0' FROM "Clients"
    """,
)


def bench_bulk(installation: Installation, tmp_path: Path) -> None:
    """Change every client through the command line."""
    installation.add_clients([f"client-{number:06}" for number in range(CLIENTS)])
    installation.make_journal()
    config = installation.environment().folder / "opskit.toml"
    config.with_name("lifetimes.toml").write_text('[defaults]\nlifetime = "30m"\n', "utf-8")
    started = time.perf_counter()
    installation.rolled_back(*_BARE)
    bare = time.perf_counter() - started
    rows = [Row("one UPDATE and one INSERT", bare)]

    def measured(*arguments: str) -> None:
        started = time.perf_counter()
        subprocess.run(
            command(*arguments), env=surroundings(config), capture_output=True, check=True
        )
        taken = time.perf_counter() - started
        rows.append(Row(f"`opskit {arguments[0]}`", taken, taken / bare))

    saved = tmp_path / "plan.json"
    measured("plan", "--out", str(saved))
    measured("apply", str(saved), "--no-verify")
    measured("history", "-n", "1")
    measured("revert", "--plan", json.loads(saved.read_bytes())["hash"], "--no-verify")
    kind = type(installation).__name__.removesuffix("Installation")
    print(f"\n{machine()}\n\n{table(f'{CLIENTS:,} clients, {kind}', rows)}")

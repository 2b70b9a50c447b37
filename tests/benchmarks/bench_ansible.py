# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""50 environments checked by one process of opskit, and by Ansible with a host for each.

All hosts are this machine, so that Ansible pays here for what many machines would share.
"""

import os
import subprocess
from pathlib import Path

import pytest

from tests.ansible.conftest import BIN, OPSKIT, Collection
from tests.benchmarks.measuring import Row, alternated, machine, table
from tests.cli.conftest import command, surroundings
from tests.fleet_server import FleetServer

ENVIRONMENTS = 50
LATENCIES = [0.0, 0.1]  # seconds
TIMES = 2


@pytest.mark.parametrize("latency", LATENCIES)
def bench_ansible(
    collection: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, latency: float
) -> None:
    """The playbook post_deploy_smoke beside the commands that it runs."""
    monkeypatch.setenv("FLEET_SECRET", "correct horse battery staple")
    inventory = tmp_path / "opskit.yml"
    inventory.write_text("plugin: opskit.creatio.environments\n", "utf-8")
    # Ansible as it comes, without what makes it faster in the tests.
    quick = {"ANSIBLE_PIPELINING", "PYTHONPATH"}
    plain = {key: value for key, value in collection.surroundings().items() if key not in quick}
    with FleetServer(latency=latency) as server:
        config = server.config(tmp_path, ENVIRONMENTS)

        def own(*commands: str) -> None:
            for name in commands:
                subprocess.run(
                    command(name, "--all-envs"),
                    env=surroundings(config),
                    capture_output=True,
                    check=True,
                )

        def playbook(forks: int, *more: str) -> None:
            subprocess.run(
                [
                    *(BIN / "ansible-playbook", "-i", inventory, "--forks", str(forks)),
                    *("-e", f"opskit_path={OPSKIT}", *more),
                    "opskit.creatio.post_deploy_smoke",
                ],
                env=plain,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=True,
            )

        smoke_only = ("-e", "opskit_verify=false")
        taken = alternated(
            {
                "`opskit smoke --all-envs`": lambda: own("smoke"),
                "`opskit verify --all-envs`, then `opskit smoke --all-envs`": lambda: own(
                    "verify", "smoke"
                ),
                "`post_deploy_smoke`, 10 forks": lambda: playbook(10),
                "`post_deploy_smoke`, 50 forks": lambda: playbook(50),
                "`post_deploy_smoke`, 10 forks, `opskit_verify=false`": lambda: playbook(
                    10, *smoke_only
                ),
                "`post_deploy_smoke`, 50 forks, `opskit_verify=false`": lambda: playbook(
                    50, *smoke_only
                ),
            },
            TIMES,
        )
    (first, one), *others = taken.items()
    rows = [Row(first, one), *(Row(what, seconds, seconds / one) for what, seconds in others)]
    load = ", ".join(f"{average:.1f}" for average in os.getloadavg())
    title = f"{ENVIRONMENTS} environments, {latency * 1000:.0f} ms latency"
    print(f"\n{machine()}, load {load}\n\n{table(title, rows)}")

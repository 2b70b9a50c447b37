# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""`opskit smoke` beside curl, Newman and the work itself; one environment beside 200; start-up.

The servers are the sandbox's, at no latency of their own and at 100 ms for each answer; the fleet's
are one light server, which leaves a core to the command.
"""

import asyncio
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from opskit.export.postman import export_postman
from opskit.http import Http
from opskit.sandbox.faults import Fault
from opskit.settings import Environment
from opskit.smoke import smoke
from opskit.smoke.paths import data_paths
from tests import newman
from tests.benchmarks.measuring import Row, alternated, machine, table
from tests.cli.conftest import command, surroundings
from tests.conftest import Sandbox
from tests.fleet_server import FleetServer

LATENCIES = [0.0, 0.1]  # seconds
TIMES = 7
FLEET = 200


def _sandbox_at(sandbox: Sandbox, latency: float) -> None:
    if latency:
        sandbox.fault(Fault.SLOW, "dev", latency)


def _ran(*arguments: str, config: Path | None = None) -> None:
    subprocess.run(command(*arguments), env=surroundings(config), capture_output=True, check=True)


def _curls(environment: Environment, folder: Path) -> Path:
    """Write a script of the same six calls, one after the other, as by hand."""
    client = environment.require_client()
    (folder / "secret").write_text(environment.resolve(client.secret).reveal(), "utf-8")
    api = environment.require("creatio")
    script = folder / "smoke.sh"
    script.write_text(
        f"""set -eu
identity={environment.require("identity")}
endpoint=$(curl -sf $identity/.well-known/openid-configuration |
  sed 's/.*"token_endpoint": *"\\([^"]*\\)".*/\\1/')
token=$(curl -sf $endpoint -d grant_type=client_credentials -d client_id={client.id} \\
  --data-urlencode client_secret@{folder}/secret | sed 's/.*"access_token": *"\\([^"]*\\)".*/\\1/')
bearer="Authorization: Bearer $token"
json="Content-Type: application/json"
curl -sf -H "$bearer" '{api}/odata/Account?$top=20' >/dev/null
curl -sf -H "$bearer" -H 'Accept: application/json;odata=verbose' \\
  '{api}/ServiceModel/EntityDataService.svc/AccountCollection/?$select=Name&$top=20' >/dev/null
curl -sf -H "$bearer" -H "$json" {api}/DataService/json/SyncReply/SelectQuery -d \\
  '{{"RootSchemaName": "Account", "columns": {{"items": {{"Name": {{"expression":
     {{"columnPath": "Name"}}}}}}}}, "rowCount": 20}}' >/dev/null
curl -sf -H "$bearer" -H "$json" {api}/rest/CryptographicService/GetConvertedPasswordValue \\
  -d '{{"password": "test"}}' >/dev/null
""",
        "utf-8",
    )
    return script


def _newman(environment: Environment, folder: Path) -> list[str] | None:
    """Export the collection; return what runs it, or None where Newman is not installed."""
    if (program := newman.program()) is None:
        print("\nNewman is left out: it is not installed (make newman)")
        return None
    (files,) = export_postman([environment], folder, None, force=True).files
    secret = environment.resolve(environment.require_client().secret).reveal()
    given = ["-e", files.variables, "--env-var", f"client_secret={secret}", "--bail"]
    return [*program, "run", files.collection, *given]


@pytest.mark.parametrize("latency", LATENCIES)
def bench_cold_smoke(sandbox: Sandbox, tmp_path: Path, latency: float) -> None:
    """A whole process of opskit beside six of curl, and beside one of Newman."""
    script = _curls(sandbox.environment(), tmp_path)
    postman = _newman(sandbox.environment(), tmp_path)
    _sandbox_at(sandbox, latency)
    works: dict[str, Callable[[], object]] = {
        "curl": lambda: subprocess.run(["bash", script], check=True),
        "own": lambda: _ran("smoke", "-e", "dev", config=sandbox.config),
    }
    if postman:
        works["newman"] = lambda: subprocess.run(postman, capture_output=True, check=True)
    taken = alternated(works, TIMES)
    own = taken["own"]

    def beside(what: str, other: float | None, aim: float | None) -> list[Row]:
        return [Row(what, other), Row("`opskit smoke`", own, own / other, aim)] if other else []

    rows = [
        *beside(
            "discovery, token and the data paths by curl", taken["curl"], 1 if latency else None
        ),
        *beside("`newman run` of the exported collection", taken.get("newman"), 0.5),
    ]
    print(f"\n{machine()}\n\n{table(f'Cold, {latency * 1000:.0f} ms latency', rows)}")


def bench_in_process(sandbox: Sandbox) -> None:
    """The work without the process, beside discovery, token and the slowest data path in turn."""
    environment = sandbox.environment()
    _sandbox_at(sandbox, 0.1)
    checks = {check.id: check for check in asyncio.run(smoke(environment)).checks}
    slowest = max(data_paths(environment.smoke), key=lambda path: checks[path.name].elapsed or 0)

    async def critical() -> None:
        from opskit.smoke.tokens import TokenSource
        from opskit.verify.token import Token

        async with Http(environment) as http:
            token = await TokenSource(environment, http, None).current()
            assert isinstance(token, Token)
            bearer = {"Authorization": f"Bearer {token.access.reveal()}"}
            headers = {**slowest.headers, **bearer}
            url = f"{environment.require('creatio')}/{slowest.path}"
            answer = await http.request(slowest.method, url, headers=headers, body=slowest.body)
            assert answer.status == 200

    path, whole = alternated(
        {
            "critical path": lambda: asyncio.run(critical()),
            "smoke": lambda: asyncio.run(smoke(environment)),
        },
        TIMES,
    ).values()
    rows = [
        Row("discovery, token, the slowest data path", path),
        Row("all of smoke", whole, whole / path, 1.2),
    ]
    print(f"\n{machine()}\n\n{table('In one process, 100 ms latency', rows)}")


def bench_fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One environment beside 200, in one process; their server takes the other core."""
    monkeypatch.setenv("FLEET_SECRET", "correct horse battery staple")
    with FleetServer(latency=0.1) as server:
        config = server.config(tmp_path, FLEET)
        one, by_default, at_once = alternated(
            {
                "one": lambda: _ran("smoke", "-e", "e0", config=config),
                "by default": lambda: _ran("smoke", config=config),
                "all at once": lambda: _ran("smoke", "-j", str(FLEET), config=config),
            },
            5,
        ).values()
    rows = [
        Row("one environment", one),
        Row(f"{FLEET} environments", by_default, by_default / one, 3),
        Row(f"{FLEET} environments, `-j {FLEET}`", at_once, at_once / one),
    ]
    print(f"\n{machine()}\n\n{table('Fleet, 100 ms latency', rows)}")


def bench_start_up(sandbox: Sandbox) -> None:
    """What a command takes before it does anything."""
    bare, *own = alternated(
        {
            "bare": lambda: subprocess.run([sys.executable, "-c", "import click"], check=True),
            "--help": lambda: _ran("--help"),
            "lifetime list": lambda: _ran("lifetime", "list", config=sandbox.config),
            "smoke": lambda: _ran("smoke", "-e", "dev", config=sandbox.config),
        },
        TIMES,
    ).values()
    names = ["`opskit --help`", "`opskit lifetime list`", "`opskit smoke -e dev`"]
    aims = [2.5, None, None]
    rows = [Row('python -c "import click"', bare)]
    rows += [
        Row(name, taken, taken / bare, aim)
        for name, taken, aim in zip(names, own, aims, strict=True)
    ]
    print(f"\n{machine()}\n\n{table('Start-up', rows)}")

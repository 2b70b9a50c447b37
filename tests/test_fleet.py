# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Many environments at once: bounded, and none of them waits for a slow or dead one."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from opskit.check_options import CheckOptions
from opskit.config import load_config
from opskit.errors import EXIT_CHECK_FAILED, EXIT_UNREACHABLE, Interrupted, OpskitError
from opskit.fleet import in_turn
from opskit.http import MAX_BODY, tls_context
from opskit.interruption import Stop
from opskit.models import EnvironmentReport, Status
from opskit.patience import check_environments
from opskit.settings import Environment
from opskit.smoke import smoke
from tests.conftest import environment
from tests.fleet_server import FleetServer
from tests.scripted_server import DATA_PATHS, Reply, json_reply, self_signed

SECRET = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLEET_SECRET", SECRET)


def checked(
    path: Path, options: CheckOptions
) -> tuple[Sequence[EnvironmentReport], Sequence[OpskitError]]:
    report, errors = check_environments(
        load_config(path).select(), lambda one, http: smoke(one, http=http), options
    )
    return report.environments, errors


def all_pass(reports: Sequence[EnvironmentReport]) -> bool:
    return {check.status for one in reports for check in one.checks} == {Status.PASS}


def test_what_was_written_before_ctrl_c_could_stop_it_is_told_with_it(tmp_path: Path) -> None:
    def work(environment: Environment, stop: Stop) -> str:
        stop.ask()
        return environment.name

    done, errors = in_turn([environment(tmp_path)], work, interrupted="")
    assert done == ["unit"]
    assert [type(error) for error in errors] == [Interrupted]


def test_two_hundred_environments_by_a_hundred(tmp_path: Path) -> None:
    with FleetServer(gather=100) as server:  # nobody gets an answer before 100 have asked
        reports, errors = checked(server.config(tmp_path, 200), CheckOptions())

    assert (errors, all_pass(reports)) == ([], True)
    assert [one.environment for one in reports] == [f"e{number}" for number in range(200)]
    assert server.together == 100
    assert set(server.asked.values()) == {8}


def test_a_hanging_environment_takes_one_place_only(tmp_path: Path) -> None:
    with FleetServer() as server:
        server.hanging.add("e3")
        options = CheckOptions(jobs=2, time_limit=5)
        reports, (error,) = checked(server.config(tmp_path, 12), options)

    assert server.together == 2
    assert [one.environment for one in reports] == [f"e{n}" for n in range(12) if n != 3]
    assert all_pass(reports)
    assert (error.code, error.environment) == ("time-limit", "e3")
    assert error.exit_code == EXIT_UNREACHABLE
    assert error.message == "e3 was not checked within 5s."


def test_what_is_waited_for_when_the_time_is_over_says_why(tmp_path: Path) -> None:
    dead = environment(
        tmp_path,
        identity="http://127.0.0.1:1",
        creatio="http://127.0.0.1:1",
        clients=[{"id": "client-1", "secret": {"env": "FLEET_SECRET"}}],
    )
    report, (error,) = check_environments(
        [dead],
        lambda one, http: smoke(one, http=http),
        CheckOptions(wait=60, time_limit=1),
    )
    assert error.code == "time-limit"
    assert "The last of 2 attempts: 127.0.0.1:1 refused the connection." in error.message
    (last,) = report.environments
    assert (last.environment, last.attempts, last.gave_up) == ("unit", 2, None)
    (token, *_) = last.checks
    assert token.finding is not None
    assert token.finding.id == "connection-refused"


# Runs a command, and prints its exit code and the most memory that it had. A process of its own:
# what is measured begins with what the starting process has, and that of the tests has much.
PEAK = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
print(code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX tells how much memory a process had")
def test_answers_are_not_kept(tmp_path: Path) -> None:
    """Whatever is answered how often: memory holds what is under way."""
    environments, runs = 8, 2
    rows = [{"Name": "x" * 1000}] * (MAX_BODY * 9 // 10 // 1000)
    fits = json_reply({"@odata.context": "…/odata/$metadata#Account", "value": rows})
    too_large = Reply(200, b"1" * (MAX_BODY * 3 // 2), {"Content-Type": "application/json"})
    answers = dict.fromkeys(DATA_PATHS.values(), too_large) | {DATA_PATHS["odata4"]: fits}
    report = tmp_path / "report.html"
    with FleetServer() as server:
        server.broken = {f"e{number}": answers for number in range(environments)}
        config = server.config(tmp_path, environments)
        options = ["--repeat", str(runs), "--jobs", "2", "--report-html", str(report)]
        smoke = [sys.executable, "-m", "opskit", "smoke", "-c", str(config), *options]
        done = subprocess.run(
            [sys.executable, "-c", PEAK, *smoke], capture_output=True, text=True, check=True
        )
    code, peak = map(int, done.stdout.split())
    assert code == EXIT_CHECK_FAILED, done.stderr
    assert "2 of 2 runs failed: Stopped reading after 2 MB." in report.read_text("utf-8")
    peak *= 1 if sys.platform == "darwin" else 1024
    # About 65 MB are right: opskit takes 45 by itself, and answers that are under way the rest.
    assert peak < 100 * 2**20 < environments * runs * len(answers) * MAX_BODY


def test_slow_secrets_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """Each command ends only when all of them run, which takes as many threads."""
    (tmp_path / "vault.py").write_text(
        "import os, pathlib, time\n"
        "folder = pathlib.Path('here'); folder.mkdir(exist_ok=True)\n"
        "(folder / str(os.getpid())).touch()\n"
        "while len(list(folder.iterdir())) < 12: time.sleep(0.02)\n"
        "print('hush-hush')\n"
    )
    command = f'command = "{Path(sys.executable).as_posix()} vault.py"'
    with FleetServer() as server:
        path = server.config(tmp_path, 12, secret=command)
        reports, errors = checked(path, CheckOptions(jobs=12, time_limit=50))
    assert (errors, len(reports)) == ([], 12)


def test_environments_that_verify_alike_share_what_that_takes(tmp_path: Path) -> None:
    self_signed(tmp_path)

    def where(**settings: object) -> Environment:
        return environment(tmp_path, **settings)

    plain = tls_context(where())
    assert tls_context(msgspec.structs.replace(where(), name="other")) is plain
    company = tls_context(where(ca_file="ca.pem"))
    assert company is tls_context(where(ca_file="ca.pem"))
    insecure = tls_context(where(insecure=True))
    assert len({plain, company, insecure}) == 3
    assert not insecure.check_hostname

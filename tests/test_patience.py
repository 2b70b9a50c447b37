# Copyright 2026 The opskit authors
# SPDX-License-Identifier: Apache-2.0
"""Waiting for an environment that warms up, and measuring one that is ready."""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from email.utils import formatdate
from pathlib import Path

import msgspec
import pytest

from opskit.check_options import CheckOptions
from opskit.errors import OpskitError
from opskit.models import Check, EnvironmentReport, Status
from opskit.patience import check_environments
from opskit.progress import State, Step
from opskit.settings import Environment
from opskit.smoke import smoke
from opskit.verify import verify
from tests.scripted_server import (
    DATA_PATHS,
    DISCOVERY,
    HEALTHY,
    ODATA4,
    TOKEN,
    Received,
    Reply,
    ScriptedServer,
    discovery,
    in_turn,
    json_reply,
    script_creatio,
    script_identity,
    script_path,
)
from tests.smoke import unit

UNAVAILABLE = Reply(503)
HANGS = Reply(delay=60)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with ScriptedServer() as running:
        script_identity(running)
        script_creatio(running)
        yield running


def checked(
    options: CheckOptions, *environments: Environment, told: list[Step] | None = None
) -> tuple[Sequence[EnvironmentReport], Sequence[OpskitError]]:
    progress = told.append if told is not None else lambda _step: None
    report, errors = check_environments(
        environments, lambda one, http: smoke(one, http=http), options, progress
    )
    return report.environments, errors


def only(options: CheckOptions, where: Environment) -> EnvironmentReport:
    (report,), errors = checked(options, where)
    assert errors == []
    return report


def check_of(report: EnvironmentReport, check_id: str) -> Check:
    return next(check for check in report.checks if check.id == check_id)


def failures(report: EnvironmentReport) -> dict[str, str]:
    return {c.id: c.finding.id for c in report.checks if c.status is Status.FAIL and c.finding}


# -- --wait --------------------------------------------------------------------------------------


def test_a_ready_environment_is_examined_once(server: ScriptedServer, tmp_path: Path) -> None:
    report = only(CheckOptions(wait=60, retry=5), unit(tmp_path, server))
    assert (report.attempts, report.waited, report.gave_up) == (1, 0.0, None)
    assert len(server.requests(ODATA4)) == 1


def test_an_environment_is_waited_for(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, in_turn(UNAVAILABLE, discovery(server.url)))
    script_path(server, "odata4", in_turn(json_reply({}, 503), HEALTHY["odata4"]))
    told: list[Step] = []
    (report,), errors = checked(CheckOptions(wait=60), unit(tmp_path, server), told=told)

    assert (errors, failures(report)) == ([], {})
    assert (report.attempts, report.gave_up) == (3, None)
    assert report.waited >= 1.5
    waits = [step for step in told if step.left is not None]
    assert waits[0].words == "waiting: The server answers 503."
    assert 58 < (waits[0].left or 0) < 60
    assert [step.state for step in told][:1] == [State.COMING]
    assert told[-1].state is State.PASSED


def test_what_waiting_cannot_mend_ends_it_at_once(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("POST", TOKEN, json_reply({"error": "invalid_client"}, 400))
    report = only(CheckOptions(wait=60), unit(tmp_path, server))
    assert list(failures(report)) == ["token"]
    assert (report.attempts, report.gave_up) == (1, "waiting cannot mend token")


def test_one_lasting_failure_among_passing_ones_ends_it(
    server: ScriptedServer, tmp_path: Path
) -> None:
    script_path(server, "odata4", UNAVAILABLE)
    script_path(server, "dataservice", json_reply({"errorCode": "AccessDenied"}))
    report = only(CheckOptions(wait=60), unit(tmp_path, server))
    assert set(failures(report)) == {"odata4", "dataservice"}
    assert (report.attempts, report.gave_up) == (1, "waiting cannot mend dataservice")


def test_the_wait_has_an_end(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, UNAVAILABLE)
    report = only(CheckOptions(wait=2), unit(tmp_path, server))
    assert failures(report) == {"token": "restarting"}
    assert report.attempts >= 2
    assert 0.5 <= report.waited < 2
    assert report.gave_up == "2s are over"


def test_the_deadline_bounds_an_attempt_that_hangs(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, in_turn(UNAVAILABLE, HANGS))
    started = time.monotonic()
    report = only(CheckOptions(wait=2), unit(tmp_path, server, timeout=50))
    assert failures(report) == {"token": "timed-out"}
    assert (report.attempts, report.gave_up) == (2, "2s are over")
    assert time.monotonic() - started < 30  # not the minute that the answer takes


def test_the_deadline_bounds_a_secret_that_hangs(server: ScriptedServer, tmp_path: Path) -> None:
    command = f"{Path(sys.executable).as_posix()} -c 'import time; time.sleep(20)'"
    clients = [{"id": "client-1", "secret": {"command": command}}]
    reports, (error,) = checked(
        CheckOptions(wait=1), unit(tmp_path, server, "secret", clients=clients)
    )
    assert (reports, error.code, error.environment) == ([], "time-limit", "unit")
    assert "did not end within 1s" in error.message


def test_a_server_is_left_alone_for_as_long_as_it_asks(
    server: ScriptedServer, tmp_path: Path
) -> None:
    busy = Reply(503, headers={"Retry-After": "2"})
    server.script("GET", DISCOVERY, in_turn(busy, discovery(server.url)))
    report = only(CheckOptions(wait=60), unit(tmp_path, server))
    assert (report.attempts, report.gave_up) == (2, None)
    assert 2 <= report.waited < 20


def test_it_is_asked_again_before_the_deadline_whatever_it_asks(
    server: ScriptedServer, tmp_path: Path
) -> None:
    tomorrow = formatdate(time.time() + 86_400, usegmt=True)
    busy = Reply(503, headers={"Retry-After": tomorrow})
    server.script("GET", DISCOVERY, in_turn(busy, discovery(server.url)))
    report = only(CheckOptions(wait=2), unit(tmp_path, server))
    assert (report.attempts, failures(report)) == (2, {})
    assert report.waited > 1


@pytest.mark.parametrize("header", ["soon", "-1", "", "Mon, 99 Foo 2026"])
def test_a_strange_retry_after_is_ignored(
    server: ScriptedServer, tmp_path: Path, header: str
) -> None:
    busy = Reply(503, headers={"Retry-After": header})
    server.script("GET", DISCOVERY, in_turn(busy, discovery(server.url)))
    assert only(CheckOptions(wait=60), unit(tmp_path, server)).attempts == 2


def test_who_waits_takes_nobodys_place(server: ScriptedServer, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    with ScriptedServer() as other:
        script_identity(other)
        script_creatio(other)

        def once_the_other_was_asked(_request: Received) -> Reply:
            return discovery(server.url) if other.requests(ODATA4) else UNAVAILABLE

        server.script("GET", DISCOVERY, once_the_other_was_asked)
        for folder in folders:
            folder.mkdir()
        second = msgspec.structs.replace(unit(folders[1], other), name="other")
        where = [unit(folders[0], server), second]
        reports, errors = checked(CheckOptions(wait=30, jobs=1), *where)
    assert (errors, [failures(one) for one in reports]) == ([], [{}, {}])
    assert [one.attempts for one in reports] == [2, 1]


def test_a_secret_is_fetched_once_for_all_attempts(server: ScriptedServer, tmp_path: Path) -> None:
    log = (tmp_path / "log").as_posix()
    (tmp_path / "vault.py").write_text(f"open({log!r}, 'a').write('x'); print('hush-hush')")
    command = f"{Path(sys.executable).as_posix()} vault.py"
    clients = [{"id": "client-1", "secret": {"command": command}}]
    server.script("GET", DISCOVERY, in_turn(UNAVAILABLE, discovery(server.url)))
    options = CheckOptions(wait=30, repeat=3)
    report = only(options, unit(tmp_path, server, "secret", clients=clients))
    assert (report.attempts, failures(report)) == (2, {})
    assert Path(log).read_text() == "x"


def test_a_database_that_restarts_is_waited_for(server: ScriptedServer, tmp_path: Path) -> None:
    gone = unit(tmp_path, server, database="postgresql://nobody@127.0.0.1:1/x")
    report, errors = check_environments(
        [gone], lambda one, http: verify(one, http=http), CheckOptions(retry=1)
    )
    (one,) = report.environments
    assert (errors, failures(one)) == ([], {"lifetime.database": "database-unreachable"})
    assert (one.attempts, one.gave_up) == (2, "all 2 attempts failed")


# -- --retry and --timeout -----------------------------------------------------------------------


def test_retries_end_with_success(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, in_turn(UNAVAILABLE, discovery(server.url)))
    report = only(CheckOptions(retry=3), unit(tmp_path, server))
    assert (report.attempts, report.gave_up, failures(report)) == (2, None, {})


def test_retries_are_counted(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, UNAVAILABLE)
    report = only(CheckOptions(retry=2), unit(tmp_path, server))
    assert (report.attempts, report.gave_up) == (3, "all 3 attempts failed")
    assert len(server.requests(DISCOVERY)) == 3


def test_without_patience_there_is_one_attempt(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, UNAVAILABLE)
    report = only(CheckOptions(), unit(tmp_path, server))
    assert (report.attempts, report.gave_up) == (1, None)


def test_the_timeout_goes_before_the_environments(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, HANGS)
    report = only(CheckOptions(timeout=1), unit(tmp_path, server, timeout=50))
    assert failures(report) == {"token": "timed-out"}
    assert "within 1 s" in check_of(report, "token").summary


# -- --repeat ------------------------------------------------------------------------------------


def test_checks_are_repeated_over_the_same_connections(
    server: ScriptedServer, tmp_path: Path
) -> None:
    once = only(CheckOptions(), unit(tmp_path, server))
    connections = server.connections
    report = only(CheckOptions(repeat=6), unit(tmp_path, server))

    assert server.connections <= 2 * connections + 4  # the calls of a run may go by other ones
    assert len(server.requests(ODATA4)) == 1 + 6
    assert [check.id for check in report.checks] == [check.id for check in once.checks]
    for check_id in ("token", *DATA_PATHS):
        latency = check_of(report, check_id).latency
        assert latency is not None
        assert latency.runs == 6
        assert 0 < latency.least <= latency.p50 == check_of(report, check_id).elapsed
    assert check_of(report, "runtime").latency is None


def fails_at(times: set[int], reply: Reply) -> Callable[[Received], Reply]:
    count = iter(range(1, 1000))
    return lambda _request: reply if next(count) in times else HEALTHY["odata4"]


@pytest.mark.parametrize("options", [CheckOptions(repeat=5), CheckOptions(repeat=5, wait=60)])
def test_a_failure_in_any_run_is_one(
    server: ScriptedServer, tmp_path: Path, options: CheckOptions
) -> None:
    script_path(server, "odata4", fails_at({2, 4}, UNAVAILABLE))
    report = only(options, unit(tmp_path, server))
    assert failures(report) == {"odata4": "restarting"}
    assert check_of(report, "odata4").summary == "2 of 5 runs failed: The server answers 503."
    assert (report.attempts, report.gave_up) == (1, None)


def test_what_is_not_ready_is_not_measured(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("GET", DISCOVERY, UNAVAILABLE)
    report = only(CheckOptions(repeat=50), unit(tmp_path, server))
    assert failures(report) == {"token": "restarting"}
    assert len(server.requests(DISCOVERY)) == 1


def test_runs_go_on_after_the_wait_is_over(server: ScriptedServer, tmp_path: Path) -> None:
    slow = json_reply({"rows": [{"Id": "1"}], "success": True}, delay=0.4)
    script_path(server, "dataservice", slow)
    report = only(CheckOptions(wait=1, repeat=4), unit(tmp_path, server))
    assert failures(report) == {}
    latency = check_of(report, "dataservice").latency
    assert latency is not None
    assert (latency.runs, latency.least >= 0.4) == (4, True)

"""The daemon beside the simulated PBX, each a process of its own: figures, restart, and what a user sees."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lab.daemon import Running, callcenter, running

from callcenter.ami.simulator.server import SECRET, USERNAME

pytestmark = pytest.mark.timeout(300)


@contextlib.contextmanager
def simulating(folder: Path, *words: str) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    """``callcenter simulate`` on a free port, with its queue_log in ``folder``."""
    command = [sys.executable, "-m", "callcenter", "simulate", "--port", "0", "--queue-log", str(folder / "queue_log")]
    process = subprocess.Popen([*command, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    try:
        port = process.stdout.readline().partition(" on 127.0.0.1:")[2].partition(",")[0]
        yield int(port), process
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


TRUNKS = '["PJSIP/trunk"]'


def test_600_simulated_calls_equal_the_simulators_queue_log(tmp_path: Path) -> None:
    words = ("--agents", "60", "--queues", "8", "--speed", "60", "--calls", "600", "--seed", "3")
    with simulating(tmp_path, *words) as (port, pbx):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
            daemon.until("600 calls began and ended", lambda: _ended(daemon) >= 600, 240)
            daemon.until("no call is up", lambda: not daemon.get("/api/v1/calls?state=open")["items"])
            calls, tickets = daemon.all("/api/v1/calls"), daemon.all("/api/v1/tickets")
            assert daemon.stop() == 0
        assert pbx.wait(20) == 0
    assert {t["call"] for t in tickets} == {c["id"] for c in calls if c["direction"] != "internal"}
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(tmp_path / "queue_log"))
    assert (verdict.returncode, verdict.stderr) == (0, ""), verdict.stdout


def test_after_a_restart_the_days_figures_are_there_again(tmp_path: Path) -> None:
    with simulating(tmp_path, "--agents", "40", "--queues", "4", "--speed", "40", "--calls", "120") as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
            daemon.until("120 calls ended", lambda: _ended(daemon) >= 120, 120)
            daemon.until("the figures are of now", lambda: _talk_of_figures(daemon) == _talk_of_calls(daemon))
            before = daemon.get("/api/v1/kpis?window=today")["queues"]
            assert daemon.stop() == 0
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
            after = daemon.get("/api/v1/kpis?window=today")["queues"]
            assert daemon.stop() == 0
    assert sum(row["offered"] for row in before.values()) > 50
    goes_on = ("occupancy", "utilisation", "wrap_up_s", "average_wrap_up_time", "average_handle_time")
    of_visits = [k for k in next(iter(before.values())) if k not in goes_on]
    for queue, row in before.items():
        assert after[queue]["wrap_up_s"] >= row["wrap_up_s"]
        assert {k: after[queue][k] for k in of_visits} == pytest.approx({k: row[k] for k in of_visits}), queue


def test_the_timeline_says_why_a_call_was_counted_so(tmp_path: Path) -> None:
    with simulating(tmp_path, "--agents", "20", "--queues", "2", "--speed", "40", "--calls", "30") as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS) as daemon:
            daemon.until("30 calls ended", lambda: _ended(daemon) >= 30, 120)
            answered = next(c["id"] for c in daemon.all("/api/v1/calls") if _outcomes(c) == ["answered"])
            rows = daemon.get(f"/api/v1/calls/{answered}/timeline")["items"]
            assert daemon.stop() == 0
    names = [row["name"] for row in rows]
    order = [
        "CallStarted", "CallerJoined", "VisitEntered", "AgentCalled", "AttemptStarted", "CallerLeft", "AgentConnected",
        "VisitEnded", "ConversationStarted", "AgentCompleted", "LegGone", "CallEnded",
    ]  # fmt: skip
    at = [names.index(name) for name in order]
    assert at == sorted(at)
    assert {row["source"] for row in rows} == {"event", "change"}


def _outcomes(call: dict[str, Any]) -> list[str]:
    return [visit["outcome"] for visit in call["visits"]]


def _ended(daemon: Running) -> int:
    return sum(c["ended_at"] is not None for c in daemon.all("/api/v1/calls"))


def _talk_of_figures(daemon: Running) -> int:
    return round(sum(row["talk_s"] for row in daemon.get("/api/v1/kpis?window=today")["queues"].values()))


def _talk_of_calls(daemon: Running) -> int:
    return round(sum(v["talk_s"] or 0 for c in daemon.all("/api/v1/calls") for v in c["visits"]))

"""The daemon beside the simulated PBX, each a process of its own: figures, restart, and what a user sees."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import time
from collections import Counter
from datetime import datetime
from itertools import groupby, pairwise
from pathlib import Path
from typing import Any

import pytest
from lab.daemon import Running, callcenter, running
from lab.simulated import simulating

from callcenter.ami.simulator.server import SECRET, USERNAME
from callcenter.day_kept import KEPT_S
from callcenter.queue_log import fold, read

pytestmark = pytest.mark.timeout(300)

LAG_S = 1.0
"""A daemon that is stopped may have been so late with its reading: nobody's time begins where it was."""
TRUNKS = '["PJSIP/trunk"]'
FAST = "clock_step_s = 0"
"""A simulated PBX whose time runs faster than ours: no leap of its clock is a step."""


def test_600_simulated_calls_equal_the_simulators_queue_log(tmp_path: Path) -> None:
    words = ("--agents", "60", "--queues", "8", "--speed", "60", "--calls", "600", "--seed", "3")
    with simulating(tmp_path, *words) as (port, pbx):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            daemon.until("600 calls began and ended", lambda: _ended(daemon) >= 600, 240)
            daemon.until("no call is up", lambda: not daemon.get("/api/v1/calls?state=open")["items"])
            calls, tickets = daemon.all("/api/v1/calls"), daemon.all("/api/v1/tickets")
            daemon.until("the figures are of now", daemon.figures_are_of_now)
            today = daemon.get("/api/v1/kpis?window=today")
            time.sleep(KEPT_S)  # what was told before the last call may be told again for so long
            by_interval = daemon.get("/api/v1/kpis/intervals?every=15m")
            assert daemon.stop() == 0
        assert pbx.wait(20) == 0
    _day_by_intervals_equals(by_interval, today, tmp_path / "queue_log")
    assert {t["call"] for t in tickets} == {c["id"] for c in calls if c["direction"] != "internal"}
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(tmp_path / "queue_log"))
    assert (verdict.returncode, verdict.stderr) == (0, ""), verdict.stdout


def _day_by_intervals_equals(told: dict[str, Any], today: dict[str, Any], log: Path) -> None:
    """Added up it is today's figures; each interval is what stands in queue_log."""
    entered: Counter[tuple[str, float]] = Counter()
    marks = [datetime.fromisoformat(i["from"]).timestamp() for i in told["intervals"]]
    for line in log.read_text().splitlines():
        at, _, queue, _, event, *_ = line.split("|")
        if event == "ENTERQUEUE" and float(at) >= marks[0]:
            entered[queue, max(mark for mark in marks if mark <= float(at))] += 1
    for queue, columns in told["queues"].items():
        assert [n or 0 for n in columns["offered"]] == [entered[queue, mark] for mark in marks]
        for name in ("offered", "answered", "abandoned", "talk_s"):
            assert sum(n or 0 for n in columns[name]) == pytest.approx(today["queues"][queue][name]), (queue, name)
    assert sum(entered.values()) == sum(n or 0 for n in told["all"]["offered"]) == today["all"]["offered"]


def test_after_a_restart_the_days_figures_are_there_again(tmp_path: Path) -> None:
    words = ("--agents", "40", "--queues", "4", "--speed", "40", "--calls", "120")
    with simulating(tmp_path, *words) as (port, _), socket.create_connection(("127.0.0.1", port)):
        # The simulated PBX ends with its last client: the connection above keeps it up between the two daemons.
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            daemon.until("120 calls ended", lambda: _ended(daemon) >= 120, 120)
            daemon.until("no call is up", lambda: not daemon.get("/api/v1/calls?state=open")["items"], 60)
            daemon.until("the figures are of now", daemon.figures_are_of_now)
            before = daemon.get("/api/v1/kpis?window=today")["queues"]
            assert daemon.stop() == 0
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            after = daemon.get("/api/v1/kpis?window=today")["queues"]
            assert daemon.stop() == 0
    assert sum(row["offered"] for row in before.values()) > 50
    goes_on = ("occupancy", "utilisation", "wrap_up_s", "average_wrap_up_time", "average_handle_time")
    of_visits = [k for k in next(iter(before.values())) if k not in goes_on]
    for queue, row in before.items():
        assert after[queue]["wrap_up_s"] >= row["wrap_up_s"]
        assert {k: after[queue][k] for k in of_visits} == pytest.approx({k: row[k] for k in of_visits}), queue


SPEED = 10


def test_a_restart_with_calls_up_loses_nothing(tmp_path: Path) -> None:
    log = tmp_path / "queue_log"
    words = ("--agents", "40", "--queues", "4", "--speed", str(SPEED), "--calls", "80", "--rate", "700")
    with simulating(tmp_path, *words) as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            daemon.until("25 calls ended, and many are up", lambda: _ended(daemon) >= 25 and _up(daemon) >= 15, 120)
            stopped = time.monotonic()
            assert daemon.stop() == 0
        before = _stored(tmp_path)
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
            hole_s = SPEED * (time.monotonic() - stopped + LAG_S)
            completed = len(log.read_text().splitlines())
            # A call may have come and gone in the hole: how many are seen is not known.
            daemon.until("most calls came, and none is up", lambda: _ended(daemon) > 60 and _up(daemon) == 0, 200)
            calls, tickets = daemon.all("/api/v1/calls"), daemon.all("/api/v1/tickets")
            daemon.until("the figures are of now", daemon.figures_are_of_now)
            row = daemon.get("/api/v1/kpis?window=today")["all"]
            assert daemon.stop() == 0
    after = _stored(tmp_path)
    assert sum(ended is None for _, ended in before["call"]) >= 10
    assert len({c["linkedid"] for c in calls}) == len(calls)
    assert {t["call"] for t in tickets} == {c["id"] for c in calls if c["direction"] != "internal"}
    assert len({t["call"] for t in tickets}) == len(tickets)
    for part in ("visit", "conversation", "transfer"):
        assert set(before[part]) <= set(after[part]), f"a {part} is missing"
        assert len(set(after[part])) == len(after[part]), f"a {part} is there twice"
    visits = [v for c in calls for v in c["visits"]]
    assert row["offered"] == sum(not (v["outcome"] or "").startswith("refused") for v in visits)
    _talks_equal_the_queue_log(log, completed, before, after)
    _only_the_hole_is_nobodys_time(after["agent_span"], hole_s)


def test_the_timeline_says_why_a_call_was_counted_so(tmp_path: Path) -> None:
    with simulating(tmp_path, "--agents", "20", "--queues", "2", "--speed", "40", "--calls", "30") as (port, _):
        with running(tmp_path, port, USERNAME, SECRET, TRUNKS, pbx=FAST) as daemon:
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


STORED = {
    "call": "SELECT id, ended_at FROM call",
    "visit": "SELECT call, queue, entered_at FROM visit",
    "conversation": "SELECT call, interface, from_at FROM conversation",
    "transfer": "SELECT call, kind, from_party, at FROM transfer",
    "talk": "SELECT linkedid, queue, entered_at, talk_s FROM visit JOIN call ON id = call WHERE outcome = 'answered'",
    "agent_span": "SELECT agent, from_at, to_at FROM agent_span ORDER BY agent, from_at",
}


def _stored(folder: Path) -> dict[str, list[tuple[Any, ...]]]:
    with contextlib.closing(sqlite3.connect(folder / "callcenter.db")) as store:
        return {name: store.execute(query).fetchall() for name, query in STORED.items()}


def _talks_equal_the_queue_log(log: Path, completed: int, before: Any, after: Any) -> None:
    """Conversations that ran at the stop, and ended after line ``completed``, are as long as the PBX says."""
    over = {row[:3] for row in before["talk"] if row[3] is None}
    late = {line[1:3] for line in list(read(log))[completed:] if line.event.startswith("COMPLETE")}
    logged = fold(read(log))
    once = {key for key, n in Counter((v.call, v.queue) for v in logged).items() if n == 1}
    theirs = {(v.call, v.queue): v.talk_s for v in logged if (v.call, v.queue) in once & late}
    ours = [row for row in after["talk"] if row[:3] in over and row[:2] in theirs]
    assert ours  # how many depends on how long the hole is
    for call, queue, _, talk_s in ours:
        assert talk_s == pytest.approx(theirs[call, queue], abs=2.0), (call, queue)


def _only_the_hole_is_nobodys_time(spans: list[tuple[Any, ...]], hole_s: float) -> None:
    for agent, own in groupby(spans, key=lambda span: span[0]):
        gaps = [later[1] - earlier[2] for earlier, later in pairwise(own)]
        assert all(gap >= 0 for gap in gaps), agent
        assert sum(gap > 0.001 for gap in gaps) <= 1, (agent, gaps)
        assert sum(gaps) <= hole_s, (agent, gaps)


def _up(daemon: Running) -> int:
    return len(daemon.get("/api/v1/calls?state=open&limit=200")["items"])


def _outcomes(call: dict[str, Any]) -> list[str]:
    return [visit["outcome"] for visit in call["visits"]]


def _ended(daemon: Running) -> int:
    return sum(c["ended_at"] is not None for c in daemon.all("/api/v1/calls"))

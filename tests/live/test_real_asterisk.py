"""The daemon with the least rights beside a real Asterisk under 300 SIP calls at 3/s, against that PBX's queue_log."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from lab.asterisk import LEAST, Asterisk
from lab.daemon import Running, callcenter, running
from lab.drive import drive
from lab.truth import fold

CALLS, RATE = 300, 3
COUNTS = (
    "offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "ring_no_answer",
    "transferred",
)  # fmt: skip
SUMS = {"wait_answered_s": "answered", "wait_abandoned_s": "abandoned", "talk_s": "answered"}

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(600)]


@pytest.mark.parametrize("version", ["asterisk22", "asterisk16"])
def test_300_calls_equal_queue_log_with_a_ticket_each(
    version: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    lab: Asterisk = request.getfixturevalue(version)
    lab.hang_up_all()
    older = len(lab.queue_log.read_text().splitlines())  # other tests may have used this Asterisk
    with running(tmp_path, lab.ami_port, LEAST.username, LEAST.secret) as daemon:
        placed = asyncio.run(drive(lab, f"mix:{CALLS}:{RATE}", seed=5))
        daemon.until("no call is up", lambda: _calls_up(daemon) == 0)
        daemon.until("all is written", lambda: not daemon.all("/api/v1/calls") or _nothing_open(daemon))
        daemon.until("the figures are of now", daemon.figures_are_of_now)
        assert len(placed) >= CALLS
        assert_figures(daemon, lab.queue_log.read_text().splitlines()[older:])
        assert_tickets(daemon)
        assert _metric(daemon, "callcenter_drift_total") == 0, (tmp_path / "daemon.log").read_text()
        calls = daemon.all("/api/v1/calls")
        assert len(calls) >= CALLS
        assert daemon.stop() == 0
    verdict = callcenter("verify", "--config", str(daemon.config), "--queue-log", str(lab.queue_log))
    assert (verdict.returncode, verdict.stderr) == (0, ""), verdict.stdout


def assert_figures(daemon: Running, queue_log: list[str]) -> None:
    ours = daemon.get("/api/v1/kpis?window=today")["queues"]
    logged = fold(queue_log).queues()
    assert sum(row["offered"] for row in logged.values()) > CALLS / 2
    for name, row in logged.items():
        told = {k: ours[name][k] for k in COUNTS}, {k: row[k] for k in COUNTS}
        assert told[0] == told[1], differing(daemon, queue_log, name)
        for key, over in SUMS.items():
            assert ours[name][key] == pytest.approx(row[key], abs=max(1, row[over])), (name, key)


def differing(daemon: Running, queue_log: list[str], queue: str) -> str:
    """What can be looked at when a count differs: the log's lines of the calls of which we tell something else."""
    truth = {(v.call, v.outcome, bool(v.transfer)) for v in fold(queue_log).visits if v.queue == queue}
    ours = {
        (call["linkedid"], visit["outcome"], bool(visit["transferred"]))
        for call in daemon.all("/api/v1/calls") for visit in call["visits"] if visit["queue"] == queue
    }  # fmt: skip
    calls = {call for call, *_ in truth ^ ours}
    return "\n".join([queue, *(line for line in queue_log if line.split("|")[1] in calls), str(sorted(truth ^ ours))])


def assert_tickets(daemon: Running) -> None:
    """Each call with the outside world has exactly one ticket; the others have none."""
    calls, tickets = daemon.all("/api/v1/calls"), daemon.all("/api/v1/tickets")
    outside = {call["id"] for call in calls if call["direction"] != "internal"}
    assert len(tickets) == len({t["call"] for t in tickets})
    merged = {t["call"] for t in tickets}
    assert merged <= {call["id"] for call in calls}
    assert outside - merged == set()
    assert merged - outside == set()


def _nothing_open(daemon: Running) -> bool:
    return daemon.get("/api/v1/calls?state=open")["items"] == []


def _calls_up(daemon: Running) -> float:
    return _metric(daemon, "callcenter_calls_up")


def _metric(daemon: Running, name: str) -> float:
    """The sum over all series of a metric; 0 when there is none. A name that is no metric's fails."""
    lines = daemon.http.get("/metrics").text.splitlines()
    assert any(line.startswith(f"# HELP {name} ") for line in lines), f"no metric is called {name}"
    return sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith((name + " ", name + "{")))

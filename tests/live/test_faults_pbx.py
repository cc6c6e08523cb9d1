"""The PBX is killed, restarted, reloaded in silence, and asked often: a real Asterisk, the daemon beside it.

``LAB_LONG=1`` makes the same tests long ones: each fault five times, two minutes of a snapshot a second.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from lab.ami import session
from lab.asterisk import LEAST, Asterisk
from lab.asterisk import running as asterisk_running
from lab.daemon import Running, running
from lab.drive import drive
from lab.fixtures import suite_or_skip
from lab.phones import Phones
from lab.plans import Plan
from lab.stage import Stage
from lab.steps import Step
from lab.truth import fold

from callcenter import clock
from callcenter.ami import link as linking
from callcenter.ami.framing import Message
from callcenter.ami.link import Link
from callcenter.config import Pbx
from callcenter.floor import events as e
from callcenter.floor.changes import Drift
from callcenter.floor.floor import Floor
from callcenter.floor.on_link import SAME_BOOT_S
from callcenter.floor.records import Outcome
from callcenter.floor.translate import translate

LONG = bool(os.environ.get("LAB_LONG"))
TIMES = 5 if LONG else 1
UP = 32
STAYS = Plan("stays up", "800", "sales", 120, (Step(ring=0.3),), None)

pytestmark = [pytest.mark.asterisk, pytest.mark.timeout(900)]


@pytest.fixture
def lab() -> Iterator[Asterisk]:
    """One of its own, that may be killed."""
    with asterisk_running(suite_or_skip(22)) as asterisk:
        yield asterisk


@contextlib.asynccontextmanager
async def calls_up(lab: Asterisk, count: int) -> AsyncIterator[Stage]:
    """``count`` callers in the big queues: most of them talk, some wait."""
    agents = Phones(lab.uas_port, lab.sip_port, Step(ring=0.3))
    outside = Phones(lab.trunk_port, lab.sip_port, Step(), trunk=True)
    async with agents, outside, session(lab.ami_port) as ami:
        stage = Stage(lab, 22, agents, outside, ami, random.Random(1))
        callers = []
        for _ in range(count):
            callers.append(asyncio.create_task(stage.run(STAYS)))
            await asyncio.sleep(0.1)
        try:
            yield stage
        finally:
            for caller in callers:
                caller.cancel()
            await asyncio.gather(*callers, return_exceptions=True)


async def until(what: str, holds: Callable[[], Any], within_s: float = 30.0) -> float:
    """When it held; fails naming ``what``."""
    deadline = time.monotonic() + within_s
    while not await asyncio.to_thread(holds):
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(0.05)
    return time.time()


def up(daemon: Running) -> int:
    return len(daemon.get("/api/v1/calls?state=open&limit=200")["items"])


def at(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def logins(daemon: Running) -> int:
    return (daemon.config.parent / "daemon.log").read_text().count("ami link up")


def uptime_s(lab: Asterisk) -> int:
    return int(lab.cli("core show uptime seconds").partition("System uptime:")[2].split()[0])


def killed(lab: Asterisk) -> None:
    lab.kill()
    lab.restart()


def restarted(lab: Asterisk) -> None:
    """``core restart now``: the same process begins anew."""
    since = lab.cli("core show settings").partition("Startup time:")[2].splitlines()[0]
    lab.cli("core restart now")
    deadline = time.monotonic() + 30
    while since in (shown := lab.cli("core show settings")) or "Startup time:" not in shown:
        assert time.monotonic() < deadline, "Asterisk did not restart"
        time.sleep(0.1)
    lab.cli("core waitfullybooted")


async def lost_and_found(lab: Asterisk, daemon: Running, fault: Callable[[Asterisk], None]) -> None:
    known = {call["id"] for call in daemon.all("/api/v1/calls")}
    before = logins(daemon)
    async with calls_up(lab, UP):
        await until("all calls are up", lambda: up(daemon) >= UP)
        ids = {call["id"] for call in daemon.all("/api/v1/calls")} - known
        # FullyBooted tells whole seconds, and may be read late: two boots within a few seconds are one to the daemon.
        await until("it has been up for a while", lambda: uptime_s(lab) > SAME_BOOT_S + 2)
        struck = time.time()
        await asyncio.to_thread(fault, lab)
    back = await until("the daemon has logged in again", lambda: logins(daemon) > before, 60)
    ended = await until("all calls have ended", lambda: up(daemon) == 0, 10)
    assert ended - back <= 5
    calls = [call for call in daemon.all("/api/v1/calls") if call["id"] in ids]
    assert len(calls) >= UP
    assert Counter(call["ended_by"] for call in calls) == {"pbx_lost": len(calls)}
    for call in calls:
        assert struck - 7 < at(call["ended_at"]) < struck + 2
        # queue_log has those whom a restart sent away as abandoned, and nothing of those whom a kill took
        lost = "pbx_lost" if fault is killed else "abandoned"
        assert {visit["outcome"] for visit in call["visits"]} <= {"answered", lost}
    await counts_right(lab, daemon)


async def counts_right(lab: Asterisk, daemon: Running) -> None:
    """What is called from now on is counted as the PBX counts it."""
    await until("the first list is applied", daemon.ready)
    older, since = len(lab.queue_log.read_text().splitlines()), time.time()
    await drive(lab, "load:12:4:2", seed=3)
    await until("no call is up", lambda: up(daemon) == 0)
    logged = fold(lab.queue_log.read_text().splitlines()[older:]).queues()
    ours = [call for call in daemon.all("/api/v1/calls") if at(call["started_at"]) >= since]
    outcomes = Counter((visit["queue"], visit["outcome"]) for call in ours for visit in call["visits"])
    assert (len(ours), {call["seen"] for call in ours}) == (12, {"whole"})
    assert sum(row["offered"] for row in logged.values()) >= 8
    for name, row in logged.items():
        for outcome in ("answered", "abandoned"):
            assert outcomes[name, outcome] == row[outcome], (name, outcome)


@pytest.mark.parametrize("fault", [killed, restarted])
async def test_calls_of_a_pbx_that_died_are_lost_at_once_and_new_ones_count_right(
    fault: Callable[[Asterisk], None], lab: Asterisk, tmp_path: Path
) -> None:
    with running(tmp_path, lab.ami_port, LEAST.username, LEAST.secret) as daemon:
        for _ in range(TIMES):
            await lost_and_found(lab, daemon, fault)


# ---- lists ----------------------------------------------------------------------------------------------------


class Watcher:
    """Link and Floor without the rest of the daemon."""

    def __init__(self, lab: Asterisk) -> None:
        self.link = Link(Pbx(port=lab.ami_port, username=LEAST.username, secret=LEAST.secret), self.put)
        self.floor = Floor()
        self.drifts: list[Drift] = []
        self.snapshots = 0

    def put(self, item: list[Message] | e.Event, arrival: float) -> None:
        at = arrival + self.link.clock.offset
        self.snapshots += isinstance(item, e.SnapshotBegan)
        for one in item if isinstance(item, list) else [item]:
            event = translate(one, at) if isinstance(one, Message) else msgspec.structs.replace(one, at=at)
            if event is not None:
                self.drifts += [change for change in self.floor.apply(event) if isinstance(change, Drift)]

    async def ticking(self) -> None:
        while True:
            await asyncio.sleep(1)
            self.put(e.Tick(0.0), clock.now())

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.link.run()), asyncio.create_task(self.ticking())]
        try:
            await until("the first list is applied", lambda: self.floor.link and self.floor.synced)
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


async def test_a_list_a_second_at_ten_calls_a_second_makes_no_difference(
    asterisk22: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "RECONCILE_S", 1.0)
    older = len(asterisk22.queue_log.read_text().splitlines())
    seconds = 120 if LONG else 12
    watcher = Watcher(asterisk22)
    async with watcher.watching():
        placed = await drive(asterisk22, f"load:{10 * seconds}:10:3", seed=7)
        await until("no call is up", lambda: not watcher.floor.by_id)
        watcher.floor.apply(e.Tick(watcher.floor.at + 10))
    assert len(placed) == 10 * seconds
    assert watcher.snapshots >= seconds
    assert (watcher.drifts, watcher.floor.drifts) == ([], {})
    visits = [visit for record in watcher.floor.finished.values() for visit in record.visits]
    assert {record.seen for record in watcher.floor.finished.values()} == {"whole"}
    for name, row in fold(asterisk22.queue_log.read_text().splitlines()[older:]).queues().items():
        ours = [visit for visit in visits if visit.queue == name]
        counts = Counter(visit.outcome for visit in ours)
        assert {k: counts[Outcome(k)] for k in ("answered", "abandoned", "timed_out")} == {
            k: row[k] for k in ("answered", "abandoned", "timed_out")
        }, name
        assert len(ours) == row["offered"]
        assert sum(v.talk_s or 0 for v in ours) == pytest.approx(row["talk_s"], abs=max(1, row["answered"]))


async def test_a_silent_reload_that_swaps_a_member_is_seen_and_reasons_are_kept(
    lab: Asterisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linking, "RECONCILE_S", 1.0)
    watcher = Watcher(lab)
    agents = watcher.floor.agents.all
    async with watcher.watching():
        async with session(lab.ami_port) as ami:
            await ami.act("QueuePause", Interface="PJSIP/1002", Paused="true", Reason="lunch")
        await until("1002 is paused", lambda: agents["PJSIP/1002"].reason == "lunch")
        login = agents["PJSIP/1002"].members["sales"].login_at
        conf = lab.etc / "queues.conf"
        conf.write_text(conf.read_text().replace(
            "member => PJSIP/1001,0,Alice Agent,PJSIP/1001", "member => PJSIP/1050,0,New Agent,PJSIP/1050"
        ))  # fmt: skip
        lab.cli("queue reload all")
        await until("the swap is seen", lambda: "PJSIP/1050" in agents and not agents["PJSIP/1001"].members)
        asked = watcher.snapshots
        await until("some lists more", lambda: watcher.snapshots > asked + 3)
    assert (agents["PJSIP/1050"].name, agents["PJSIP/1001"].state) == ("New Agent", "logged_out")
    assert (agents["PJSIP/1002"].state, agents["PJSIP/1002"].reason) == ("paused", "lunch")
    assert agents["PJSIP/1002"].members["sales"].login_at == pytest.approx(login, abs=1)  # of Asterisk's whole seconds
    assert watcher.floor.drifts == {"silent_member": 2}

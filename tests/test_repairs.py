"""The daemon's consumer, store and repairs over recorded streams with a hole, as one process after the other."""

from __future__ import annotations

import asyncio
import bz2
import contextlib
import functools
import lzma
import math
import shutil
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from lab.holes import CAPTURES, events_of, lines_of, name_of, snapshot
from structlog.testing import capture_logs

from callcenter import clock, repairs
from callcenter.ami.pbx_clock import PbxClock
from callcenter.config import parse
from callcenter.consumer import Consumer
from callcenter.errors import InputError, StoreError
from callcenter.figures import business_day
from callcenter.floor import events as e
from callcenter.floor.changes import TimeShifted, VisitEnded
from callcenter.floor.floor import Floor
from callcenter.floor.records import CallRecord, Direction, Hole, Outcome, Visit
from callcenter.pipeline import Pipeline
from callcenter.queue_log import fold
from callcenter.queue_log.beside import Beside
from callcenter.queue_log.evidence import Evidence
from callcenter.queue_log.follow import Follower
from callcenter.queue_log.lines import Line
from callcenter.queue_log.table import Table
from callcenter.repairs import Repairs, needed_from, source_of
from callcenter.store.peek import all_calls
from callcenter.store.store import Store
from callcenter.verify import compare

events_of = functools.cache(events_of)
EVERYTHING = next(path for path in CAPTURES if name_of(path) == "ast22-everything")
SETTLED_S = 60.0


class Process:
    """A daemon without its link: it is told events, and its PBX's clock is where the story is."""

    def __init__(self, store: Store, queue_log: Path) -> None:
        self.store = store
        self.config = parse({"pbx": [{"secret": "-", "clock_step_s": 0}]}, "test")
        self.pipeline = Pipeline(store, "IR", internal=False)
        self.clock = PbxClock(0.0)
        self.consumer = Consumer(self.config, self.pipeline, self.clock, 1, self._nothing, lambda drift: None)
        self.follower = Follower(queue_log, 0.0)
        self.repairs = Repairs(self.follower, self.consumer, store)

    async def _nothing(self) -> None:
        pass

    def at(self, moment: float) -> None:
        now = clock.now()
        self.clock.told(moment, now, now)

    def play(self, events: Iterable[e.Event]) -> None:
        """As the consumer takes them, each at its own time."""
        for event in events:
            self.consumer.take(event, event.at - self.clock.offset)

    async def remember(self, alive: float) -> None:
        day = business_day(alive, self.config.site.zone, "00:00")
        visits, spans = await self.store.since(day)
        self.consumer.remember(visits, spans, await self.store.open_calls(), await self.store.holes_since(day), alive)

    async def look(self) -> None:
        """Until nothing is left to do."""
        for _ in range(4):
            await self.repairs.look()
            self.play([e.Tick(self.consumer.now())])
            await self.written()

    async def written(self) -> None:
        async with asyncio.timeout(60):
            while self.pipeline.pending:  # noqa: ASYNC110
                await asyncio.sleep(0.01)


@contextlib.asynccontextmanager
async def running(folder: Path, queue_log: Path) -> AsyncIterator[Process]:
    store = await Store.open(f"sqlite+aiosqlite:///{folder}/callcenter.db")
    process = Process(store, queue_log)
    writer = asyncio.create_task(process.pipeline.run())
    try:
        yield process
    finally:
        process.follower.close()
        await process.pipeline.drain()
        await writer
        await store.close()


@pytest.fixture
def queue_log(tmp_path: Path) -> Path:
    path = tmp_path / "queue_log"
    shutil.copy(EVERYTHING.with_name("ast22-everything.queue_log"), path)
    return path


class Story:
    """The recording, cut at two moments; ``pbx`` is at ``to`` as it was then."""

    def __init__(self, from_: float, to: float) -> None:
        events = events_of(EVERYTHING)
        start, length = events[0].at, events[-1].at - events[0].at
        self.start, self.from_, self.to, self.end = start, start + from_ * length, start + to * length, events[-1].at
        self.before = [event for event in events if event.at < self.from_]
        self.after = [event for event in events if event.at >= self.to]
        self.pbx = Floor()
        for event in events:
            if event.at < self.to:
                self.pbx.apply(event)

    def begins(self) -> list[e.Event]:
        return [e.LinkDown(self.start, "not yet"), e.LinkUp(self.start), e.SnapshotBegan(self.start),
                e.QueuesListed(self.start), e.LegsListed(self.start)]  # fmt: skip

    def comes_back(self) -> list[e.Event]:
        return [e.LinkUp(self.to), *snapshot(self.pbx, self.to)]

    def ends(self) -> list[e.Event]:
        at = self.end + 20
        return [e.Tick(at), *snapshot(Floor(), at), e.Tick(at + 5), e.Tick(at + 20)]


async def assert_as_logged(process: Process, folder: Path) -> list[CallRecord]:
    records, _ = await all_calls(f"sqlite+aiosqlite:///{folder}/callcenter.db")
    logged = fold(lines_of(EVERYTHING))
    assert compare(records, logged, 0.0, math.inf).differences == ()
    figures = process.consumer.window.table(0.0, math.inf, process.consumer.now())
    assert figures[""]["offered"] == len(logged)
    assert figures[""]["answered"] == sum(v.outcome == "answered" for v in logged)
    assert figures[""]["waiting"] == figures[""]["unknown"] == 0
    assert [r.id for r in records if r.ended_at is None] == []
    tickets = [t.call for t in (await process.store.tickets(limit=1000)).items]
    assert sorted(tickets) == sorted(r.id for r in records if r.direction is not Direction.INTERNAL)
    return records


async def test_a_cut_is_filled_and_the_hole_counts_as_repaired(tmp_path: Path, queue_log: Path) -> None:
    story = Story(0.3, 0.6)
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before, e.LinkDown(story.from_, "cut", story.from_)])
        await process.look()
        assert [hole.repaired for hole in process.consumer.holes.all] == [False]
        process.play([*story.comes_back(), *story.after, *story.ends()])
        process.at(story.end + SETTLED_S)
        await process.look()
        records = await assert_as_logged(process, tmp_path)
        assert {"whole", "repaired"} <= {r.seen for r in records}
        (hole,) = await process.store.holes_since(0.0)
        assert hole.repaired
        assert process.repairs.failure == ""
        before = process.pipeline.writes
        await process.look()
        assert (process.pipeline.writes, process.repairs.differing()) == (before, {})


async def test_it_is_mended_while_calls_go_on(tmp_path: Path, queue_log: Path) -> None:
    """The log is written as time goes by, and looked at each second."""
    story = Story(0.3, 0.6)
    lines = queue_log.read_text().splitlines(keepends=True)  # noqa: ASYNC240
    queue_log.write_text("")  # noqa: ASYNC240
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before, e.LinkDown(story.from_, "cut", story.from_), *story.comes_back()])
        at = story.to
        repaired_at = 0.0
        rest = [*story.after, *story.ends()]
        while rest:
            at += 1.0
            process.at(at)
            with queue_log.open("a") as file:
                while lines and float(lines[0].partition("|")[0]) < at - 1:
                    file.write(lines.pop(0))
            now = [event for event in rest if event.at < at]
            rest = rest[len(now) :]
            process.play(now)
            await process.repairs.look()
            await process.written()
            if not repaired_at and all(hole.repaired for hole in process.consumer.holes.all):
                repaired_at = at
        await process.look()
        await assert_as_logged(process, tmp_path)
        assert repaired_at - story.to <= repairs.SETTLES_S + 3


@pytest.mark.parametrize("mended", [0, 1, 5])
async def test_a_process_killed_while_it_mends_leaves_the_rest_to_the_next_one(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch, mended: int
) -> None:
    story = Story(0.2, 0.7)
    monkeypatch.setattr(repairs, "CALLS_AT_ONCE", 2)
    monkeypatch.setattr(repairs, "MENDS_S", 60.0)  # all within one look, however busy the machine
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before])
        await process.written()
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.from_)
        process.play([e.LinkDown(story.to, "not connected yet"), *story.comes_back(), *story.after, *story.ends()])
        process.at(story.end + SETTLED_S)
        left = mended

        ask = process.store.calls

        async def killed(**which: Any) -> Any:
            nonlocal left
            left -= which.get("ids") is not None
            if left < 0:
                raise StoreError("killed")
            return await ask(**which)

        with monkeypatch.context() as patch, pytest.raises(StoreError):
            patch.setattr(process.store, "calls", killed)
            await process.repairs.look()
        await process.written()
        assert [hole.repaired for hole in await process.store.holes_since(0.0)] == [False]
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.end + SETTLED_S)
        process.play([e.LinkDown(story.end + SETTLED_S, "not connected yet"), e.LinkUp(story.end + SETTLED_S)])
        process.play(snapshot(Floor(), story.end + SETTLED_S))
        process.at(story.end + 2 * SETTLED_S)
        await process.look()
        await assert_as_logged(process, tmp_path)
        assert [hole.repaired for hole in await process.store.holes_since(0.0)] == [True, False]
        says(queue_log, f"{story.end + 2 * SETTLED_S:.0f}|NONE|NONE|NONE|CONFIGRELOAD|")
        await process.look()
        assert [hole.repaired for hole in await process.store.holes_since(0.0)] == [True, True]


async def test_a_day_that_was_over_before_the_first_start_is_told_by_the_log(tmp_path: Path, queue_log: Path) -> None:
    story = Story(0.0, 0.0)
    boot = int(story.start - 3000)
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.start - 3600)
        process.at(story.end + SETTLED_S)
        booted = e.Booted(story.end + 20, story.end + 20 - boot)
        process.play([e.LinkDown(story.end + 20, "not connected yet"), booted])
        process.play([e.LinkUp(story.end + 20), *snapshot(Floor(), story.end + 20)])
        await process.look()
        records = await assert_as_logged(process, tmp_path)
        assert {r.seen for r in records} == {"repaired"}
        assert all(r.id == f"main-{boot:x}-{r.linkedid}" for r in records)


async def test_the_lag_is_since_the_last_reading_whatever_the_age_of_the_last_line(
    tmp_path: Path, queue_log: Path
) -> None:
    async with running(tmp_path, queue_log) as process:
        assert process.repairs.lag_s is None
        process.at(Story(0.0, 0.0).end + 3600)
        await process.repairs.look()
        assert process.repairs.lag_s == pytest.approx(0.0, abs=5.0)
        process.at(Story(0.0, 0.0).end + 3700)
        assert process.repairs.lag_s == pytest.approx(100.0, abs=5.0)


async def test_a_long_hole_is_mended_bit_by_bit_and_the_log_is_read_between(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is each call asked for by itself, of each time that the PBX may have booted."""
    monkeypatch.setattr(repairs, "CALLS_AT_ONCE", 5)
    monkeypatch.setattr(repairs, "MENDS_S", 0.0, raising=False)
    story = Story(0.0, 0.0)
    says(queue_log, *(f"{story.end + n:.0f}|NONE|NONE|NONE|QUEUESTART|" for n in range(5, 30, 5)))
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.start - 3600)
        process.at(story.end + SETTLED_S)
        process.play([e.LinkUp(story.end + 20), *snapshot(Floor(), story.end + 20)])
        reads, asked, ask = 0, list[int](), process.store.calls
        read = process.follower.read

        def counted() -> list[Line]:
            nonlocal reads
            reads += 1
            return read()

        async def told(**which: Any) -> Any:
            asked[-1] += 1
            return await ask(**which)

        monkeypatch.setattr(process.follower, "read", counted)
        monkeypatch.setattr(process.store, "calls", told)
        while not all(hole.repaired for hole in process.consumer.holes.all):
            before = reads
            asked.append(0)
            await process.repairs.look()
            assert reads > before
            await process.written()
            assert len(asked) < 60
        assert len(asked) > 10
        assert max(asked) < 10


async def test_a_log_that_cannot_be_read_is_said_once_and_holes_wait_for_it(tmp_path: Path, queue_log: Path) -> None:
    story = Story(0.4, 0.6)
    moved = queue_log.rename(tmp_path / "elsewhere")  # noqa: ASYNC240
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before, e.LinkDown(story.from_, "cut", story.from_)])
        process.play([*story.comes_back(), *story.after, *story.ends()])
        process.at(story.end + SETTLED_S)
        with capture_logs() as said, pytest.MonkeyPatch.context() as patch:
            patch.setattr(repairs, "LOOK_S", 0.01)
            task = asyncio.create_task(process.repairs.run())
            await until(lambda: "No such file" in process.repairs.failure)
            await asyncio.sleep(0.1)
            assert [hole.repaired for hole in process.consumer.holes.all] == [False]
            moved.rename(queue_log)
            await until(lambda: all(hole.repaired for hole in process.consumer.holes.all))
            task.cancel()
        assert [line["event"] for line in said if "queue_log" in line["event"]] == [
            "queue_log cannot be read: holes stay as they are", "queue_log is read", "hole filled from queue_log",
        ]  # fmt: skip
        await process.look()
        await assert_as_logged(process, tmp_path)


async def test_a_difference_outside_of_holes_is_said_with_its_call_and_not_mended(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log has one abandoned visit that we never heard of, and no hole to excuse it."""
    story = Story(0.5, 0.5)
    at = int(story.start) + 5
    says(queue_log, f"{at}|{at}.9999|sales|NONE|ENTERQUEUE||0912|1", f"{at + 2}|{at}.9999|sales|NONE|ABANDON|1|1|2")
    lines = queue_log.read_text().splitlines(keepends=True)  # noqa: ASYNC240
    queue_log.write_text("".join(sorted(lines, key=lambda line: float(line.partition("|")[0]))))  # noqa: ASYNC240
    monkeypatch.setattr("callcenter.self_check.EACH_S", 0.0)
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before, *story.after, *story.ends()])
        process.at(story.end + 2 * SETTLED_S)
        with capture_logs() as said:
            for _ in range(4):
                await process.look()
        told = [line for line in said if line["event"] == "our counts differ from queue_log"]
        assert {(line["queue"], line["what"], line["calls"]) for line in told} == {
            ("sales", "offered", (f"{at}.9999",)), ("sales", "abandoned", (f"{at}.9999",)),
        }  # fmt: skip
        assert len(told) == 2
        differing = process.repairs.differing()
        assert differing["sales"] == 2 and len(differing) > 5, "the other queues were compared too"
        assert {queue for queue, n in differing.items() if n} == {"sales"}
        with monkeypatch.context() as later:
            later.setattr("callcenter.self_check.OVERDUE_S", -1.0)
            assert process.repairs.differing() == {"sales": 2}, "nobody knows of the others any more"
        process.repairs.check.shifted(story.end)
        assert process.repairs.differing() == {"sales": 2}
        assert await process.store.call(f"main-1-{at}.9999") is None


async def test_what_was_logged_while_nobody_looked_before_the_clock_was_set_back_is_not_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The earlier process was killed, then somebody called, then the clock was set back by an hour: the log is further
    ahead than what was counted."""
    monkeypatch.setattr("callcenter.self_check.EACH_S", 0.0)
    queue_log, now = tmp_path / "queue_log", float(int(clock.now()))
    counted, unseen = now + 1800, now + 2400
    for at in (counted, unseen):
        says(queue_log, f"{at:.0f}|{at}|sales|NONE|ENTERQUEUE||0912|1", f"{at + 2:.0f}|{at}|sales|NONE|ABANDON|1|1|2")
    async with running(tmp_path, queue_log) as process:
        ended = Visit("sales", counted, 1, counted + 2, 2.0, Outcome.ABANDONED)
        process.consumer.remember([("main-1-1.1", ended)], [], [], [], counted + 10)
        process.repairs = Repairs(process.follower, process.consumer, process.store)
        process.at(now)
        await process.repairs.look()
        process.play([e.LinkDown(now, ""), e.LinkUp(now), *snapshot(Floor(), now)])
        for later in (5.0, 3500.0, 3510.0, 3520.0):
            process.at(now + later)
            await process.look()
        assert sum(process.repairs.differing().values()) == 0


async def test_a_difference_in_what_was_repaired_after_a_restart_is_said(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A repair that forgets a call."""
    story, mend = Story(0.2, 0.6), repairs.repair
    within = (v for v in fold(lines_of(EVERYTHING)) if v.entered_at > story.from_ + 2)
    visit = next(v for v in within if v.over_at is not None and v.over_at < story.to - 2)
    monkeypatch.setattr(
        repairs, "repair",
        lambda told, *rest: None if visit.call in {log.call for _, log in told.visits} else mend(told, *rest),
    )
    monkeypatch.setattr("callcenter.self_check.EACH_S", 0.0)
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.from_)
        process.play([e.LinkDown(story.to, "not connected yet"), *story.comes_back(), *story.after, *story.ends()])
        process.at(story.end + 2 * SETTLED_S)
        await process.look()
        assert process.repairs.differing().get(visit.queue)
        assert visit.call in {call for gap in process.repairs.check.differences for call in gap.calls}


def says(queue_log: Path, *lines: str) -> None:
    with queue_log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)


def a_line(at: float, event: str = "CONFIGRELOAD") -> Line:
    return Line(at, "NONE", "NONE", "NONE", event, ())


def test_a_pbx_that_has_just_begun_to_write_needs_no_line_from_after_the_hole() -> None:
    evidence = Evidence()
    evidence.line(a_line(900.0), 1000.0)
    assert (evidence.reaches(900.0, 5.0), evidence.reaches(901.0, 5.0)) == (True, False)
    evidence.line(a_line(950.0, "QUEUESTART"), 1000.0)
    assert evidence.reaches(955.0, 951.0)
    assert not evidence.reaches(955.0, 800.0), "another boot than that of the PBX which we hear"
    assert not evidence.reaches(1100.0, 951.0), "by then somebody may have called"
    evidence.shift(-100.0, 1000.0)
    assert not evidence.reaches(900.0, 951.0)


def test_where_the_log_begins_moves_along_when_the_clock_is_set() -> None:
    evidence = Evidence()
    assert evidence.begins(math.inf) == math.inf
    evidence.line(a_line(900.0, "QUEUESTART"), 1000.0)
    assert (evidence.begins(900.0), evidence.from_start(900.0), evidence.from_start(950.0)) == (900.0, True, False)
    evidence.shift(-100.0, 1000.0)
    assert (evidence.begins(900.0), evidence.from_start(900.0)) == (800.0, True)


def test_evidence_is_a_line_and_silence_of_what_we_saw_end_is_none() -> None:
    evidence, utc = Evidence(), ZoneInfo("UTC")
    assert evidence.problem("log", 0, 1000.0, utc) == ""
    assert evidence.problem("log", 7, 1000.0, utc) == "no line of a queue_log in log"
    evidence.line(a_line(900.0), 1000.0)
    evidence.line(a_line(5000.0), 1000.0)
    assert evidence.told_to == 900.0
    left = Visit("q", 905.0, left_at=930.0, wait_s=25.0, outcome=Outcome.ABANDONED)
    evidence.ended(VisitEnded(930.0, "c", 1, left))
    assert evidence.problem("log", 7, 990.0, utc) == ""
    assert "nothing newer than 1970-01-01 00:15:00+00:00" in evidence.problem("log", 7, 991.0, utc)
    evidence.line(a_line(930.0), 992.0)
    assert evidence.problem("log", 7, 992.0, utc) == ""


@pytest.mark.parametrize("what", ["empty", "full log", "another PBX"])
async def test_a_log_that_says_nothing_of_a_hole_repairs_none(tmp_path: Path, queue_log: Path, what: str) -> None:
    story = Story(0.4, 0.6)
    theirs = "".join(
        f"{at}|{at}.77777|sales|NONE|ENTERQUEUE||0999|1\n{at + 1}|{at}.77777|sales|NONE|ABANDON|1|1|1\n"
        for at in range(int(story.start), int(story.end + SETTLED_S))
    )
    content = {"empty": "", "full log": "[2026-11-22 03:00:00] NOTICE[1] x.c: hello\n" * 100, "another PBX": theirs}
    queue_log.write_text(content[what])  # noqa: ASYNC240
    async with running(tmp_path, queue_log) as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before, e.LinkDown(story.from_, "cut", story.from_)])
        process.play([*story.comes_back(), *story.after, *story.ends()])
        process.at(story.end + 2 * SETTLED_S)
        said = {"empty": "has nothing, though", "full log": "no line of", "another PBX": "unknown to us"}[what]
        with pytest.raises(InputError, match=said):
            await process.repairs.look()
        await process.written()
        assert [hole.repaired for hole in process.consumer.holes.all] == [False]
        assert await process.store.call(f"main-1-{int(story.from_) + 1}.77777") is None


async def test_a_log_that_seems_to_be_another_pbx_s_for_more_than_a_day_is_not_kept(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should it turn out to be ours after that, a hole of before counts as not told, even when the clock is set."""
    story, strange, later, monotonic = Story(0.3, 0.6), "unknown to us", 0.0, clock.monotonic
    monkeypatch.setattr(clock, "monotonic", lambda: monotonic() + later)

    async def unknown() -> str:
        return strange

    async with running(tmp_path, queue_log) as process:
        monkeypatch.setattr(process.repairs, "_unknown_calls", unknown)
        process.at(story.start)
        process.play([*story.begins(), *story.before, e.LinkDown(story.from_, "cut", story.from_)])
        process.play([*story.comes_back(), *story.after, *story.ends()])
        for hours in (0, 6, 23, 25, 50):
            later = hours * 3600.0
            now = story.end + SETTLED_S + later
            calls = (f"{now - n:.0f}|{now - n}|sales|NONE" for n in range(30, 10, -1))
            says(queue_log, *(f"{call}|ENTERQUEUE||09|1\n{call}|ABANDON|1|1|1" for call in calls))
            process.at(now)
            process.play([e.Tick(now)])
            with pytest.raises(InputError, match=strange):
                await process.repairs.look()
            entered = [v.entered_at for v in process.repairs.book.visits]
            assert min(entered) < story.from_ if hours < 24 else min(entered) > now - 6 * 3600.0
        later, strange = later + repairs.ASK_AGAIN_S, ""
        for _ in range(2):
            await process.look()
            assert [hole.repaired for hole in process.consumer.holes.all] == [False]
            assert "after the hole that began at" in next(iter(process.repairs._beyond.values()))
            process.repairs._shifted(TimeShifted(process.consumer.now(), "", 1.0))


PACKED: dict[str, Callable[[bytes], bytes]] = {
    "queue_log.1": bytes, "queue_log-2026-01-01": bytes,
    "queue_log.1.xz": lzma.compress, "queue_log.1.bz2": bz2.compress,
}  # fmt: skip


def rotate(queue_log: Path, at: float) -> bytes:
    """What was logged before ``at``; it is in the file no more."""
    lines = queue_log.read_bytes().splitlines(keepends=True)
    queue_log.write_bytes(b"".join(line for line in lines if float(line.partition(b"|")[0]) >= at))
    return b"".join(line for line in lines if float(line.partition(b"|")[0]) < at)


async def evening(story: Story, folder: Path) -> None:
    """A process that saw until the hole began."""
    async with running(folder, folder / "queue_log") as process:
        process.at(story.start)
        process.play([*story.begins(), *story.before])
        await process.written()


async def morning(process: Process, story: Story) -> list[str]:
    """Seen from the end of the hole on; what was said."""
    await process.remember(story.from_)
    process.play([e.LinkDown(story.to, "not connected yet"), *story.comes_back(), *story.after, *story.ends()])
    process.at(story.end + SETTLED_S)
    with capture_logs() as said:
        for _ in range(3):
            await process.look()
    return [line["event"] for line in said]


@pytest.mark.parametrize("name", PACKED)
async def test_a_hole_over_a_rotation_is_filled_however_the_rotated_file_is_named_and_packed(
    tmp_path: Path, queue_log: Path, name: str
) -> None:
    story = Story(0.3, 0.6)
    queue_log.with_name(name).write_bytes(PACKED[name](rotate(queue_log, (story.from_ + story.to) / 2)))
    await evening(story, tmp_path)
    async with running(tmp_path, queue_log) as process:
        await morning(process, story)
        await assert_as_logged(process, tmp_path)
        assert ([hole.repaired for hole in process.consumer.holes.all], process.repairs.failure) == ([True], "")


@pytest.mark.parametrize("name", ["deleted", "queue_log.1.gz", "queue_log.1.zst"])
async def test_a_hole_before_the_beginning_of_the_log_is_not_filled_and_that_is_said_once(
    tmp_path: Path, queue_log: Path, name: str
) -> None:
    story = Story(0.3, 0.6)
    rotate(queue_log, (story.from_ + story.to) / 2)
    if name != "deleted":
        queue_log.with_name(name).write_bytes(b"\x1f\x8bnot")
    await evening(story, tmp_path)
    async with running(tmp_path, queue_log) as process:
        said = await morning(process, story)
        assert [hole.repaired for hole in process.consumer.holes.all] == [False]
        assert f"{queue_log} begins at 2026-" in process.repairs.failure
        assert (name in process.repairs.failure) is (name != "deleted")
        assert said.count("queue_log does not reach back: a hole stays as it is") == 1
        assert said.count("a rotated queue_log cannot be read") == (name != "deleted")
        records, _ = await all_calls(f"sqlite+aiosqlite:///{tmp_path}/callcenter.db")
        assert "repaired" in {record.seen for record in records}, "what it does tell is mended"
        process.at(story.end + 86_400.0)
        await process.look()
        assert ([h.repaired for h in process.consumer.holes.all], process.repairs.failure) == ([False], "")


@pytest.mark.parametrize("what", ["a leftover of years ago", "a copy of it"])
async def test_a_file_beside_the_log_does_not_say_that_it_reaches_back(
    tmp_path: Path, queue_log: Path, what: str
) -> None:
    story = Story(0.3, 0.6)
    rotate(queue_log, (story.from_ + story.to) / 2)
    leftover = b"1577836800|NONE|NONE|NONE|QUEUESTART|\n"
    beside = queue_log.with_name("queue_log-20200101")
    beside.write_bytes(queue_log.read_bytes() if what == "a copy of it" else leftover)  # noqa: ASYNC240
    await evening(story, tmp_path)
    async with running(tmp_path, queue_log) as process:
        await morning(process, story)
        assert [hole.repaired for hole in process.consumer.holes.all] == [False]
        assert f"{queue_log} begins at 2026-" in process.repairs.failure


async def test_a_pbx_of_today_has_no_older_log_to_miss(tmp_path: Path, queue_log: Path) -> None:
    """The first start of all: the hole is from before the business day on, the log begins with the PBX's own start."""
    story = Story(0.0, 0.0)
    queue_log.write_text(f"{story.start - 1:.0f}|NONE|NONE|NONE|QUEUESTART|\n" + queue_log.read_text())  # noqa: ASYNC240
    says(queue_log, f"{story.end + 30:.0f}|NONE|NONE|NONE|CONFIGRELOAD|")
    async with running(tmp_path, queue_log) as process:
        await process.remember(story.start - 3600)
        process.at(story.end + SETTLED_S)
        process.play([e.LinkUp(story.end + 20), *snapshot(Floor(), story.end + 20)])
        for _ in range(3):
            await process.look()
        assert ([hole.repaired for hole in process.consumer.holes.all], process.repairs.failure) == ([True], "")


async def test_the_log_of_a_pbx_that_was_set_up_anew_misses_what_was_before(tmp_path: Path, queue_log: Path) -> None:
    """As of a container whose files are gone when it is replaced: it begins with a start, but we know older calls."""
    story = Story(0.3, 0.6)
    middle = (story.from_ + story.to) / 2
    rotate(queue_log, middle)
    queue_log.write_text(f"{middle - 1:.0f}|NONE|NONE|NONE|QUEUESTART|\n" + queue_log.read_text())  # noqa: ASYNC240
    await evening(story, tmp_path)
    async with running(tmp_path, queue_log) as process:
        await morning(process, story)
        assert [hole.repaired for hole in process.consumer.holes.all] == [False]
        assert f"{queue_log} begins at 2026-" in process.repairs.failure


async def test_a_bug_in_the_repair_is_said_once_and_the_watching_goes_on(
    tmp_path: Path, queue_log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = 0

    async def fails() -> None:
        nonlocal looks
        looks += 1
        raise StoreError("away") if looks > 3 else KeyError("x")

    monkeypatch.setattr(repairs, "LOOK_S", 0.001)
    async with running(tmp_path, queue_log) as process:
        monkeypatch.setattr(process.repairs, "look", fails)
        with capture_logs() as said:
            task = asyncio.create_task(process.repairs.run())
            await until(lambda: looks > 8)
            task.cancel()
        assert [line["event"] for line in said] == [
            "repair failed: holes stay as they are", "repair waits for the store",
        ]  # fmt: skip
        assert "KeyError" in process.repairs.failure


HANGS = """
import asyncio, sys, time
from callcenter import daemon
from callcenter.config import parse
from callcenter.queue_log.follow import Follower

async def main():
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(1.0, stop.set)
    await daemon.run(config, lambda port: None, stop)

Follower.read = lambda self: time.sleep(600)
config = parse({"pbx": [{"secret": "-", "port": 1, "queue_log": "there"}], "web": {"port": 0},
                "store": {"url": "sqlite+aiosqlite:///" + sys.argv[1]}}, "test")
asyncio.run(main())
"""


def test_a_reading_that_hangs_holds_up_no_exit(tmp_path: Path) -> None:
    """As of a file on a server that does not answer."""
    words = [sys.executable, "-c", HANGS, str(tmp_path / "callcenter.db")]
    assert subprocess.run(words, timeout=11, capture_output=True, check=False).returncode == 0


async def test_a_reading_that_hangs_is_said_and_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    class Source:
        where, skipped, asked = "server:/queue_log", 0, 0
        answers = threading.Event()

        def read(self) -> list[Line]:
            self.asked += 1
            assert self.answers.wait(20)
            return [a_line(float(self.asked))]

    monkeypatch.setattr("callcenter.queue_log.beside.HANGS_S", 0.02)
    source = Source()
    reading = Beside(source)
    for _ in range(3):
        with pytest.raises(InputError, match="cannot read server:/queue_log: it has not answered for"):
            await reading.read()
    assert source.asked == 1
    source.answers.set()
    monkeypatch.setattr("callcenter.queue_log.beside.HANGS_S", 20.0)
    assert [(await reading.read())[0].at for _ in range(2)] == [1.0, 2.0]


async def until(holds: Callable[[], bool], within_s: float = 20.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


def test_a_source_is_a_file_or_a_table(tmp_path: Path) -> None:
    zone = ZoneInfo("Asia/Tehran")
    assert isinstance(source_of(str(tmp_path / "queue_log"), zone, 0.0), Follower)
    assert isinstance(source_of("sqlite:///asterisk.db#queue_log", zone, 0.0), Table)


def test_the_log_is_needed_from_before_the_oldest_hole_that_is_not_repaired() -> None:
    holes = [Hole("main", 100_000.0, 100_100.0, "", repaired=True), Hole("main", 200_000.0, 200_100.0, "")]
    assert needed_from(holes, 300_000.0) == 200_000.0 - repairs.EARLIER_S
    assert needed_from(holes[:1], 300_000.0) < 300_000.0 - repairs.EARLIER_S

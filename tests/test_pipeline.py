"""The pipeline loses nothing: with a real store that fails for a while, and with one that fails at every turn."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import closing
from pathlib import Path

import msgspec
import pytest
from structlog.testing import capture_logs

from callcenter import backlog
from callcenter import pipeline as pipelines
from callcenter.crm.rules import ticket_of
from callcenter.crm.ticket import Ticket
from callcenter.errors import NotWritten, StoreError
from callcenter.floor.changes import AgentChanged, CallAnswered, CallEnded, CallMerged, CallStarted, Change, Drift
from callcenter.floor.records import AgentState, CallRecord, Direction, Hole, Span
from callcenter.pending import Pending
from callcenter.pipeline import Pipeline
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow

replace = msgspec.structs.replace


class Floor:
    """The records as they are now, as the pipeline asks for them."""

    def __init__(self) -> None:
        self.records: dict[str, CallRecord] = {}

    def start(self, id: str, direction: Direction = Direction.IN) -> Change:
        self.records[id] = CallRecord(id, "main", id, direction, "09121234567", "Sara", "100", 1000.0)
        return CallStarted(1000.0, id, "09121234567", "100")

    def answer(self, id: str, at: float = 1005.0) -> Change:
        self.records[id] = replace(self.records[id], answered_at=at)
        return CallAnswered(at, id)

    def end(self, id: str, at: float = 1010.0) -> Change:
        self.records[id] = replace(self.records[id], ended_at=at, ended_by="caller")
        return CallEnded(at, id, "caller", 16)


class Memory:
    """A sink that keeps the batches, and fails when told to."""

    def __init__(self, fails: Callable[[], bool] = lambda: False) -> None:
        self.batches: list[Batch] = []
        self.fails = fails
        self.asked = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def write(self, batch: Batch) -> None:
        self.asked += 1
        await self.may_go_on.wait()
        if self.fails():
            raise StoreError("disk full")
        self.batches.append(batch)

    async def set_aside(self, batch: Batch, reason: str) -> None:
        raise AssertionError(f"nothing here is refused for good: {reason}")

    @property
    def journal(self) -> list[JournalRow]:
        return [line for batch in self.batches for line in batch.journal]


def line(id: str, n: int) -> JournalRow:
    return JournalRow(id, float(n), "event", "x", {"n": n})


async def until(holds: Callable[[], bool], within_s: float = 60.0) -> None:
    async with asyncio.timeout(within_s):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.005)


@pytest.fixture
def floor() -> Floor:
    return Floor()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await Store.open(f"sqlite+aiosqlite:///{tmp_path / 'x.db'}", busy_s=0.05)
    yield opened
    await opened.close()


async def test_of_a_span_that_is_not_written_yet_the_newest_end_counts(store: Store) -> None:
    pipeline = Pipeline(store, "IR", internal=False)
    span = Span("PJSIP/1001", "Ali", AgentState.TALKING, "", "support", 900.0, 1000.0)
    for to in (991.0, 1000.0, 995.0, 900.0):  # what lasted no time has the beginning of the next state
        pipeline.keep([replace(span, to=to)])
    running = asyncio.create_task(pipeline.run())
    await pipeline.drain()
    await running
    assert await store.since(0.0) == ([], [replace(span, to=995.0)])


async def test_a_span_that_ended_before_it_was_last_written_is_as_long_as_it_was(store: Store) -> None:
    """The link was dead already when what the agents do was written: nobody saw the nine seconds, and no agent talks
    and waits at once."""
    pipeline = Pipeline(store, "IR", internal=False)
    talk = Span("PJSIP/1001", "Ali", AgentState.TALKING, "", "support", 100.0, 125.0)
    free = Span("PJSIP/1001", "Ali", AgentState.AVAILABLE, "", None, 116.0, 160.0)
    for spans in ([talk], [replace(talk, to=116.0)], [free]):
        pipeline.keep(spans)
        await pipeline.drain()
    assert await store.since(0.0) == ([], [replace(talk, to=116.0), free])


async def test_what_is_put_is_stored_with_its_ticket_journal_and_spans(store: Store, floor: Floor) -> None:
    pipeline = Pipeline(store, "IR", internal=False)
    span = Span("PJSIP/1001", "Ali", AgentState.AVAILABLE, "", None, 900.0, 1000.0)
    changed = AgentChanged(1000.0, "", "PJSIP/1001", "Ali", AgentState.RINGING, "", "support", span)
    inside = floor.start("b", Direction.INTERNAL)
    pipeline.put([floor.start("a"), changed, inside], [line("a", 1), line("a", 2)], floor.records.get)
    assert pipeline.pending == 5
    async with asyncio.TaskGroup() as tasks:
        running = tasks.create_task(pipeline.run())
        await until(lambda: pipeline.pending == 0)
        pipeline.put([floor.end("a")], [line("a", 3)], floor.records.get)
        await pipeline.drain()
        await running
    found = await store.call("a")
    assert found is not None and found.record == floor.records["a"] and found.record.ended_at == 1010.0
    assert [(t.call, t.e164, t.status) for t in (await store.tickets()).items] == [("a", "+989121234567", "closed")]
    assert await store.timeline("a") == [line("a", n) for n in (1, 2, 3)]
    assert await store.since(0.0) == ([], [span])
    assert (pipeline.writes, pipeline.healthy, pipeline.pending) == (2, True, 0)
    assert 0 < pipeline.write_seconds < 10


async def test_nothing_is_lost_while_the_database_is_locked(store: Store, floor: Floor) -> None:
    pipeline = Pipeline(store, "IR", internal=False)
    ids = [f"call-{n}" for n in range(500)]
    running = asyncio.create_task(pipeline.run())
    with capture_logs() as logs:
        with closing(sqlite3.connect(store.path, isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            pipeline.put([floor.start(id) for id in ids], [line(id, 1) for id in ids], floor.records.get)
            await until(lambda: not pipeline.healthy)
            assert pipeline.reason == f"store {store.path}: database is locked"
            pipeline.put([floor.end(id) for id in ids[:250]], [line(id, 2) for id in ids], floor.records.get)
            assert pipeline.pending == 500 + 1000
            assert (await store.counts())["calls"] == 0
        await until(lambda: pipeline.pending == 0)
    await pipeline.drain()
    await running
    assert (pipeline.healthy, pipeline.reason) == (True, "")
    assert [entry["log_level"] for entry in logs] == ["error", "info"]
    assert await store.counts() == {"calls": 500, "open_calls": 250, "tickets": 500, "journal": 1000}
    for id in random.sample(ids, 20):
        found = await store.call(id)
        assert found is not None and found.record == floor.records[id]
        assert await store.timeline(id) == [line(id, 1), line(id, 2)]


@pytest.mark.parametrize("seed", range(5))
async def test_a_sink_that_often_fails_gets_each_line_once_and_in_order(
    seed: int, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    for name, value in (("GATHER_S", 0.0), ("BACK_OFF_S", (0.0, 0.001)), ("CALLS_AT_ONCE", 3), ("JOURNAL_AT_ONCE", 5)):
        monkeypatch.setattr(pipelines, name, value)
    sink = Memory(lambda: chance.random() < 0.4)
    pipeline = Pipeline(sink, "IR", internal=False)
    running = asyncio.create_task(pipeline.run())
    put = []
    for n in range(300):
        id = f"call-{chance.randrange(40)}"
        change = floor.answer(id, float(n)) if id in floor.records else floor.start(id)
        put.append(line(id, n))
        pipeline.put([change], [put[-1]], floor.records.get)
        if chance.random() < 0.5:
            await asyncio.sleep(0)
    await pipeline.drain()
    await running
    newest = {record.id: record for batch in sink.batches for record in batch.calls}
    assert sink.journal == put
    assert newest == floor.records
    assert all(len(batch.calls) <= 3 and len(batch.journal) <= 5 for batch in sink.batches)
    assert all([t.call for t in batch.tickets] == [c.id for c in batch.calls] for batch in sink.batches)


async def test_what_gathers_during_a_write_is_one_batch_with_the_newest_record(floor: Floor) -> None:
    sink = Memory()
    sink.may_go_on.clear()
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([floor.start("a")], [], floor.records.get)
    draining = asyncio.create_task(pipeline.drain())
    await until(lambda: sink.asked == 1)  # the write has begun, and waits
    first = floor.records["a"]
    for change in (floor.start("b"), floor.answer("a"), floor.end("a"), floor.end("b")):
        pipeline.put([change], [line(change.call, 1)], floor.records.get)
    sink.may_go_on.set()
    await draining
    assert [batch.calls for batch in sink.batches] == [(first,), (floor.records["a"], floor.records["b"])]
    assert len(sink.journal) == 4


async def test_a_merge_is_written_with_or_after_the_records_of_both_calls(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "CALLS_AT_ONCE", 1)
    sink = Memory()
    pipeline = Pipeline(sink, "IR", internal=False)
    started = [floor.start("a"), floor.start("b")]
    pipeline.put([*started, CallMerged(1001.0, "b", "a")], [], floor.records.get)
    await pipeline.drain()
    assert [([c.id for c in batch.calls], batch.merged) for batch in sink.batches] == [
        (["a"], ()),
        (["b"], (("b", "a"),)),
    ]


async def test_changes_of_no_call_touch_none(floor: Floor) -> None:
    asked: list[str] = []
    pipeline = Pipeline(Memory(), "IR", internal=False)
    talking = AgentChanged(1.0, "a", "PJSIP/1001", "Ali", AgentState.TALKING, "", None, None)
    pipeline.put([Drift(1.0, "a", "leave", ""), talking], [], lambda id: asked.append(id))
    assert asked == [] and pipeline.pending == 0


async def test_draining_a_store_that_stays_away_says_what_was_not_written(floor: Floor) -> None:
    pipeline = Pipeline(Memory(lambda: True), "IR", internal=False)
    pipeline.put([floor.start("a")], [line("a", 1)], floor.records.get)
    with capture_logs() as logs, pytest.raises(StoreError, match=r"^not written: 2 rows: disk full$"):
        await pipeline.drain(within_s=0.0)
    assert pipeline.pending == 2
    assert [each["event"] for each in logs][1:] == ["not written: 2 rows: disk full"]


async def test_draining_a_long_backlog_ends_in_time_and_says_what_is_left(floor: Floor) -> None:
    """A stop is waited for ten seconds, a store that was away for an hour takes longer: calls come before lines."""
    sink = Memory()

    async def slow(batch: Batch, write: Callable[[Batch], Awaitable[None]] = sink.write) -> None:
        await asyncio.sleep(0.05)
        await write(batch)

    sink.write = slow  # type: ignore[method-assign]
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([floor.start("a")], [line("a", n) for n in range(20_000)], floor.records.get)
    with pytest.raises(StoreError, match=r"^not written: \d+ rows: there was no time for more$"):
        await pipeline.drain(within_s=0.2)
    assert 0 < pipeline.pending < 20_000
    assert [record.id for batch in sink.batches for record in batch.calls] == ["a"]


async def test_a_long_backlog_that_is_being_written_gives_way_to_the_end(floor: Floor) -> None:
    sink = Memory()

    async def slow(batch: Batch, write: Callable[[Batch], Awaitable[None]] = sink.write) -> None:
        await asyncio.sleep(0.05)
        await write(batch)

    sink.write = slow  # type: ignore[method-assign]
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([], [line("a", n) for n in range(200_000)], floor.records.get)  # five seconds
    running = asyncio.create_task(pipeline.run())
    await until(lambda: bool(sink.batches))
    async with asyncio.timeout(1.5):
        with pytest.raises(NotWritten, match=r"^not written: \d+ rows: there was no time for more$"):
            await pipeline.drain(within_s=0.2)
        await running
    assert sink.journal == [line("a", n) for n in range(len(sink.journal))]
    assert len(sink.journal) + pipeline.pending == 200_000


async def test_a_write_that_hangs_is_told_and_the_end_does_not_wait_for_it(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "HANGS_S", 0.1)
    monkeypatch.setattr(pipelines, "LAST_S", 0.1)
    sink = Memory()
    sink.may_go_on.clear()
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([floor.start("a")], [line("a", 1)], floor.records.get)
    running = asyncio.create_task(pipeline.run())
    with capture_logs() as logs:
        await until(lambda: not pipeline.healthy)
        assert pipeline.reason == "the store does not answer: one write takes more than 0.1 s"
        assert pipeline.failed_at is not None
        sink.may_go_on.set()
        await until(lambda: pipeline.healthy)
        assert pipeline.failed_at is None and [entry["log_level"] for entry in logs] == ["error", "info"]
    sink.may_go_on.clear()
    pipeline.put([floor.end("a")], [line("a", 2)], floor.records.get)
    await until(lambda: sink.asked == 2)
    async with asyncio.timeout(2):
        with pytest.raises(NotWritten, match=r"^not written: 2 rows: the store does not answer$"):
            await pipeline.drain(within_s=0.2)
        await running


async def test_the_end_tells_what_the_last_failure_was_though_one_more_write_hangs(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "LAST_S", 0.1)
    sink = Memory(fails=lambda: True)
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([floor.start("a")], [line("a", 1)], floor.records.get)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: not pipeline.healthy)
    sink.may_go_on.clear()
    with pytest.raises(NotWritten, match=r"^not written: 2 rows: the store does not answer; before: disk full$"):
        await pipeline.drain(within_s=0.2)
    await running


async def test_a_call_whose_ticket_cannot_be_made_is_set_aside_and_written_with_all_others(
    store: Store, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(record: CallRecord, country: str, internal: bool) -> Ticket | None:
        if record.id == "b":
            raise ZeroDivisionError("half of nothing")
        return ticket_of(record, country, internal)

    monkeypatch.setattr(pipelines, "ticket_of", broken)
    pipeline = Pipeline(store, "IR", internal=False)
    pipeline.put([floor.start(id) for id in "abc"], [line("b", 1)], floor.records.get)
    await pipeline.drain()
    assert await store.counts() == {"calls": 3, "open_calls": 3, "tickets": 2, "journal": 1}
    (aside,) = [msgspec.json.decode(each) for each in store.refused.read_bytes().splitlines()]
    assert aside["reason"] == "no ticket: ZeroDivisionError: half of nothing"
    assert [call["id"] for call in aside["refused"]["calls"]] == ["b"]
    assert (pipeline.refused, pipeline.pending, pipeline.healthy) == (1, 0, True)


async def test_draining_an_empty_pipeline_ends_its_run() -> None:
    pipeline = Pipeline(Memory(), "IR", internal=False)
    running = asyncio.create_task(pipeline.run())
    async with asyncio.timeout(5):
        await pipeline.drain()
        await running
    assert pipeline.writes == 0


async def test_when_the_pbx_booted_is_written_with_the_first_of_its_calls_and_when_it_changes(floor: Floor) -> None:
    fails = True
    sink, boot = Memory(lambda: fails), 77
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.boot = lambda: boot
    running = asyncio.create_task(pipeline.run())
    pipeline.put([floor.start("a")], [], floor.records.get)
    await until(lambda: not pipeline.healthy)
    fails = False
    await until(lambda: pipeline.pending == 0)
    pipeline.put([floor.start("b")], [], floor.records.get)
    await until(lambda: pipeline.pending == 0)
    boot = 99
    pipeline.put([floor.start("c")], [], floor.records.get)
    await pipeline.drain()
    await running
    told = [([call.id for call in batch.calls], batch.boot) for batch in sink.batches]
    assert told == [(["a"], 77), (["b"], 0), (["c"], 99)]


async def test_the_sign_of_life_goes_with_what_is_whole_and_comes_without_work_too(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "CALLS_AT_ONCE", 2)
    monkeypatch.setattr(pipelines, "ALIVE_S", 0.02)
    sink, now = Memory(), 1000.0
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.alive = lambda: now
    pipeline.put([floor.start(id) for id in "abc"], [], floor.records.get)
    running = asyncio.create_task(pipeline.run())
    await until(lambda: pipeline.pending == 0)
    # Half of it says nothing about the whole.
    assert [(len(batch.calls), batch.alive) for batch in sink.batches] == [(2, 0.0), (1, 1000.0)]
    now = 1005.0
    await until(lambda: sink.batches[-1].alive == 1005.0)
    assert len(sink.batches) == 3 and sink.batches[-1] == Batch(alive=1005.0)
    await asyncio.sleep(0.1)  # five times as long as it takes to say something
    assert len(sink.batches) == 3, "what is known already is not written again"
    await pipeline.drain()
    await running


async def test_a_hole_is_kept_as_it_was_last_told(store: Store) -> None:
    pipeline = Pipeline(store, "IR", internal=False)
    open_one, other = Hole("main", 1000.0, None, "link down"), Hole("main", 500.0, 510.0, "restart")
    pipeline.keep_holes([other, open_one])
    await pipeline.drain()
    assert await store.holes_since(505.0) == [other, open_one]
    assert await store.holes_since(510.0) == [open_one]
    pipeline.keep_holes([replace(open_one, to=1010.0)])
    pipeline.keep_holes([replace(open_one, to=1010.0, repaired=True)])
    await pipeline.drain()
    assert await store.holes_since(0.0) == [other, Hole("main", 1000.0, 1010.0, "link down", True)]
    assert await store.alive() == 0.0
    pipeline.alive = lambda: 1020.5
    await pipeline.drain()
    assert await store.alive() == 1020.5


async def test_what_the_database_will_never_take_is_set_aside_and_all_else_is_written(
    store: Store, floor: Floor
) -> None:
    pipeline = Pipeline(store, "IR", internal=False)
    pipeline.alive = lambda: 1020.0
    ids = [f"call-{n}" for n in range(150)]
    changes = [floor.start(id) for id in ids]
    poison = {"call-7", "call-93"}
    for id in poison:
        floor.records[id] = replace(floor.records[id], linkedid=None)  # type: ignore[arg-type]
    lines = [line(id, n) for n, id in enumerate(ids)]
    lines[40] = replace(lines[40], name=None)  # type: ignore[type-var]
    pipeline.put([*changes, CallMerged(1001.0, "call-2", "call-1")], lines, floor.records.get)
    with capture_logs() as logs:
        await pipeline.drain()
    assert (pipeline.refused, pipeline.pending, pipeline.healthy) == (3, 0, True)
    assert pipeline.alarms == ["store: 3 records were refused by the database and set aside"]
    assert [entry["log_level"] for entry in logs] == ["error"]
    assert await store.counts() == {"calls": 148, "open_calls": 148, "tickets": 147, "journal": 149}
    aside = [msgspec.json.decode(each)["refused"] for each in store.refused.read_bytes().splitlines()]
    assert {call["id"] for batch in aside for call in batch["calls"]} == poison
    assert [row["call"] for batch in aside for row in batch["journal"]] == ["call-40"]
    assert await store.alive() == 1020.0
    for id in set(ids) - poison:
        found = await store.call(id)
        assert found is not None and found.record == floor.records[id]


@pytest.mark.parametrize("seed", range(3))
async def test_lines_of_a_long_outage_are_packed_and_come_out_in_order(
    seed: int, floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOSE", 60)
    monkeypatch.setattr(backlog, "BLOCK", 20)
    monkeypatch.setattr(pipelines, "JOURNAL_AT_ONCE", 33)
    chance = random.Random(seed)
    sink = Memory(lambda: chance.random() < 0.3)
    pipeline = Pipeline(sink, "IR", internal=False)
    put: list[JournalRow] = []
    for n in range(2000):
        put.append(line("a", n))
        pipeline.put([], [put[-1]], floor.records.get)
        if n % 500 == 499:
            await pipeline.drain()
        elif n % 50 == 49:
            with contextlib.suppress(StoreError):
                await pipeline._write_gathered()
    await pipeline.drain()
    assert sink.journal == put and pipeline.dropped == 0


async def test_of_an_endless_outage_the_oldest_lines_go_and_no_call(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backlog, "LOOSE", 1000)
    monkeypatch.setattr(backlog, "MOST_BYTES", 20_000)
    away = True
    sink = Memory(lambda: away)
    pipeline = Pipeline(sink, "IR", internal=False)
    noise = random.Random(1)
    put = []
    for n in range(10_000):
        put.append(JournalRow(f"call-{n}", float(n), "event", "x", {"n": noise.random(), "odd": "\ud83d"}))
        pipeline.put([floor.start(f"call-{n}")], [put[-1]], floor.records.get)
    kept = 10_000 - pipeline.dropped
    assert 1000 < kept < 9000 and pipeline.pending == 10_000 + kept
    assert pipeline.alarms == [f"store: {pipeline.dropped} journal lines were dropped: the store was away for too long"]
    away = False
    await pipeline.drain()
    assert [row.call for row in sink.journal] == [row.call for row in put[-kept:]]
    assert {call.id for batch in sink.batches for call in batch.calls} == floor.records.keys()


async def test_a_bug_in_the_writing_is_said_and_does_not_end_it(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipelines, "BACK_OFF_S", (0.0, 0.001))
    broken = True

    def fails() -> bool:
        if broken:
            raise ZeroDivisionError("half of nothing")
        return False

    sink = Memory(fails)
    pipeline = Pipeline(sink, "IR", internal=False)
    pipeline.put([floor.start("a")], [], floor.records.get)
    running = asyncio.create_task(pipeline.run())
    with capture_logs() as logs:
        await until(lambda: not pipeline.healthy)
        assert pipeline.reason == "ZeroDivisionError: half of nothing"
        broken = False
        await until(lambda: pipeline.pending == 0)
    assert pipeline.healthy and [entry["log_level"] for entry in logs] == ["error", "info"]
    await pipeline.drain()
    await running


async def test_a_span_that_begins_elsewhere_while_it_is_written_is_stored_as_it_is_last(store: Store) -> None:
    """The PBX's clock is set, and back again, before the store has answered."""
    def anna(from_: float, to: float) -> Span:
        return Span("PJSIP/1001", "Anna", AgentState.AVAILABLE, "", None, from_, to)

    pending = Pending()
    pending.keep([anna(100.0, 160.0)])
    first = pending.batch(9, 9, 9, lambda record: None, 0.0)
    pending.move([("PJSIP/1001", 100.0)])
    pending.keep([anna(3700.0, 3770.0)])
    await store.write(first)
    pending.forget(first)
    second = pending.batch(9, 9, 9, lambda record: None, 0.0)
    pending.move([("PJSIP/1001", 3700.0)])
    pending.keep([anna(100.0, 180.0)])
    await store.write(second)
    pending.forget(second)
    pending.move([("PJSIP/1001", 100.0)])
    pending.keep([anna(50.0, 200.0)])
    last = pending.batch(9, 9, 9, lambda record: None, 0.0)
    await store.write(last)
    pending.forget(last)
    assert not len(pending)
    assert (await store.since(0.0))[1] == [anna(50.0, 200.0)]


def test_what_a_moved_span_became_is_written_with_it_however_much_else_is_pending() -> None:
    """Who is killed between two batches has lost nothing of a shift that stood in the store."""
    span = Span("PJSIP/1001", "Anna", AgentState.AVAILABLE, "", None, 100.0, 160.0)
    pending = Pending()
    pending.keep([replace(span, agent=f"PJSIP/{n}") for n in range(3)])
    assert len(pending.batch(9, 9, 2, lambda record: None, 0.0).spans) == 2
    pending.move([(span.agent, span.from_)])
    pending.keep([replace(span, from_=140.0, to=200.0)])
    batch = pending.batch(9, 9, 2, lambda record: None, 0.0)
    assert batch.moved == ((span.agent, span.from_),) and batch.spans[-1].from_ == 140.0

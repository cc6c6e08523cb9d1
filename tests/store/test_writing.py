"""What is written is what is read, once, whatever it is."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from callcenter.errors import StoreError
from callcenter.floor.records import (
    AgentState,
    Attempt,
    CallRecord,
    Conversation,
    Direction,
    Outcome,
    Result,
    Span,
    Transfer,
    Visit,
)
from callcenter.store import acknowledged
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow

Make = Callable[..., Any]
replace = msgspec.structs.replace


async def test_a_call_comes_back_as_it_was_written(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1)))
    found = await store.call("main-1-1")
    assert found is not None and found.record == call(1) and found.ticket == 1
    assert await store.call("main-1-2") is None


async def test_writing_a_call_again_replaces_its_parts(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1), call(2)))
    waiting = Visit("sales", 1_700_000_020.0, 3)
    again = call(1, visits=(waiting,), conversations=(), transfers=(), ended_at=None, ended_by=None)
    await store.write(batch(again))
    one, two = await store.call("main-1-1"), await store.call("main-1-2")
    assert one is not None and one.record == again
    assert two is not None and two.record == call(2)


async def test_a_ticket_keeps_its_number_and_numbers_have_no_gaps(store: Store, call: Make, batch: Make) -> None:
    for _ in range(3):
        await store.write(batch(call(1, ended_at=None)))
    await store.write(batch(call(2), call(1)))
    tickets = (await store.tickets()).items
    assert [(t.number, t.call, t.status) for t in tickets] == [(2, "main-1-2", "closed"), (1, "main-1-1", "closed")]
    assert tickets[1].agents == ("Sara",) and tickets[1].talk_s == 50.0


async def test_a_batch_is_written_whole_or_not_at_all(store: Store, call: Make, batch: Make) -> None:
    stray = batch(call(9)).tickets  # a ticket of a call that is not there
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        await store.write(replace(batch(call(1), lines=5), tickets=stray))
    assert await store.counts() == {"calls": 0, "open_calls": 0, "tickets": 0, "journal": 0}
    await store.write(batch(call(1), lines=5))
    assert await store.counts() == {"calls": 1, "open_calls": 0, "tickets": 1, "journal": 5}


async def test_a_merged_calls_ticket_goes_and_does_not_come_back(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1), call(2, ended_at=None)))
    await store.write(replace(batch(call(2)), merged=(("main-1-2", "main-1-1"),)))
    await store.write(batch(call(2)))
    assert [t.call for t in (await store.tickets()).items] == ["main-1-1"]
    merged = await store.call("main-1-2")
    assert merged is not None and merged.record == call(2) and merged.ticket == 1


async def test_a_merged_calls_ticket_moves_to_a_call_that_had_none(store: Store, call: Make, batch: Make) -> None:
    internal = call(2, direction=Direction.INTERNAL)
    await store.write(replace(batch(call(1), internal), merged=(("main-1-1", "main-1-2"),)))
    assert [(t.number, t.call) for t in (await store.tickets()).items] == [(1, "main-1-2")]
    await store.write(replace(batch(call(3)), merged=(("main-1-2", "main-1-3"),)))
    assert [(t.number, t.call) for t in (await store.tickets()).items] == [(2, "main-1-3")]
    assert [getattr(await store.call(f"main-1-{n}"), "ticket", None) for n in (1, 2, 3)] == [2, 2, 2]


async def test_a_call_that_turns_out_to_be_internal_loses_its_ticket(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1), call(2)))
    await store.write(batch(call(1, direction=Direction.INTERNAL)))
    assert [t.call for t in (await store.tickets()).items] == ["main-1-2"]


async def test_a_ticket_that_moved_to_an_internal_call_stays_there(store: Store, call: Make, batch: Make) -> None:
    internal = call(2, direction=Direction.INTERNAL)
    await store.write(replace(batch(call(1), internal), merged=(("main-1-1", "main-1-2"),)))
    await store.write(batch(internal, call(1)))
    assert [(t.number, t.call) for t in (await store.tickets()).items] == [(1, "main-1-2")]


async def test_a_span_written_twice_is_there_once_and_the_longer_of_two_beginnings_stays(store: Store) -> None:
    no_time = Span("PJSIP/1001", "Ali", AgentState.RINGING, "", "support", 100.0, 100.0)
    talk = Span("PJSIP/1001", "Ali", AgentState.TALKING, "", "support", 100.0, 130.0)
    other = Span("PJSIP/1002", "Sara", AgentState.PAUSED, "lunch", None, 90.0, 125.5)
    for spans in ((no_time, talk), (talk, other), (no_time,)):
        await store.write(Batch(spans=spans))
    assert await store.since(0.0) == ([], [other, talk])
    assert await store.since(125.5) == ([], [talk])


async def test_the_timeline_is_in_the_order_of_arrival_even_when_clocks_go_back(store: Store) -> None:
    lines = [JournalRow("a", at, "event", f"n{at}", {"leg": "1.1", "n": [1, None]}) for at in (5.0, 4.0, 6.0, 6.0)]
    await store.write(Batch(journal=(*lines[:2], JournalRow("b", 1.0, "change", "other", {}))))
    await store.write(Batch(journal=tuple(lines[2:])))
    assert await store.timeline("a") == lines
    assert await store.timeline("c") == []


async def test_pruning_removes_the_old_lines_only(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callcenter.store.store.PRUNED_AT_ONCE", 7)
    await store.write(Batch(journal=tuple(JournalRow("a", float(n), "event", "x", {}) for n in range(50))))
    assert await store.prune_journal(31.0) == 31
    assert [line.at for line in await store.timeline("a")] == [float(n) for n in range(31, 50)]
    assert await store.prune_journal(31.0) == 0


async def test_each_transaction_has_a_number_of_its_own_though_two_write_at_once(
    store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who counts them sees that the newest is missing."""
    monkeypatch.setattr("callcenter.store.store.PRUNED_AT_ONCE", 1)
    await store.write(Batch(journal=tuple(JournalRow("a", float(n), "event", "x", {}) for n in range(10))))
    line = Batch(journal=(JournalRow("b", 100.0, "event", "x", {}),))
    await asyncio.gather(store.prune_journal(10.0), *(store.write(line) for _ in range(10)))
    # one, then ten lines pruned each in its own and one that found nothing, and the ten that were written meanwhile
    assert await store.get_meta("commits") == str(1 + 11 + 10)
    assert acknowledged.read(store._lock) == 22


async def test_meta_holds_the_newest_value(store: Store) -> None:
    assert await store.get_meta("boot") is None
    await store.set_meta("boot", "1")
    await store.set_meta("boot", "۲")
    assert await store.get_meta("boot") == "۲"


async def test_a_record_that_is_none_is_one_clear_line(store: Store, call: Make, batch: Make) -> None:
    with pytest.raises(StoreError) as caught:
        await store.write(batch(call(1, seen=None)))
    assert "`null`" in str(caught.value) and "\n" not in str(caught.value)
    assert await store.call("main-1-1") is None


async def test_values_that_no_database_holds_are_made_harmless(store: Store, call: Make, batch: Make) -> None:
    hostile = call(1, name="half \ud83d character", hangup_cause=2**80, answered_at=float("nan"))
    lines = (JournalRow("main-1-1", 1.0, "event", "x", {"name": "\udcff", "n": 2**90}),)
    await store.write(replace(batch(hostile), journal=lines))
    found = await store.call("main-1-1")
    harmless = call(1, name="half ? character", hangup_cause=2**31 - 1, answered_at=0.0)
    assert found is not None and found.record == harmless
    assert (await store.timeline("main-1-1"))[0].data == {"name": "?", "n": 2**31 - 1}


_text = st.text(alphabet=st.characters(codec="utf-8"), max_size=12) | st.sampled_from(
    ["O'Brien", "'; DROP TABLE call; --", 'a"b', "نام\u200cخانوادگی", "a\x00b", "\r\nEvent: Hangup", "%_\\", "💥"]
)
_seconds = st.floats(min_value=0, max_value=4e9)
_maybe = st.none() | _seconds
_attempt = st.builds(Attempt, _text, _text, _seconds, _maybe, st.none() | st.sampled_from(Result), st.booleans())
_visit = st.builds(
    Visit, _text, _seconds, st.integers(0, 10_000), _maybe, _maybe, st.none() | st.sampled_from(Outcome),
    st.none() | _text, st.none() | _text, _maybe, _maybe, _maybe, st.booleans(), st.none() | _text,
    st.lists(_attempt, max_size=3).map(tuple),
)  # fmt: skip
_conversation = st.builds(
    Conversation, _text, st.none() | _text, _text, st.none() | _text, _seconds, _maybe, _maybe, _seconds,
    st.none() | _text,
)  # fmt: skip
_record = st.builds(
    CallRecord, _text, _text, _text, st.sampled_from(Direction), _text, _text, _text, _seconds, _maybe, _maybe,
    st.lists(_visit, max_size=3).map(tuple), st.lists(_conversation, max_size=3).map(tuple),
    st.lists(st.builds(Transfer, _text, _text, _text, _seconds), max_size=3).map(tuple),
    st.none() | _text, st.none() | st.integers(0, 2**31 - 1), st.none() | _text, _text,
)  # fmt: skip


def test_any_record_round_trips(tmp_path_factory: pytest.TempPathFactory, batch: Make) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path_factory.mktemp('any') / 'x.db'}"
    with asyncio.Runner() as runner:
        store = runner.run(Store.open(url))

        @settings(max_examples=150, deadline=None)
        @given(_record)
        def round_trip(record: CallRecord) -> None:
            runner.run(store.write(batch(record)))
            found = runner.run(store.call(record.id))
            assert found is not None and found.record == record
            assert (found.ticket is None) == (record.direction is Direction.INTERNAL)

        try:
            round_trip()
        finally:
            runner.run(store.close())


async def test_the_file_holds_no_more_rows_than_the_calls(store: Store, path: Path, call: Make, batch: Make) -> None:
    for _ in range(3):
        await store.write(batch(call(1), call(2)))
    with sqlite3.connect(path) as db:
        tables = ("call", "visit", "attempt", "conversation", "transfer", "ticket")
        counted = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]
    db.close()
    assert counted == [2, 2, 4, 4, 2, 2]

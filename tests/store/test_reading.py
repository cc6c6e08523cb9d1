"""Pages, filters, restoring the day, and reading while somebody writes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from callcenter.errors import StoreError
from callcenter.floor.records import AgentState, Direction, Outcome, Span, Visit
from callcenter.store.store import Store
from callcenter.store.values import Batch, JournalRow, StoredCall

Make = Callable[..., Any]


async def ids(store: Store, **which: Any) -> set[str]:
    return {stored.record.id for stored in (await store.calls(**which)).items}


async def test_pages_visit_each_call_once_while_new_calls_arrive(store: Store, call: Make, batch: Make) -> None:
    at_first = [call(n, started_at=1000.0 + n // 3) for n in range(60)]  # three at each moment
    await store.write(batch(*at_first))
    seen: list[StoredCall] = []
    cursor, newcomers = None, 0
    while True:
        page = await store.calls(cursor=cursor, limit=7)
        seen += page.items
        if page.next is None:
            break
        cursor, newcomers = page.next, newcomers + 1
        await store.write(batch(call(100 + newcomers), at_first[newcomers]))
    assert newcomers == 8
    newest_first = sorted(at_first, key=lambda c: (c.started_at, c.id), reverse=True)
    assert [stored.record for stored in seen] == newest_first


async def test_pages_of_tickets_visit_each_once(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(*(call(n) for n in range(10))))
    first = await store.tickets(limit=4)
    await store.write(batch(call(50)))
    second = await store.tickets(limit=4, cursor=first.next)
    third = await store.tickets(limit=4, cursor=second.next)
    assert [t.number for t in (*first.items, *second.items, *third.items)] == list(range(10, 0, -1))
    assert third.next is None


async def test_a_page_that_is_just_full_is_the_last(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1), call(2)))
    assert (await store.calls(limit=2)).next is None
    assert (await store.calls(limit=1)).next is not None


@pytest.mark.parametrize("cursor", ["", "x", "!!!!", "WzFd", "bnVsbA", "é", "eyJhIjoxfQ==", "WyJhIiwxXQ"])
async def test_a_cursor_that_is_none_is_refused(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="cursor"):
        await store.calls(cursor=cursor)


async def test_wrong_words_and_limits_are_refused(store: Store) -> None:
    for wrong in ({"state": "closed"}, {"limit": 0}, {"limit": 1001}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            await store.calls(**wrong)
    with pytest.raises(ValueError, match="gift"):
        await store.tickets(kind="gift")


async def test_calls_are_found_by_each_filter(store: Store, call: Make, batch: Make) -> None:
    await store.write(
        batch(
            call(1, number="09121234567"),
            call(2, queue="sales", number="+989121234567", ended_at=None),
            call(3, visits=(), conversations=()),
            call(4, direction=Direction.OUT, number="1001", called="00989121234567", visits=(), conversations=()),
        )
    )
    assert await ids(store) == {"main-1-1", "main-1-2", "main-1-3", "main-1-4"}
    assert await ids(store, queue="sales") == {"main-1-2"}
    assert await ids(store, queue="sal%") == set()
    assert await ids(store, agent="Sara") == await ids(store, agent="PJSIP/1002") == {"main-1-1", "main-1-2"}
    assert await ids(store, agent="Ali") == set()  # it only rang
    assert await ids(store, number="+989121234567") == {"main-1-1", "main-1-2", "main-1-4"}
    assert await ids(store, number="09121234567") == {"main-1-1"}
    assert await ids(store, number="1001") == {"main-1-4"}
    assert await ids(store, state="open") == {"main-1-2"}
    assert await ids(store, state="ended", agent="Sara") == {"main-1-1"}
    assert await ids(store, since=call(2).started_at, until=call(4).started_at) == {"main-1-2", "main-1-3"}


async def test_tickets_are_found_by_each_filter(store: Store, call: Make, batch: Make) -> None:
    gave_up = Visit("support", 1.0, 1, 11.0, 10.0, Outcome.ABANDONED)
    await store.write(
        batch(call(1, number="09121234567"), call(2, ended_at=None), call(3, visits=(gave_up,), conversations=()))
    )

    async def numbers(**which: Any) -> list[int | None]:
        return [t.number for t in (await store.tickets(**which)).items]

    assert await numbers(kind="callback") == [3]
    assert await numbers(kind="call", status="closed") == [1]
    assert await numbers(status="open") == [3, 2]
    assert await numbers(number="+989121234567") == await numbers(number="09121234567") == [1]


async def test_the_day_is_restored_from_visits_that_entered_and_spans_that_ended_in_it(
    store: Store, call: Make, batch: Make
) -> None:
    await store.write(batch(call(3), call(1), call(2)))
    spans = tuple(Span("PJSIP/1001", "Ali", AgentState.AVAILABLE, "", None, n * 10.0, n * 10.0 + 10) for n in range(3))
    await store.write(Batch(spans=spans))
    midnight = call(2).visits[0].entered_at
    visits, _ = await store.since(midnight)
    assert visits == [("main-1-2", call(2).visits[0]), ("main-1-3", call(3).visits[0])]
    assert (await store.since(15.0))[1] == list(spans[1:])


async def test_open_calls_are_whole_and_oldest_first(store: Store, call: Make, batch: Make) -> None:
    up = [call(n, ended_at=None) for n in (2, 5)]
    await store.write(batch(call(1), up[1], call(3), up[0]))
    assert await store.open_calls() == up


async def test_a_timeline_has_the_rows_of_calls_that_were_merged_into_it(store: Store, call: Make, batch: Make) -> None:
    """The consultation of an attended transfer, and one that had been merged into that before."""

    async def said(of: int, name: str, at: float, *merged: tuple[str, str]) -> None:
        row = JournalRow(call(of).id, at, "event", name, {})
        await store.write(Batch((call(of),), journal=(row,), merged=merged))

    await said(3, "third began", 1.0)
    await said(1, "first began", 2.0)
    await said(2, "second began", 3.0, (call(3).id, call(2).id))
    await said(4, "another", 4.0)
    await said(2, "second ended", 5.0, (call(2).id, call(1).id))
    await said(1, "first ended", 4.5)  # Asterisk's clock went back
    assert [(row.call, row.name) for row in await store.timeline(call(1).id)] == [
        (call(3).id, "third began"), (call(1).id, "first began"), (call(2).id, "second began"),
        (call(2).id, "second ended"), (call(1).id, "first ended"),
    ]  # fmt: skip
    assert [row.name for row in await store.timeline(call(2).id)] == ["second began", "second ended"]
    assert [row.name for row in await store.timeline(call(4).id)] == ["another"]


async def test_counts_count(store: Store, call: Make, batch: Make) -> None:
    await store.write(batch(call(1), call(2, direction=Direction.INTERNAL), call(3, ended_at=None), lines=4))
    assert await store.counts() == {"calls": 3, "open_calls": 1, "tickets": 2, "journal": 12}


async def test_readers_do_not_wait_for_a_long_write(url: str, path: Path, call: Make, batch: Make) -> None:
    store = await Store.open(url, busy_s=30)
    await store.write(batch(call(1)))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        other.execute("DELETE FROM ticket")
        writing = asyncio.create_task(store.write(batch(call(2))))
        async with asyncio.timeout(20):
            for _ in range(20):
                assert await ids(store) == {"main-1-1"}
                assert (await store.counts())["tickets"] == 1
        assert not writing.done()
        other.execute("ROLLBACK")
    await writing
    assert await ids(store) == {"main-1-1", "main-1-2"}
    await store.close()


async def test_a_locked_database_is_one_clear_line(store: Store, path: Path, call: Make, batch: Make) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError) as caught:
            await store.write(batch(call(1)))
    assert str(caught.value) == f"store {path}: database is locked"
    await store.write(batch(call(1)))
    assert await ids(store) == {"main-1-1"}


async def test_a_write_that_is_cancelled_leaves_a_store_that_works(
    store: Store, path: Path, call: Make, batch: Make
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        writing = asyncio.create_task(store.write(batch(call(1))))
        await asyncio.wait([writing], timeout=0.05)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
    await store.write(batch(call(2)))
    assert await ids(store) == {"main-1-2"}

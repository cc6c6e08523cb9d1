"""What the store tells of itself: since when it saw anything, which days changed, whose time a day is."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from callcenter.errors import StoreError
from callcenter.floor.records import AgentState, CallRecord, Direction, Outcome, Span, Visit
from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.history.columns import Columns
from callcenter.history.history import History
from callcenter.store import opening
from callcenter.store.store import Store
from callcenter.store.values import Batch

DAY_S = 86_400
NOON = 20_371 * DAY_S + 43_200.0
"""Of a day in 2025, UTC."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "callcenter.db"


@pytest.fixture
def history(path: Path, archive: Archive) -> History:
    return History(archive, path, lambda number: number or None)


async def put(path: Path, *batches: Batch) -> None:
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    for batch in batches:
        await store.write(batch)
    await store.close()


def call(at: float, id: str = "", entered_at: float | None = None, whole: bool = True) -> CallRecord:
    visit = Visit("sales", at + 1 if entered_at is None else entered_at, left_at=at + 5, wait_s=4.0,
                  outcome=Outcome.ABANDONED)  # fmt: skip
    return CallRecord(id or f"main-{at}", "main", str(at), Direction.IN, "0912", "", "1", at, visits=(visit,),
                      ended_at=at + 5, seen="whole" if whole else "partial")  # fmt: skip


def span(since: float, until: float, agent: str = "PJSIP/1") -> Span:
    return Span(agent, "Sara", AgentState.AVAILABLE, "", None, since, until)


def take_in(archive: Archive, tmp_path: Path, *moments: float) -> None:
    log = tmp_path / "queue_log"
    log.write_text("".join(
        f"{int(at)}|{int(at)}.7|sales|NONE|ENTERQUEUE||0912|1\n{int(at) + 4}|{int(at)}.7|sales|NONE|ABANDON|1|1|4\n"
        for at in moments
    ))  # fmt: skip
    importing.import_file(archive, log, lambda what, done, total: None)


def around(history: History, at: float, days: float = 1.0) -> Columns:
    return history.columns((at - days * DAY_S, at + days * DAY_S), 0.0)


# ---- since when anything was seen ------------------------------------------------------------------------------


async def test_a_record_of_a_clock_that_was_not_set_does_not_hide_what_was_imported(
    history: History, path: Path, archive: Archive, tmp_path: Path
) -> None:
    take_in(archive, tmp_path, NOON, NOON + 60)
    later = NOON + 30 * DAY_S
    await put(path, Batch(calls=(call(later),), alive=later + 100),
              Batch(calls=(call(50.0, "1"),), spans=(span(50.0, 60.0),), alive=later + 200))  # fmt: skip
    assert len(around(history, NOON).visits.queue) == 2
    assert history.columns((0.0, later + 5000), 0.0).known[-1] == (later, later + 200)


async def test_a_clock_that_is_not_set_yet_is_no_beginning(history: History, path: Path) -> None:
    await put(path, Batch(alive=70.0), Batch(calls=(call(NOON, whole=False),), alive=NOON + 9),
              Batch(alive=NOON + 60))  # fmt: skip
    assert around(history, NOON).known == ((NOON + 9, NOON + 60),)


async def test_a_store_of_before_began_with_the_first_call_that_it_saw_as_a_whole(history: History, path: Path) -> None:
    calls = (call(50.0, "1"), call(NOON - 9, "2", whole=False), call(NOON, "3"), call(NOON + 9, "4"))
    await put(path, Batch(calls=calls, alive=NOON + 60))
    with closing(sqlite3.connect(path)) as db:
        of_before(db)
    opening.migrate(path)
    assert around(history, NOON).known == ((NOON, NOON + 60),)


def of_before(db: sqlite3.Connection) -> None:
    """As version 0002 of the schema had it."""
    db.execute("DROP TABLE day")
    db.execute("DROP TABLE hour")
    db.execute("DROP INDEX IF EXISTS agent_span_over_midnight")
    db.execute("DELETE FROM meta WHERE key = 'since'")
    db.execute("UPDATE alembic_version SET version_num = '0002'")
    db.commit()


# ---- agents' time ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("first, last", [(0, 3), (2, 3), (3, 3), (-1, 1)])
async def test_a_span_of_days_counts_once_on_each_of_them(
    history: History, path: Path, first: int, last: int, kept: bool
) -> None:
    """From noon of day 0 to noon of day 3; a report of any of the days, whichever others it has."""
    await put(path, Batch(spans=(span(NOON, NOON + 3 * DAY_S), span(NOON + 5, NOON + 9, "PJSIP/2")),
                          alive=NOON + 9 * DAY_S))  # fmt: skip
    if kept:
        history.keep()
    midnight = NOON - DAY_S / 2
    since, until = midnight + first * DAY_S, midnight + (last + 1) * DAY_S
    found = history.columns((since, until), 0.0)
    whole = min(until, NOON + 3 * DAY_S) - max(since, NOON)
    assert found.spans.within(since, until).seconds.sum() == whole + 4 * (first <= 0)


async def test_a_span_that_grows_over_midnight_is_there_on_the_days_that_were_kept(
    history: History, path: Path
) -> None:
    """The day in which it goes on has nothing else that changed."""
    await put(path, Batch(spans=(span(NOON, NOON + 60),), alive=NOON + 9 * DAY_S))
    history.keep()
    await put(path, Batch(spans=(span(NOON, NOON + 2 * DAY_S),)))
    assert around(history, NOON, 9).spans.within(0.0, 4e9).seconds.sum() == 2 * DAY_S


async def test_a_span_of_a_clock_that_was_not_set_is_nobody_s_time(history: History, path: Path) -> None:
    await put(path, Batch(spans=(span(50.0, NOON), span(NOON, NOON + 60)), alive=NOON + DAY_S))
    assert around(history, NOON).spans.within(0.0, 4e9).seconds.sum() == 60


async def test_spans_of_before_are_on_each_day_that_they_touch(history: History, path: Path) -> None:
    await put(path, Batch(spans=(span(NOON, NOON + 3 * DAY_S),), alive=NOON + 9 * DAY_S))
    with closing(sqlite3.connect(path)) as db:
        of_before(db)
    opening.migrate(path)
    found = history.columns((NOON + 2 * DAY_S, NOON + 4 * DAY_S), 0.0)
    assert found.spans.within(*found.range).seconds.sum() == DAY_S


# ---- days that are kept ----------------------------------------------------------------------------------------


async def test_two_stores_of_before_have_no_day_in_the_same_version(history: History, tmp_path: Path) -> None:
    versions = []
    for n in range(2):
        path = tmp_path / f"{n}.db"
        await put(path, Batch(calls=tuple(call(NOON + day * DAY_S) for day in range(3)), alive=NOON + 9 * DAY_S))
        with closing(sqlite3.connect(path)) as db:
            of_before(db)
        opening.migrate(path)
        with closing(sqlite3.connect(path)) as db:
            versions += [version for (version,) in db.execute("SELECT version FROM day")]
    assert len(set(versions)) == len(versions) == 6


async def test_a_call_that_turns_out_to_have_begun_the_day_before_is_in_one_of_them(
    history: History, path: Path
) -> None:
    midnight = NOON + DAY_S / 2
    visited = midnight + 51
    await put(path, Batch(calls=(call(midnight + 50, "1", visited),), alive=NOON + 9 * DAY_S))
    assert len(around(history, midnight).visits.queue) == 1
    await put(path, Batch(calls=(call(midnight - 50, "1", visited),)))
    assert len(around(history, midnight).visits.queue) == 1


async def test_a_store_of_before_is_refused_with_what_to_do(history: History, path: Path) -> None:
    await put(path, Batch(calls=(call(NOON),), alive=NOON + 60))
    with closing(sqlite3.connect(path)) as db:
        of_before(db)
    with pytest.raises(StoreError) as refused:
        around(history, NOON)
    assert str(refused.value) == f"store {path}: of an older version: start the daemon once, which renews it"

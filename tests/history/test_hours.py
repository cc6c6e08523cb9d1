"""Hours of a day that is not over are kept, and what was kept is what is there."""

from __future__ import annotations

import os
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest
from sqlalchemy.dialects import sqlite

from callcenter.crm.rules import ticket_of
from callcenter.crm.ticket import Ticket
from callcenter.floor.records import AgentState, Attempt, CallRecord, Direction, Outcome, Result, Span, Visit
from callcenter.history import seen
from callcenter.history.archive import Archive
from callcenter.history.history import History
from callcenter.history.tables import TABLES
from callcenter.store import opening
from callcenter.store.store import Store
from callcenter.store.values import Batch
from callcenter.store.writing import spans_of

DAY_S, HOUR_S = 86_400, 3600.0
DAY = 20_371 * DAY_S
"""A midnight in 2025, UTC."""
QUEUES, AGENTS = ("sales", "support", "پشتیبانی"), [f"PJSIP/{n}" for n in range(1, 5)]

Told = dict[str, list[tuple[object, ...]]]


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


def call(at: float, id: str, talk_s: float | None = None) -> CallRecord:
    """One that waits, or was answered after four seconds and talked for so long."""
    ring = Attempt(AGENTS[0], AGENTS[0], at + 2, 2.0, Result.ANSWERED if talk_s else Result.NO_ANSWER, not talk_s)
    visit = Visit(QUEUES[len(id) % 3], at + 1, attempts=(ring,)) if talk_s is None else Visit(
        QUEUES[len(id) % 3], at + 1, left_at=at + 5, wait_s=4.0, outcome=Outcome.ANSWERED, agent=AGENTS[0],
        talk_s=talk_s, attempts=(ring,))  # fmt: skip
    return CallRecord(id, "main", id, Direction.IN, "0912", "", "1", at, visits=(visit,), seen="whole",
                      ended_at=None if talk_s is None else at + 5 + talk_s)  # fmt: skip


def span(since: float, until: float, agent: str = AGENTS[0], state: AgentState = AgentState.AVAILABLE) -> Span:
    return Span(agent, agent, state, "", "sales" if state is AgentState.TALKING else None, since, until)


def told(history: History, path: Path, day: int = DAY) -> tuple[Told, Told]:
    """The rows of the day as reports have them, and as they are in the store: of one moment."""
    with seen.reading(path) as connection:
        known, number = seen.known(connection), day // DAY_S
        assert number in known.versions
        reported = history._seen(connection, known, number, tuple(TABLES))
        stored = seen.tables_of(connection, number)
    return _rows(reported), _rows(stored)


def _rows(tables: dict[str, object]) -> Told:
    return {
        kind: sorted((tuple(row.values()) for row in table.to_pylist()), key=repr)  # type: ignore[attr-defined]
        for kind, table in tables.items()
    }


def used(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    """Which hours are read from the store from now on."""
    read: list[tuple[int, int]] = []
    of_store = seen.tables_of

    def reading(*args: object, within: tuple[int, int] = (0, 24)) -> object:
        read.append(args[3] if len(args) > 3 else within)  # type: ignore[arg-type]
        return of_store(*args, **({} if len(args) > 3 else {"within": within}))  # type: ignore[arg-type]

    monkeypatch.setattr(seen, "tables_of", reading)
    return read


async def test_hours_that_are_over_are_not_read_again(
    history: History, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = [call(DAY + hour * HOUR_S + 60, f"{hour}", 30.0) for hour in range(10)]
    await put(path, Batch(calls=tuple(calls), alive=DAY + 9.5 * HOUR_S))
    history.keep()
    read = used(monkeypatch)
    found = history.columns((DAY, DAY + DAY_S), 0.0)
    assert len(found.visits.queue) == 10
    assert read == [(9, 24)]


def ticket(of: CallRecord, e164: str) -> Ticket:
    made = ticket_of(of, "IR", False)
    assert made is not None
    return msgspec.structs.replace(made, e164=e164)


FIRST, SECOND = call(DAY + 100, "1"), call(DAY + 2 * HOUR_S, "2", 5.0)
OF_SECOND = ticket(SECOND, "+989121234567")
CHANGES: dict[str, Batch] = {
    "the caller's number is told": Batch(tickets=(ticket(SECOND, "+989121111111"),)),
    "a ticket goes with its call": Batch(merged=(("2", "1"),)),
    "a call of an hour ago ends": Batch(calls=(call(DAY + 100, "1", 4000.0),)),
    "a call is added": Batch(calls=(call(DAY + 200, "new", 3.0),)),
    "a call turns out to have begun in another hour": Batch(calls=(call(DAY + 300, "2", 9.0),)),
    "a call's legs went over into another": Batch(calls=(call(DAY + 300, "3"),), merged=(("2", "3"),)),
    "a span grows into the next hour": Batch(spans=(span(DAY + 50, DAY + HOUR_S + 9),)),
    "a span grows within its hour": Batch(spans=(span(DAY + 50, DAY + 3000),)),
    "a span grows into the present": Batch(spans=(span(DAY + 50, DAY + 3.4 * HOUR_S),)),
    "a span grows out of the day": Batch(spans=(span(DAY + 50, DAY + 30 * HOUR_S),)),
    "a span grows to the hour's very end": Batch(spans=(span(DAY + 50, DAY + HOUR_S),)),
    "a span ends in an hour that had none": Batch(spans=(span(DAY + 60, DAY + 2.5 * HOUR_S, AGENTS[1]),)),
    "a span turns out to have ended in the hour before, and the day before":
        Batch(moved=((AGENTS[2], DAY - 500.0),), spans=(span(DAY - 500, DAY - 100, AGENTS[2]),)),
    "the clock was set: a span begins an hour later":
        Batch(moved=((AGENTS[0], DAY + 50.0),), spans=(span(DAY + HOUR_S + 50, DAY + HOUR_S + 2000),)),
    "the clock was set: a span of the evening before is of the day before":
        Batch(moved=((AGENTS[2], DAY - 500.0),), spans=(span(DAY - 7700, DAY - 5000, AGENTS[2]),)),
}


@pytest.mark.parametrize("what", CHANGES)
async def test_what_changes_in_an_hour_that_was_kept_is_there_at_once(history: History, path: Path, what: str) -> None:
    first = Batch(calls=(FIRST, SECOND), tickets=(OF_SECOND,), alive=DAY + 3.5 * HOUR_S,
                  spans=(span(DAY + 50, DAY + 2000), span(DAY - 500, DAY + 10, AGENTS[2])))  # fmt: skip
    await put(path, first)
    history.keep()
    before, _ = told(history, path)
    await put(path, CHANGES[what])
    reported, stored = told(history, path)
    assert reported == stored != before
    history.keep()
    assert told(history, path)[0] == stored


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_is_written_in_whatever_order_reports_have_what_the_store_has(
    history: History, path: Path, seed: int
) -> None:
    chance, kept = random.Random(seed), 0
    store = await Store.open(f"sqlite+aiosqlite:///{path}")
    for batch in day_of(chance):
        await store.write(batch)
        reported, stored = told(history, path)
        assert reported == stored
        if chance.random() < 0.3:
            history.keep()
            kept += 1
    await store.close()
    assert kept > 3 and len(stored["calls"]) > 20 and len(stored["spans"]) > 20


def day_of(chance: random.Random) -> Iterator[Batch]:
    """A day as a daemon writes it, with what comes late, is mended and is merged."""
    up: dict[str, CallRecord] = {}
    since, made = {agent: float(DAY - 100) for agent in AGENTS}, 0
    for now in np.cumsum([chance.expovariate(1 / 2400) for _ in range(30)]) + DAY:
        calls, spans, merged = [], [], []
        for _ in range(chance.randrange(4)):
            made += 1
            at = chance.choice([now - 60 * chance.random(), DAY + chance.random() * (now - DAY)])
            calls.append(up.setdefault(f"c{made}", call(float(at), f"c{made}")))
        for id in chance.sample(sorted(up), min(2, len(up))):
            old = up.pop(id)
            calls.append(call(old.started_at + chance.choice([0.0, 0.0, -HOUR_S]), id, 5 + 100 * chance.random()))
        if len(up) > 2 and chance.random() < 0.2:
            of, into = chance.sample(sorted(up), 2)
            merged.append((of, into))
            calls += [up[of], up[into]]
            del up[of]
        for agent in chance.sample(AGENTS, 2):
            spans.append(span(since[agent], float(now), agent, chance.choice(list(AgentState))))
            if chance.random() < 0.5:
                since[agent] = float(now)
        yield Batch(calls=tuple({one.id: one for one in calls}.values()), spans=tuple(spans), merged=tuple(merged),
                    alive=float(now))  # fmt: skip


async def test_who_is_away_for_days_changes_nothing_of_those_that_are_over(
    history: History, path: Path, archive: Archive
) -> None:
    away = span(DAY - 5 * DAY_S, DAY - 100, state=AgentState.LOGGED_OUT)
    await put(path, Batch(calls=(call(DAY - 4 * DAY_S, "1", 5.0),), spans=(away,), alive=DAY + 60.0))
    history.keep()
    before = versions(path)
    await put(path, Batch(spans=(msgspec.structs.replace(away, to=DAY + HOUR_S),), alive=DAY + HOUR_S))
    changed = {day * DAY_S - DAY for day, version in versions(path).items() if before.get(day) != version}
    assert changed == {-DAY_S, 0}
    assert told(history, path, DAY - DAY_S)[0] == told(history, path, DAY - DAY_S)[1]
    before = versions(path)
    await put(path, Batch(spans=(msgspec.structs.replace(away, to=DAY + 2 * HOUR_S, state=AgentState.PAUSED),)))
    assert {day for day in before if versions(path)[day] != before[day]} == set(before), "it was something else"


def versions(path: Path) -> dict[int, int]:
    with seen.reading(path) as connection:
        return seen.known(connection).versions


def test_spans_are_looked_up_by_their_whole_key(path: Path) -> None:
    """The store has fifty million of them in a year."""
    opening.migrate(path)
    asked = spans_of([("PJSIP/1", 1.0), ("PJSIP/2", 2.0)]).compile(
        dialect=sqlite.dialect(), compile_kwargs={"literal_binds": True}
    )
    with closing(sqlite3.connect(path)) as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {asked}")]
    assert "SEARCH agent_span USING PRIMARY KEY (agent=? AND from_at=?)" in plan


async def test_what_a_killed_process_left_is_taken_away(history: History, path: Path, archive: Archive) -> None:
    await put(path, Batch(calls=(call(DAY + 60, "1", 30.0),), alive=DAY + 3.5 * HOUR_S))
    history.keep()
    folder = archive.folder / "seen-hours/00/calls"
    old, young = folder / ".2025-10-10.parquet.7", folder / ".2025-10-10.parquet.8"
    for left in (old, young):
        left.write_bytes(b"PAR1")
    os.utime(old, (1.0, 1.0))
    history.keep()
    assert {one.name for one in folder.iterdir()} == {"2025-10-10.parquet", young.name}


async def test_a_flipped_bit_of_an_hour_is_noticed_or_changes_nothing(
    history: History, path: Path, archive: Archive
) -> None:
    calls = tuple(call(DAY + 10.0 * n, f"{n}", 30.0) for n in range(200))
    await put(path, Batch(calls=calls, alive=DAY + 1.5 * HOUR_S))
    history.keep()
    with seen.reading(path) as connection:
        made_of = f"{seen.MADE}:{seen.hours(connection, DAY // DAY_S)[0]}"
        true = seen.tables_of(connection, DAY // DAY_S)
    kept = archive.folder / "seen-hours/00/attempts/2025-10-10.parquet"
    whole, chance, noticed = kept.read_bytes(), random.Random(1), 0
    for _ in range(1500):
        text = bytearray(whole)
        text[chance.randrange(len(text))] ^= 1 << chance.randrange(8)
        kept.write_bytes(text)
        read = archive.kept("seen-hours/00", DAY // DAY_S, made_of, ["attempts"])
        assert read is None or read["attempts"].to_pylist() == true["attempts"].to_pylist()
        noticed += read is None
    assert noticed > 1000


async def test_hours_are_taken_away_once_their_day_is_over(history: History, path: Path, archive: Archive) -> None:
    calls = [call(DAY + hour * HOUR_S + 60, f"{hour}", 30.0) for hour in range(4)]
    await put(path, Batch(calls=tuple(calls), alive=DAY + 3.5 * HOUR_S))
    history.keep()
    assert len(list(archive.folder.glob("seen-hours/*/calls/*.parquet"))) == 3
    later = msgspec.structs.replace(calls[0], id="late", linkedid="late", started_at=float(DAY + DAY_S + 10))
    await put(path, Batch(calls=(later,), alive=DAY + DAY_S + 2 * HOUR_S))
    history.keep()
    left = {path.name for path in archive.folder.glob("seen-hours/*/*/*.parquet")}
    assert left == {"2025-10-11.parquet"}
    assert told(history, path)[0] == told(history, path)[1]


async def test_of_an_hour_that_has_no_version_nothing_is_kept(history: History, path: Path, archive: Archive) -> None:
    """It is of before there were any; a backup that is restored has none either, and other calls."""
    await put(path, Batch(calls=(call(DAY + 60, "1", 30.0),), alive=DAY + 3.5 * HOUR_S))
    with closing(sqlite3.connect(path)) as db:
        db.execute("DELETE FROM hour")
        db.commit()
    history.keep()
    assert not list(archive.folder.glob("seen-hours/*/*/*.parquet"))
    assert len(history.columns((DAY, DAY + DAY_S), 0.0).visits.queue) == 1

"""What the store saw and what was imported, put together: nothing is missing, nothing is counted twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from pathlib import Path

import msgspec
import numpy as np
import pytest

import kpi
from callcenter.config import parse
from callcenter.floor.changes import AgentChanged
from callcenter.floor.records import REFUSALS, CallRecord, Hole, Outcome, Span
from callcenter.history import importing, seen
from callcenter.history.archive import Archive
from callcenter.history.choosing import EDGE_S
from callcenter.history.columns import Columns, Source
from callcenter.history.history import History
from callcenter.numbers import e164
from callcenter.store.store import Store
from callcenter.store.values import Batch
from callcenter.summary import _Played

from .oracle import counted

CAPTURE = Path(__file__).parents[1] / "captures" / "ast22-mix.ami.gz"
LOG = CAPTURE.with_name("ast22-mix.queue_log")
COUNTS = ("offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "ring_no_answer",
          "transferred")  # fmt: skip
SUMS = ("wait_answered_s", "wait_abandoned_s", "talk_s")

NOTHING = dict.fromkeys((*COUNTS, *SUMS), 0)
"""queue_log has no line of who was refused."""


class Seen:
    """The recorded stream as the daemon tells it."""

    def __init__(self) -> None:
        played = _Played(parse({"pbx": [{"secret": "-"}]}, "defaults"))
        spans: list[Span] = []
        played._agent = lambda change: (  # type: ignore[method-assign]
            spans.append(change.ended) if isinstance(change, AgentChanged) and change.ended else None
        )
        assert played.play(CAPTURE) is None
        self.calls, self.spans = played.records(), spans
        self.began, self.ended = played.replay.began, played.replay.at


SEEN = Seen()
DAY = int(SEEN.began // 86_400)


async def stored(url: str, calls: Iterable[CallRecord], alive: float, holes: tuple[Hole, ...] = ()) -> None:
    store = await Store.open(url)
    await store.write(Batch(calls=tuple(calls), spans=tuple(SEEN.spans), holes=holes, alive=alive))
    await store.close()


@pytest.fixture
def history(tmp_path: Path, archive: Archive) -> History:
    return History(archive, tmp_path / "callcenter.db", lambda number: e164(number, "IR"))


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite+aiosqlite:///{tmp_path}/callcenter.db"


def take_in(archive: Archive) -> None:
    importing.import_file(archive, LOG, lambda what, done, total: None)


def columns(history: History) -> Columns:
    return history.columns((SEEN.began - 3600, SEEN.ended + 3600))


def agrees(found: Columns) -> None:
    """With the raw lines of queue_log: each count; seconds within one a call, as those are cut to whole ones."""
    sums, truth = kpi.sum_visits(found.visits, len(found.queues)), counted([LOG])
    for n, queue in enumerate(found.queues):
        for name in COUNTS:
            assert getattr(sums, name)[n] == truth.get(queue, NOTHING)[name], (queue, name)
        for name in SUMS:
            assert abs(getattr(sums, name)[n] - truth.get(queue, NOTHING)[name]) <= sums.offered[n], (queue, name)
    assert sums.offered[-1] == sum(row["offered"] for row in truth.values())


async def test_what_the_store_saw_equals_queue_log(history: History, url: str) -> None:
    await stored(url, SEEN.calls, SEEN.ended)
    found = columns(history)
    agrees(found)
    assert set(found.source) == {Source.SEEN}
    assert found.until == SEEN.ended


async def test_the_hold_and_wrap_up_of_the_store_are_there(history: History, url: str, tmp_path: Path) -> None:
    await stored(url, SEEN.calls, SEEN.ended)
    found = columns(history).visits
    with closing(sqlite3.connect(tmp_path / "callcenter.db")) as db:
        held, wrapped = db.execute("SELECT sum(hold_s), sum(wrap_up_s) FROM visit").fetchone()
        rings = db.execute("SELECT count(*) FROM attempt WHERE result IS NOT NULL").fetchone()[0]
    assert held > 0
    assert (found.hold_s.sum(), found.wrap_up_s.sum()) == (pytest.approx(held), pytest.approx(wrapped or 0.0))
    assert found.attempts.sum() == rings == len(columns(history).attempts.at)


async def test_the_calls_of_customers_are_those_from_outside(history: History, url: str, tmp_path: Path) -> None:
    await stored(url, SEEN.calls, SEEN.ended)
    with closing(sqlite3.connect(tmp_path / "callcenter.db")) as db:
        there = db.execute("SELECT count(*) FROM call WHERE direction = 'in' AND merged_into IS NULL").fetchone()[0]
        numbers = db.execute("SELECT count(DISTINCT e164) FROM ticket WHERE direction = 'in'").fetchone()[0]
    calls = columns(history).calls
    assert len(calls.queue) == there > 50
    assert len(set(calls.customer) - {-1}) == numbers


async def test_agents_time_is_that_of_their_spans(history: History, url: str) -> None:
    await stored(url, SEEN.calls, SEEN.ended)
    found = columns(history)
    time = found.spans.within(-1e12, 1e12)
    by_name: dict[str, float] = {}
    for span in SEEN.spans:
        by_name[span.name or span.agent] = by_name.get(span.name or span.agent, 0.0) + span.to - span.from_
    assert {found.agents[agent] for agent in found.spans.agent} == set(by_name)
    assert time.seconds.sum() == pytest.approx(sum(by_name.values()))


async def test_an_import_of_what_was_seen_changes_nothing(history: History, url: str, archive: Archive) -> None:
    await stored(url, SEEN.calls, SEEN.ended)
    before = columns(history)
    take_in(archive)
    found = columns(history)
    agrees(found)
    first, last = SEEN.began + EDGE_S, SEEN.ended - EDGE_S  # of the first and last seconds the log may tell too
    inside, was = ((first < all_.visits.entered_at) & (all_.visits.entered_at < last) for all_ in (found, before))
    assert set(found.source[inside]) == {Source.SEEN}
    assert inside.sum() == was.sum() > 90
    assert len(found.calls.queue) == len(before.calls.queue)


def without(taken: Callable[[float], bool]) -> list[CallRecord]:
    """The calls, less the visits that entered in a time that was not seen."""
    kept = []
    for call in SEEN.calls:
        visits = tuple(visit for visit in call.visits if not taken(visit.entered_at))
        if visits or not call.visits:
            kept.append(msgspec.structs.replace(call, visits=visits))
    return kept


async def test_a_daemon_that_came_later_is_added_to(history: History, url: str, archive: Archive) -> None:
    middle = (SEEN.began + SEEN.ended) / 2
    calls = [call for call in without(lambda at: at < middle) if call.started_at >= middle]
    spans = [span for span in SEEN.spans if span.from_ >= middle]
    store = await Store.open(url)
    await store.write(Batch(calls=tuple(calls), spans=tuple(spans), alive=SEEN.ended))
    await store.close()
    take_in(archive)
    found = columns(history)
    sources = set(found.source)
    assert sources == {Source.SEEN, Source.IMPORTED}
    agrees(found)


@pytest.mark.parametrize("from_, to", [(0.2, 0.5), (0.4, 0.9), (0.33, 0.35)])
async def test_a_hole_is_filled_by_an_import(
    history: History, url: str, archive: Archive, from_: float, to: float
) -> None:
    since, until = (SEEN.began + (SEEN.ended - SEEN.began) * part for part in (from_, to))
    hole = Hole("main", since, until, "the link was cut")
    await stored(url, without(lambda at: since <= at < until), SEEN.ended, (hole,))
    take_in(archive)
    agrees(columns(history))


async def test_a_visit_whose_end_was_not_seen_is_told_by_the_log(history: History, url: str, archive: Archive) -> None:
    unseen = {"outcome": Outcome.UNKNOWN, "wait_s": None, "talk_s": None, "transferred": False}
    calls = [
        msgspec.structs.replace(call, visits=tuple(
            visit if visit.outcome in REFUSALS else msgspec.structs.replace(visit, **unseen) for visit in call.visits
        )) if n % 3 == 0 else call
        for n, call in enumerate(SEEN.calls)
    ]  # fmt: skip
    await stored(url, calls, SEEN.ended)
    assert kpi.sum_visits(columns(history).visits, 100).unknown[-1] > 10
    take_in(archive)
    agrees(columns(history))


async def test_what_changes_in_the_store_is_there_at_once_and_the_rest_is_kept(
    history: History, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await stored(url, SEEN.calls, SEEN.ended + 2 * 86_400)
    agrees(columns(history))
    made: list[int] = []
    make = seen.tables_of
    monkeypatch.setattr(seen, "tables_of", lambda of, day, *kinds: made.append(day) or make(of, day, *kinds))
    columns(history)
    assert DAY not in made
    call = next(call for call in SEEN.calls if call.visits)
    gone = msgspec.structs.replace(call.visits[0], outcome=Outcome.WITHDRAWN)
    await stored(url, [msgspec.structs.replace(call, visits=(gone,))], SEEN.ended + 2 * 86_400)
    assert kpi.sum_visits(columns(history).visits, 100).withdrawn[-1] >= 1
    assert DAY in made


def test_without_store_and_log_there_is_nothing(history: History) -> None:
    found = columns(history)
    assert (found.queues, found.known, found.until, len(found.visits.queue)) == ((), (), 0.0, 0)


def test_calls_again_are_known_until_a_long_gap(archive: Archive, history: History, tmp_path: Path) -> None:
    """Of a caller who called once before the gap nobody can say that the matter was settled."""
    lines = []
    for day in (0, 1, 2, 40):
        call = f"{1_700_000_000 + day * 86_400}.1"
        lines += [f"{call[:10]}|{call}|sales|NONE|ENTERQUEUE||0912{day:07d}|1",
                  f"{call[:10]}|{call}|sales|Sara|CONNECT|1|{call}|1",
                  f"{call[:10]}|{call}|sales|Sara|COMPLETECALLER|1|5|1"]  # fmt: skip
    log = tmp_path / "queue_log"
    log.write_text("\n".join(lines) + "\n")
    importing.import_file(archive, log, lambda what, done, total: None)
    found = history.columns((1_700_000_000.0, 1_700_000_000.0 + 3 * 86_400))
    assert set(np.asarray(found.calls_until).tolist()) == {1_700_000_000 + 2 * 86_400 + 1}
    sums = kpi.sum_calls(found.calls, 1, found.calls_until, end=found.range[1])
    assert (sums.settled[-1], sums.provisional[-1]) == (0, 3)

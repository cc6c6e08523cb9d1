"""Holes that cut through visits, where nobody repaired them: an imported log tells what was not seen of a visit."""

from __future__ import annotations

import math
import random
from pathlib import Path

import numpy as np
import pytest
from lab.holes import CAPTURES, events_of, name_of, watch

import kpi
from callcenter.floor.changes import AgentChanged
from callcenter.floor.records import Hole
from callcenter.history import importing
from callcenter.history.archive import Archive
from callcenter.history.columns import Columns
from callcenter.history.folding import table
from callcenter.history.history import History
from callcenter.history.joined import Known, join, stacked
from callcenter.history.ranges import Ranges
from callcenter.history.tables import TABLES
from callcenter.numbers import e164
from callcenter.store.store import Store
from callcenter.store.values import Batch
from kpi import Outcome

from .oracle import counted

COUNTS = ("offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "ring_no_answer",
          "transferred")  # fmt: skip
SUMS = ("wait_answered_s", "wait_abandoned_s", "talk_s")


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("capture", CAPTURES, ids=name_of)
async def test_with_the_log_each_capture_agrees_wherever_the_link_was_cut(
    archive: Archive, tmp_path: Path, capture: Path, seed: int
) -> None:
    events, log = events_of(capture), capture.with_name(name_of(capture) + ".queue_log")
    began, ended = events[0].at, events[-1].at
    cut = random.Random(seed)
    since, until = sorted(began + (ended - began) * cut.uniform(0.05, 0.95) for _ in range(2))
    holes = (Hole("main", since, until, "the link was cut"),)
    observed = watch(events, [], holes, crashing=seed == 2)
    spans = [one.ended for one in observed.changes if isinstance(one, AgentChanged) and one.ended]
    store = await Store.open(f"sqlite+aiosqlite:///{tmp_path}/callcenter.db")
    await store.write(Batch(calls=tuple(observed.stored.values()), spans=tuple(spans), holes=holes, alive=ended))
    await store.close()
    importing.import_file(archive, log, lambda what, done, total: None)
    history = History(archive, tmp_path / "callcenter.db", lambda number: e164(number, "IR"))
    found, truth = history.columns((began - 3600, ended + 3600)), counted([log])
    sums = kpi.sum_visits(found.visits, len(found.queues))
    rung = [found.queues[queue] for queue in found.attempts.queue[found.attempts.unanswered]]
    for n, queue in enumerate(found.queues):
        row = truth.get(queue, dict.fromkeys((*COUNTS, *SUMS), 0))
        assert {name: getattr(sums, name)[n] for name in COUNTS} == {name: row[name] for name in COUNTS}, queue
        assert rung.count(queue) == row["ring_no_answer"], queue
        for name in SUMS:
            assert abs(getattr(sums, name)[n] - row[name]) <= sums.offered[n], (queue, name)


# ---- by hand: seconds 0 to 1000 ---------------------------------------------------------------------------------

SEEN, IMPORTED = 0, 2
Visit = tuple[object, ...]


def visit(source: int, call: str, at: float, outcome: Outcome, wait_s: float | None = 1.0, agent: str | None = None,
          talk_s: float | None = 0.0, hold_s: float | None = 0.0, rings: int = 0) -> Visit:  # fmt: skip
    return (call, "sales", at, wait_s, int(outcome), agent, talk_s, hold_s, 0.0, False, rings, 0, source)


def joined(seen: dict[str, list[Visit]], imported: dict[str, list[Visit]], known: Ranges) -> Columns:
    own, log = (
        stacked([{kind: table(TABLES[kind], rows) for kind, rows in side.items()}]) for side in (seen, imported)
    )
    return join(own, log, Known(known, ((0.0, 1000.0),), 1000.0), (0.0, 1000.0), 0.0)


def told(found: Columns) -> list[tuple[float, str, str]]:
    visits = found.visits
    rows = zip(visits.entered_at.tolist(), visits.outcome, found.source, strict=True)
    return sorted((at, Outcome(int(outcome)).name.lower(), "log" if source == IMPORTED else "store")
                  for at, outcome, source in rows)  # fmt: skip


ALL: Ranges = ((0.0, 1000.0),)


def test_of_two_visits_of_a_call_the_nearest_to_one_that_was_seen_is_that_one() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 102.9, Outcome.TIMED_OUT)]}
    log = {"visits": [visit(IMPORTED, "1.1", 100.0, Outcome.EXITED), visit(IMPORTED, "1.1", 102.0, Outcome.TIMED_OUT)]}
    found = joined(seen, log, ((0.0, 90.0), (100.5, 1000.0)))
    assert told(found) == [(100.0, "exited", "log"), (102.9, "timed_out", "store")]


def test_a_call_counts_as_answered_when_the_log_says_so_of_its_visit() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 500.4, Outcome.UNKNOWN)],
            "calls": [("1.1", "sales", 98912, 498.0, False, None)]}  # fmt: skip
    log = {"visits": [visit(IMPORTED, "1.1", 500.0, Outcome.ANSWERED, agent="Sara", talk_s=9.0)],
           "calls": [("1.1", "sales", 98912, 500.0, True, "Sara")]}  # fmt: skip
    found = joined(seen, log, ALL)
    assert told(found) == [(500.0, "answered", "log")]
    assert found.calls.answered.tolist() == [True]
    assert found.calls_answered_by is not None
    assert [found.agents[n] for n in found.calls_answered_by] == ["Sara"]


@pytest.mark.parametrize("outcome, known", [(Outcome.ANSWERED, ((0.0, 480.0), (498.7, 1000.0))),
                                            (Outcome.UNKNOWN, ALL)])  # fmt: skip
def test_a_visit_logged_under_another_channel_is_known_by_queue_and_moment(outcome: Outcome, known: Ranges) -> None:
    seen = {"visits": [visit(SEEN, "1.1", 501.1, outcome, talk_s=9.5)],
            "calls": [("1.1", "sales", 98912, 499.0, True, "Sara")]}  # fmt: skip
    log = {"visits": [visit(IMPORTED, "1.2", 500.0, Outcome.ANSWERED, talk_s=9.0)],
           "calls": [("1.2", "sales", 98912, 500.0, True, "Sara")]}  # fmt: skip
    found = joined(seen, log, known)
    assert [row[1] for row in told(found)] == ["answered"]
    assert len(found.calls.queue) == 1


def test_another_customer_s_visit_at_the_same_moment_is_another_one() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 500.1, Outcome.ABANDONED)],
            "calls": [("1.1", "sales", 98911, 499.0, True, "Sara")]}  # fmt: skip
    log = {"visits": [visit(IMPORTED, "1.2", 500.0, Outcome.ABANDONED)],
           "calls": [("1.2", "sales", 98912, 500.0, True, "Sara")]}  # fmt: skip
    found = joined(seen, log, ((0.0, 480.0), (499.0, 1000.0)))
    assert (len(told(found)), len(found.calls.queue)) == (2, 2)


def test_hold_that_was_seen_stays_where_the_log_has_the_same_conversation() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 90.0, Outcome.ANSWERED, 20.0, "Sara", 50.5, 30.0, 1),
                       visit(SEEN, "1.3", 90.0, Outcome.ANSWERED, 20.0, "Sara", 10.0, 8.0, 1)]}  # fmt: skip
    log = {"visits": [visit(IMPORTED, "1.1", 90.0, Outcome.ANSWERED, 20.0, "Sara", 50.0, rings=3),
                      visit(IMPORTED, "1.3", 90.0, Outcome.ANSWERED, 20.0, "Sara", 50.0, rings=3)],
           "attempts": [(call, "sales", "Sara", 91.0 + n, False) for n in range(3) for call in ("1.1", "1.3")],
    }  # fmt: skip
    found = joined(seen, log, ((0.0, 100.0), (105.0, 1000.0)))
    assert told(found) == [(90.0, "answered", "log")] * 2
    assert found.visits.talk_s.tolist() == [50.0, 50.0]
    assert sorted(found.visits.hold_s.tolist()) == [0.0, 30.0]
    assert found.visits.attempts.tolist() == [3, 3]
    assert len(found.attempts.at) == 6


def test_a_log_that_was_read_before_the_conversation_was_over_takes_nothing_away() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 90.0, Outcome.ANSWERED, 20.0, "Sara", 50.5, 30.0, 1)]}
    log = {"visits": [visit(IMPORTED, "1.1", 90.0, Outcome.ANSWERED, 20.0, "Sara", None, 0.0, 1)]}
    found = joined(seen, log, ((0.0, 100.0), (105.0, 1000.0)))
    assert told(found) == [(90.0, "answered", "store")]


def test_a_conversation_of_less_than_a_second_is_told_by_the_log_as_any_other() -> None:
    seen = {"visits": [visit(SEEN, "1.1", 105.0, Outcome.ANSWERED, 0.1, "Sara", 0.4)]}
    log = {"visits": [visit(IMPORTED, "1.1", 103.0, Outcome.ANSWERED, 2.0, "Sara", 0.0)]}
    found = joined(seen, log, ((0.0, 100.0), (105.0, 1000.0)))
    assert told(found) == [(103.0, "answered", "log")]


@pytest.mark.parametrize("source", [SEEN, IMPORTED])
@pytest.mark.parametrize("until, waits", [(5000.0, True), (100.0 + 6 * 3600, False), (4e6, False)])
def test_nobody_waits_for_weeks(source: int, until: float, waits: bool) -> None:
    row = {"visits": [visit(source, "1.1", 100.0, Outcome.WAITING, None)]}
    own, log = (stacked([{kind: table(TABLES[kind], rows) for kind, rows in side.items()}])
                for side in ((row, {}) if source == SEEN else ({}, row)))  # fmt: skip
    known: Ranges = ((0.0, until),)
    found = join(own, log, Known(known if source == SEEN else (), known, until), (0.0, 1000.0), 0.0)
    sums = kpi.sum_visits(found.visits, 1)
    assert (sums.waiting[0], sums.unknown[0]) == (waits, not waits)
    assert sums.longest_wait_s[0] == 4900.0 if waits else math.isnan(sums.longest_wait_s[0])


@pytest.mark.parametrize("asked", [(0.0, 9.0), (0.0, 30.0), (11.0, 30.0)])
def test_a_call_is_followed_to_the_next_long_gap_wherever_it_is(asked: tuple[float, float]) -> None:
    """Days 10 to 13 nobody saw: of a call of day 5 nobody can say that the matter was settled, of one of day 14 all."""
    day = 86_400.0
    days = [1.0, 5.0, 9.5, 11.0, 14.0, 19.0, 53.1]
    calls = {"calls": [(f"{at}.1", "sales", 989120 + int(at * 10), at * day, True, None) for at in days]}
    own, log = (stacked([{kind: table(TABLES[kind], rows) for kind, rows in calls.items()}]), stacked([]))
    known = Known(((0.0, 10 * day), (13 * day, 15 * day), (15.9 * day, 60 * day)), (), 60 * day)
    found = join(own, log, known, (asked[0] * day, asked[1] * day), 60 * day)
    assert np.asarray(found.calls_until).tolist() == [10 * day] * 3 + [11 * day] + [60 * day] * 3
    sums = kpi.sum_calls(found.calls, 1, found.calls_until)
    assert (sums.settled[0], sums.provisional[0]) == (3, 4)  # settled: days 1, 14, 19


@pytest.mark.parametrize("at", [899.5, 900.4, 950.0])
def test_a_visit_at_the_end_of_what_was_seen_counts_once(at: float) -> None:
    """A visit may be stored before it is said how far all is."""
    seen = {"visits": [visit(SEEN, "1.1", at, Outcome.ANSWERED, 1.0, "Sara", 5.0)]}
    log = {"visits": [visit(IMPORTED, "1.1", math.floor(at), Outcome.ANSWERED, 1.0, "Sara", 5.0)]}
    assert len(told(joined(seen, log, ((0.0, 900.0),)))) == 1

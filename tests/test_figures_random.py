"""The live window on random days, against the same definitions as loops over visits and over single seconds."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.figures import Targets, Window
from callcenter.floor.changes import (
    AgentChanged,
    AttemptEnded,
    Change,
    MemberChanged,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    WrapUpEnded,
)
from callcenter.floor.records import REFUSALS, AgentState, Attempt, Outcome, Result, Span, Visit

DAY = 1_700_006_400.0
END = 400  # seconds of the day that anything happens in
QUEUES = ("sales", "support")
TARGETS = {"sales": Targets(20.0, 0.8, 5.0), "support": Targets(40.0, 0.8, 15.0)}
BUSY = {AgentState.TALKING, AgentState.HOLDING, AgentState.WRAP_UP}

seconds = st.integers(0, 100).map(float)
outcomes = st.sampled_from([None, *Outcome, *[Outcome.ANSWERED] * 8])
attempts = st.sampled_from([(Result.NO_ANSWER, True), (Result.BUSY, True), (Result.CANCELLED, False)]).map(
    lambda ring: Attempt("A", "A", DAY, 1.0, *ring)
)
visits = st.lists(st.builds(
    Visit, queue=st.sampled_from(QUEUES), entered_at=seconds.map(lambda s: DAY + 2 * s), wait_s=seconds,
    outcome=outcomes, talk_s=seconds, hold_s=seconds, wrap_up_s=seconds, transferred=st.booleans(),
    attempts=st.lists(attempts, max_size=3).map(tuple),
), max_size=30)  # fmt: skip
timeline = st.lists(
    st.tuples(st.integers(1, 60), st.sampled_from(AgentState), st.sampled_from([None, *QUEUES])), min_size=1, max_size=8
)
toggles = st.lists(st.tuples(st.integers(0, END), st.sampled_from(QUEUES), st.booleans()), max_size=6)
agents = st.lists(st.tuples(timeline, toggles), max_size=3)
windows = st.tuples(st.integers(0, END), st.integers(0, END)).map(sorted)


def as_changes(key: int, visit: Visit) -> Iterable[Change]:
    """What the Floor says of a visit, in order."""
    assert visit.wait_s is not None and visit.talk_s is not None and visit.wrap_up_s is not None
    left = visit.entered_at + visit.wait_s
    if visit.outcome not in REFUSALS:
        yield VisitEntered(visit.entered_at, "c", key, visit.queue, 1)
        for attempt in visit.attempts:
            yield AttemptEnded(left, "c", key, visit.queue, attempt)
    if visit.outcome is not None:
        yield VisitEnded(left, "c", key, Visit(visit.queue, visit.entered_at, 1, left, visit.wait_s, visit.outcome))
    if visit.outcome is Outcome.ANSWERED:
        over = Visit(visit.queue, visit.entered_at, 1, left, visit.wait_s, visit.outcome, talk_s=visit.talk_s,
                     hold_s=visit.hold_s, transferred=visit.transferred)  # fmt: skip
        yield VisitCompleted(left + visit.talk_s, "c", key, over)
        wrapped = left + visit.talk_s + visit.wrap_up_s
        yield WrapUpEnded(wrapped, "c", key, visit.queue, "A", visit.wrap_up_s)


def spans_of(name: str, line: list[tuple[int, AgentState, str | None]]) -> list[Span]:
    spans, at = [], DAY
    for length, state, queue in line:
        spans.append(Span(name, name, state, "", queue, at, at + length))
        at += length
    return spans


def agent_changes(name: str, spans: list[Span]) -> Iterable[Change]:
    """The last span is still under way."""
    ended = None
    for span in spans:
        yield AgentChanged(span.from_, "", name, name, span.state, "", span.queue, ended)
        ended = span


def loop_visits(rows: list[Visit], start: float, end: float, at: float) -> dict[str, float]:
    rows = [row for row in rows if start <= row.entered_at < end]
    offered = [row for row in rows if row.outcome not in REFUSALS]
    answered = [row for row in rows if row.outcome is Outcome.ANSWERED]
    lost = [row for row in rows if row.outcome is Outcome.ABANDONED]
    waiting = [row for row in rows if row.outcome is None]
    in_time = [row for row in answered if row.wait_s <= TARGETS[row.queue].threshold_s]
    shorts = [row for row in lost if row.wait_s < TARGETS[row.queue].short_abandon_s]
    soon = [row for row in waiting if at - row.entered_at <= TARGETS[row.queue].threshold_s]
    rings = [attempt for row in offered for attempt in row.attempts]
    handled = sum(row.talk_s + row.wrap_up_s for row in answered)
    counts = {outcome.value: sum(row.outcome is outcome for row in rows) for outcome in Outcome}
    shown: dict[str, Any] = counts | {
        "offered": len(offered), "short_abandoned": len(shorts), "waiting": len(waiting), "attempts": len(rings),
        "ring_no_answer": sum(ring.unanswered for ring in rings), "transferred": sum(r.transferred for r in answered),
        "wait_answered_s": sum(row.wait_s for row in answered), "wait_abandoned_s": sum(row.wait_s for row in lost),
        "talk_s": sum(row.talk_s for row in answered), "hold_s": sum(row.hold_s for row in answered),
        "service_level": (len(in_time), len(offered) - len(shorts)),
        "service_level_live": (len(in_time), len(offered) - len(shorts) - len(soon)),
        "average_handle_time": (handled, len(answered)),
        "abandon_rate": (len(lost) - len(shorts), len(offered) - len(shorts)),
    }  # fmt: skip
    return shown


def when_of(toggle: tuple[int, str, bool]) -> int:
    return toggle[0]


def loop_seconds(staff: list[Any], start: int, end: int, queue: str | None) -> dict[str, tuple[float, float]]:
    """Occupancy and utilisation as (part, whole), by what each agent did in each second."""
    busy = ready = logged_in = 0
    for number, (line, changed) in enumerate(staff):
        for second in range(start, end):
            now = next((s for s in spans_of(str(number), line)[:-1] if s.from_ <= DAY + second < s.to), None)
            last = spans_of(str(number), line)[-1]
            state, of = (last.state, last.queue) if now is None else (now.state, now.queue)
            told = [joined for when, name, joined in sorted(changed, key=when_of) if name == queue and when <= second]
            member = queue is None or told[-1:] == [True]
            own = queue is None or of == queue
            busy += own and state in BUSY
            ready += (own and state is AgentState.RINGING) or (member and state is AgentState.AVAILABLE)
            logged_in += (own or member) and state is not AgentState.LOGGED_OUT
    return {"occupancy": (busy, busy + ready), "utilisation": (busy, logged_in)}


def assert_shown(found: dict[str, float | None], expected: dict[str, Any]) -> None:
    for name, value in expected.items():
        if isinstance(value, tuple):
            part, whole = value
            value = part / whole if whole else None
        assert found[name] == (value if value is None else pytest.approx(value)), name


def live(changes: list[Change]) -> Window:
    day = Window(TARGETS.__getitem__, UTC, "00:00")
    for queue in QUEUES:  # both are known from the start, and the agents' memberships as empty
        day.apply(MemberChanged(DAY, "", "nobody", queue, True, False, ""))
    for change in sorted(changes, key=lambda change: change.at):
        day.apply(change)
    return day


@given(visits, windows)
def test_a_random_day_of_visits_equals_a_plain_loop(rows: list[Visit], within: list[int]) -> None:
    start, end, at = DAY + within[0], DAY + within[1], DAY + END
    table = live([change for key, row in enumerate(rows) for change in as_changes(key, row)]).table(start, end, at)
    for queue in QUEUES:
        assert_shown(table[queue], loop_visits([row for row in rows if row.queue == queue], start, end, at))
    assert_shown(table[""], loop_visits(rows, start, end, at))


@given(agents, windows)
def test_a_random_day_of_agents_equals_a_count_of_seconds(staff: list[Any], within: list[int]) -> None:
    changes: list[Change] = []
    for number, (line, changed) in enumerate(staff):
        name = str(number)
        first = MemberChanged(DAY, "", name, "sales", False, False, "")
        joins = [MemberChanged(DAY + when, "", name, queue, joined, False, "") for when, queue, joined in changed]
        changes += [first, *joins, *agent_changes(name, spans_of(name, line))]
    table = live(changes).table(DAY + within[0], DAY + END, at=DAY + within[1])
    for queue in QUEUES:
        assert_shown(table[queue], loop_seconds(staff, within[0], within[1], queue))
    assert_shown(table[""], loop_seconds(staff, within[0], within[1], None))


def stored(row: Visit) -> Visit:
    """What the store has of a visit: only an answered one has talk, and a refused one rang nobody."""
    if row.outcome is Outcome.ANSWERED:
        return row
    rings = () if row.outcome in REFUSALS else row.attempts
    return Visit(row.queue, row.entered_at, wait_s=row.wait_s, outcome=row.outcome, attempts=rings)


@given(visits, agents)
def test_after_a_restart_the_figures_are_those_of_before(rows: list[Visit], staff: list[Any]) -> None:
    spans = {str(number): spans_of(str(number), line) for number, (line, _) in enumerate(staff)}
    joins: list[Change] = [MemberChanged(DAY, "", str(number), queue, True, False, "")
                           for number, (_, changed) in enumerate(staff) for _, queue, _ in changed]  # fmt: skip
    of_visits = [list(as_changes(key, row)) for key, row in enumerate(rows)]
    of_agents = [change for name, line in spans.items() for change in agent_changes(name, line)]
    before = live([*joins, *of_agents, *(change for changes in of_visits for change in changes)])

    after = live([])
    after.restore(map(stored, rows), [span for line in spans.values() for span in line[:-1]])
    undecided = [changes for row, changes in zip(rows, of_visits, strict=True) if row.outcome is None]
    under_way = [AgentChanged(span.from_, "", span.agent, span.name, span.state, "", span.queue, None)
                 for span in (line[-1] for line in spans.values())]  # fmt: skip
    for change in (*joins, *(change for changes in undecided for change in changes), *under_way):
        after.apply(change)
    found, expected = after.figures(DAY + END), before.figures(DAY + END)
    for window in expected:
        for queue in expected[window]:
            assert found[window][queue] == pytest.approx(expected[window][queue]), (window, queue)

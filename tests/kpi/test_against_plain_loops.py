"""The vectorised sums against the same definitions as plain loops, on random tables."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import kpi
from kpi import AgentTime, Outcome, Spans, State, Visits

QUEUES = 3
NEVER_IN = {Outcome.REFUSED_FULL, Outcome.REFUSED_EMPTY}
seconds = st.integers(0, 400).map(lambda quarter: quarter / 4)
visit_rows = st.lists(st.fixed_dictionaries({
    "queue": st.integers(0, QUEUES - 1), "entered_at": seconds, "wait_s": seconds | st.just(math.nan),
    "outcome": st.sampled_from(Outcome), "talk_s": seconds, "hold_s": seconds, "wrap_up_s": seconds,
    "transferred": st.booleans(), "attempts": st.integers(0, 4), "ring_no_answer": st.integers(0, 4),
}), max_size=40)  # fmt: skip
span_rows = st.lists(st.fixed_dictionaries({
    "agent": st.integers(0, 3), "queue": st.integers(-1, QUEUES - 1), "membership": st.integers(0, 2),
    "state": st.sampled_from(State), "start": seconds, "end": seconds | st.just(math.inf),
}), max_size=40)  # fmt: skip


def columns(rows: list[dict[str, Any]], of: type[Visits] | type[Spans]) -> dict[str, Any]:
    floats = {"entered_at", "wait_s", "talk_s", "hold_s", "wrap_up_s", "start", "end"}
    names = of.__dataclass_fields__
    return {name: np.array([row[name] for row in rows], np.float64 if name in floats else np.int64) for name in names}


def over(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def loop_visits(rows: list[dict[str, Any]], t: float, short: float) -> dict[str, float]:
    """The figures of one queue, by their definitions, a row at a time."""
    offered = answered = in_time = abandoned = abandoned_in_time = shorts = soon = attempts = unanswered = moved = 0
    wait = talk = hold = wrap_up = 0.0
    waits = []
    for row in rows:
        outcome, waited = row["outcome"], row["wait_s"]
        talk, hold, wrap_up = talk + row["talk_s"], hold + row["hold_s"], wrap_up + row["wrap_up_s"]
        attempts, unanswered = attempts + row["attempts"], unanswered + row["ring_no_answer"]
        moved += row["transferred"]
        if outcome in NEVER_IN:
            continue
        offered += 1
        if not math.isnan(waited):
            waits.append(waited)
        if outcome is Outcome.ANSWERED:
            answered += 1
            in_time += waited <= t
            wait += 0.0 if math.isnan(waited) else waited
        elif outcome is Outcome.ABANDONED:
            abandoned += 1
            abandoned_in_time += waited <= t
            shorts += waited < short
        elif outcome is Outcome.WAITING:
            soon += waited <= t
    return {
        "service_level": over(in_time, offered - shorts),
        "service_level_answered": over(in_time, answered),
        "service_level_with_abandons": over(in_time + abandoned_in_time, answered + abandoned),
        "service_level_live": over(in_time, offered - shorts - soon),
        "abandon_rate": over(abandoned - shorts, offered - shorts),
        "average_speed_of_answer": over(wait, answered),
        "longest_wait": max(waits, default=math.nan),
        "average_talk_time": over(talk - hold, answered),
        "average_hold_time": over(hold, answered),
        "average_wrap_up_time": over(wrap_up, answered),
        "average_handle_time": over(talk + wrap_up, answered),
        "transfer_rate": over(moved, answered),
        "ring_no_answer_rate": over(unanswered, attempts),
    }


thresholds = st.lists(seconds, min_size=QUEUES, max_size=QUEUES)


@given(visit_rows, thresholds, thresholds)
def test_visit_figures_equal_a_plain_loop(rows: list[dict[str, Any]], t: list[float], short: list[float]) -> None:
    table = Visits(**columns(rows, Visits))
    sums = kpi.sum_visits(table, QUEUES, np.array(t)[table.queue], np.array(short)[table.queue])
    for queue in range(QUEUES):
        expected = loop_visits([row for row in rows if row["queue"] == queue], t[queue], short[queue])
        for figure in kpi.VISIT_FIGURES:
            np.testing.assert_allclose(figure.of(sums)[queue], expected[figure.name], rtol=1e-9, err_msg=figure.name)


@given(visit_rows, seconds, seconds)
def test_all_together_are_one_queue_with_every_row(rows: list[dict[str, Any]], t: float, short: float) -> None:
    sums = kpi.sum_visits(Visits(**columns(rows, Visits)), QUEUES, t, short)
    expected = loop_visits(rows, t, short)
    for figure in kpi.VISIT_FIGURES:
        np.testing.assert_allclose(figure.of(sums)[-1], expected[figure.name], rtol=1e-9, err_msg=figure.name)


def loop_spans(rows: list[dict[str, Any]], member: list[list[bool]], queue: int | None) -> dict[str, float]:
    """Occupancy and utilisation of one queue (None: of all), a span at a time. Window: [20, 60)."""
    busy = ringing = available = logged_in = 0.0
    for row in rows:
        length = max(0.0, min(row["end"], 60.0) - max(row["start"], 20.0))
        own = queue is None or row["queue"] == queue
        of_member = queue is None or member[row["membership"]][queue]
        state = row["state"]
        busy += length * (own and state in {State.TALKING, State.HOLDING, State.WRAP_UP})
        ringing += length * (own and state is State.RINGING)
        available += length * (of_member and state is State.AVAILABLE)
        logged_in += length * ((own or of_member) and state is not State.LOGGED_OUT)
    return {"occupancy": over(busy, busy + ringing + available), "utilisation": over(busy, logged_in)}


members = st.lists(st.lists(st.booleans(), min_size=QUEUES, max_size=QUEUES), min_size=3, max_size=3)


@given(span_rows, members)
def test_agent_figures_equal_a_plain_loop(rows: list[dict[str, Any]], member: list[list[bool]]) -> None:
    sums = kpi.sum_time(Spans(**columns(rows, Spans)).within(20.0, 60.0), QUEUES, np.array(member))
    for place, queue in enumerate([*range(QUEUES), None]):
        expected = loop_spans(rows, member, queue)
        for figure in kpi.AGENT_FIGURES:
            np.testing.assert_allclose(figure.of(sums)[place], expected[figure.name], rtol=1e-9, err_msg=figure.name)


@given(span_rows, members, st.data())
def test_time_by_period_is_the_time_of_each_period_alone(
    rows: list[dict[str, Any]], member: list[list[bool]], data: st.DataObject
) -> None:
    time = Spans(**columns(rows, Spans)).within(20.0, 60.0)
    period = np.array(data.draw(st.lists(st.integers(0, 2), min_size=len(rows), max_size=len(rows))), int)
    by_period = kpi.sum_time_by_period(time, period, 3, QUEUES, np.array(member))
    for number in range(3):
        of_it = AgentTime(**{f.name: getattr(time, f.name)[period == number] for f in fields(AgentTime)})
        alone = kpi.sum_time(of_it, QUEUES, np.array(member))
        for f in fields(alone):
            np.testing.assert_allclose(getattr(by_period, f.name)[number], getattr(alone, f.name), rtol=1e-9)

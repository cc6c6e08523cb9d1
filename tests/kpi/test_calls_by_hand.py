"""Each figure of whole calls on a small table, with its arithmetic written out."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

import kpi
from kpi import Calls

NAN = math.nan
NOW = 20.0  # days

# queue, customer, day, answered, agent's word, asked, rating, caller's word, points, possible,
# in IVR, self-served, callback requested, done
ROWS = [
    (0, 1, 1.0, True, 1, True, 5, 1, 8.0, 10.0, True, False, False, False),  # a: again on day 8, exactly 7 days later
    (1, 1, 8.0, True, 1, True, 3, 0, 0.0, 0.0, True, False, False, False),  # b: nothing after; the caller says no
    (0, 2, 2.0, True, 1, True, 0, -1, 12.0, 20.0, False, False, False, False),  # c: again on day 9.5, too late to count
    (0, 2, 9.5, True, 0, False, 0, -1, 0.0, 0.0, True, False, False, False),  # d: nothing after; the agent says no
    (0, 3, 5.0, False, -1, False, 0, -1, 0.0, 0.0, True, False, True, True),  # e: gave up, again on day 5.5
    (0, 3, 5.5, True, -1, False, 2, -1, 3.0, 0.0, False, True, False, True),  # f: nothing after; see below
    (0, 4, 15.0, True, 1, False, 0, -1, 0.0, 0.0, False, False, True, False),  # g: young, and again on day 16
    (1, 4, 16.0, True, -1, True, 4, -1, 0.0, 0.0, False, False, False, False),  # h: young
    (0, -1, 3.0, True, 1, False, 0, 1, 5.0, 5.0, True, False, False, False),  # i: unknown
    (0, -1, 3.0, True, 0, False, 0, -1, 0.0, 0.0, False, False, True, True),  # j: unknown, and no repeat of i
    (-1, 5, 10.0, False, -1, True, 5, -1, 0.0, 0.0, True, True, False, False),  # k: self-served, again on day 10.5
    (-1, 5, 10.5, False, -1, False, 0, -1, 0.0, 0.0, True, True, False, False),  # l: self-served, nothing after
    (-1, -1, 11.0, False, -1, False, 0, -1, 0.0, 0.0, True, True, False, False),  # m: self-served, unknown
    (-1, 6, 19.5, False, -1, False, 0, -1, 0.0, 0.0, True, True, False, False),  # n: self-served half a day ago
    (-1, 7, 12.0, False, -1, False, 0, -1, 0.0, 0.0, True, False, False, False),  # o: hung up in the IVR
]
# f has what has no place: a rating unasked (it counts as an answer, not as a response), points of none possible, served
# by an IVR that it did not enter, called back unrequested.
# Followed (answered, known): queue 0: a c d f g, queue 1: b h. Older than 7 days on day 20: a c d f, b. Repeated: a.
# Young: g (repeated already), h. Marked unresolved, without a repeat: d (agent), b (caller).
# Further calls within 7 days: b (of a), f (of e), h (of g), l (of k). Known: all but i j m.
# IVR: queue 0: a d e i, queue 1: b, none: k l m n o; a day old: all but n.
BY_HAND = {
    "first_call_resolution": (2 / 4, 0 / 1, NAN, 2 / 5),  # c f; none
    "fcr_repeat": (3 / 4, 1 / 1, NAN, 4 / 5),  # c d f; b
    "fcr_agent": (4 / 6, 1 / 1, NAN, 5 / 7),  # a c g i of a c d g i j; b
    "fcr_survey": (2 / 2, 0 / 1, NAN, 2 / 3),  # a i; b says no
    "fcr_provisional_share": (1 / 5, 1 / 2, NAN, 2 / 7),  # g; h
    "repeat_call_rate": (1 / 6, 2 / 2, NAN, 4 / 12),  # f of a c d e f g; b h; and l
    "self_service_rate": (0 / 4, 0 / 1, NAN, 4 / 10),  # k l m n
    "self_service_rate_net": (0 / 4, 0 / 1, NAN, 2 / 9),  # l m
    "customer_satisfaction": (1 / 2, 1 / 2, NAN, 3 / 5),  # a of a f; h of b h; k
    "survey_response_rate": (1 / 2, 2 / 2, NAN, 4 / 5),  # a of a c; b h; k
    "quality_score": ((8 + 12 + 5) / (10 + 20 + 5), NAN, NAN, 25 / 35),
    "callback_completion_rate": (2 / 3, NAN, NAN, 2 / 3),  # e j of e g j
}


def calls(rows: list[tuple[object, ...]]) -> Calls:
    (queue, customer, day, answered, agent, asked, rating, caller, points, possible, ivr, served, callback, done) = (
        list(zip(*rows, strict=True)) or [()] * 14
    )
    return Calls(
        queue=np.array(queue, np.int64), customer=np.array(customer, np.int64),
        started_at=np.array(day, np.float64) * 86_400, answered=np.array(answered, np.bool_),
        resolved=np.array(agent, np.int8), survey_resolved=np.array(caller, np.int8),
        surveyed=np.array(asked, np.bool_), rating=np.array(rating, np.int8), points=np.array(points, np.float64),
        points_possible=np.array(possible, np.float64), in_ivr=np.array(ivr, np.bool_),
        self_served=np.array(served, np.bool_), callback_requested=np.array(callback, np.bool_),
        callback_done=np.array(done, np.bool_),
    )  # fmt: skip


def sums(rows: list[tuple[object, ...]], queues: int = 3, **days: float) -> kpi.CallSums:
    at = {name: value * 86_400 for name, value in ({"now": NOW} | days).items()}
    return kpi.sum_calls(calls(rows), queues, **at)


def test_every_call_figure_has_its_arithmetic_here() -> None:
    assert set(BY_HAND) == {figure.name for figure in kpi.CALL_FIGURES}


@pytest.mark.parametrize("figure", kpi.CALL_FIGURES, ids=lambda figure: figure.name)
@pytest.mark.parametrize("order", [ROWS, ROWS[::-1]], ids=["as they came", "backwards"])
def test_a_call_figure_equals_its_arithmetic(
    figure: kpi.Figure[kpi.CallSums], order: list[tuple[object, ...]]
) -> None:
    np.testing.assert_allclose(figure.of(sums(order)), BY_HAND[figure.name], rtol=1e-12)


def test_counts_tell_what_the_figures_leave_out() -> None:
    of = sums(ROWS)
    assert of.calls.tolist() == [8, 2, 0, 15]  # the last with those of no queue
    assert of.answered.tolist() == [7, 2, 0, 9]
    assert of.provisional_repeated.tolist() == [1, 0, 0, 1]  # g
    assert of.scored.tolist() == [3, 0, 0, 3]
    assert of.self_served_settled.tolist() == [0, 0, 0, 3]  # k l m


def test_a_repeat_within_the_last_days_does_not_make_young_calls_failures() -> None:
    # Ten calls a day ago, one of them again an hour later: the other nine may still be repeated, so nothing is known.
    young = [(0, customer, 19.0, *ROWS[0][3:]) for customer in range(10)] + [(0, 0, 19.04, *ROWS[0][3:])]
    of = sums(young)
    assert np.isnan(kpi.fcr_repeat(of)).all()
    np.testing.assert_array_equal(kpi.fcr_provisional_share(of), [1.0, NAN, NAN, 1.0])
    assert of.provisional_repeated.tolist() == [1, 0, 0, 1]


def test_a_call_as_old_as_the_window_is_no_more_provisional() -> None:
    assert sums(ROWS, now=8.0 + 7).provisional.tolist() == [2, 1, 0, 3]  # d and g, and h which is yet to come; not b
    assert sums(ROWS, now=8.0 + 6.999).provisional.tolist() == [2, 2, 0, 4]


def test_the_windows_of_a_further_call_can_be_set() -> None:
    assert sums(ROWS, repeat_within_s=1.0).settled_repeated.tolist() == [1, 0, 0, 1]  # g, by h one day later
    assert sums(ROWS, again_within_s=0.4).self_served_kept.tolist() == [0, 0, 0, 4]  # l is half a day after k; n is old


def test_calls_outside_a_span_only_tell_who_called_before_and_again() -> None:
    of = sums(ROWS, start=5.0, end=9.5)  # e f b: the border's own moment at the start is in, at the end not
    assert of.calls.tolist() == [2, 1, 0, 3]
    assert of.repeats.tolist() == [1, 1, 0, 2]  # b repeats a, which is not counted itself
    assert of.points.tolist() == [0, 0, 0, 0]
    assert sums(ROWS, start=1.0, end=1.5).settled_repeated.tolist() == [1, 0, 0, 1]


def test_of_two_calls_at_one_moment_the_first_row_is_repeated() -> None:
    of = sums([(0, 1, 1.0, *ROWS[0][3:]), (1, 1, 1.0, *ROWS[0][3:])])
    assert of.settled_repeated.tolist() == [1, 0, 0, 1]
    assert of.repeats.tolist() == [0, 1, 0, 1]


@pytest.mark.parametrize("queues", [0, 2])
def test_without_calls_every_figure_is_nan_and_every_count_zero(queues: int) -> None:
    of = sums([], queues)
    assert of.calls.tolist() == [0] * (queues + 1)
    for figure in kpi.CALL_FIGURES:
        assert np.isnan(figure.of(of)).tolist() == [True] * (queues + 1), figure.name


@pytest.mark.parametrize(("column", "value", "why"), [
    ("queue", 3, "queue codes must be -1 … 2"), ("queue", -2, "queue codes"),
    ("rating", 6, "rating codes must be 0 … 5"), ("rating", -1, "rating codes"),
    ("resolved", 2, "resolved codes"), ("survey_resolved", -2, "survey_resolved codes"),
    ("started_at", NAN, "started_at must be known"),
])  # fmt: skip
def test_a_value_that_means_nothing_is_refused(column: str, value: float, why: str) -> None:
    table = calls(ROWS)
    wrong = getattr(table, column).copy()
    wrong[4] = value
    with pytest.raises(ValueError, match=why):
        kpi.sum_calls(replace(table, **{column: wrong}), 3, NOW)

"""Each figure on a small table, with its arithmetic written out."""

from __future__ import annotations

import math

import numpy as np
import pytest

import kpi
from kpi import Outcome, Spans, State, Visits

NAN = math.nan

# queue, wait, outcome, talk (hold included), hold, wrap-up, transferred, attempts, of them without an answer
ROWS = [
    (0, 10.0, Outcome.ANSWERED, 100.0, 20.0, 30.0, False, 1, 0),
    (0, 20.0, Outcome.ANSWERED, 200.0, 0.0, 0.0, True, 3, 2),  # exactly T: in time
    (0, 20.5, Outcome.ANSWERED, 60.0, 10.0, 15.0, False, 1, 0),
    (0, 4.9, Outcome.ABANDONED, 0.0, 0.0, 0.0, False, 0, 0),  # short
    (0, 5.0, Outcome.ABANDONED, 0.0, 0.0, 0.0, False, 1, 0),  # exactly the short-abandon threshold: not short
    (0, 50.0, Outcome.ABANDONED, 0.0, 0.0, 0.0, False, 1, 1),
    (0, 90.0, Outcome.TIMED_OUT, 0.0, 0.0, 0.0, False, 1, 1),
    (0, 7.0, Outcome.EXITED, 0.0, 0.0, 0.0, False, 0, 0),
    (0, 15.0, Outcome.WAITING, 0.0, 0.0, 0.0, False, 0, 0),
    (0, 35.0, Outcome.WAITING, 0.0, 0.0, 0.0, False, 0, 0),
    (0, 0.0, Outcome.REFUSED_FULL, 0.0, 0.0, 0.0, False, 0, 0),
    (0, NAN, Outcome.REFUSED_EMPTY, 0.0, 0.0, 0.0, False, 0, 0),
    (1, 8.0, Outcome.ANSWERED, 40.0, 0.0, 10.0, False, 2, 1),
    (1, NAN, Outcome.UNKNOWN, 0.0, 0.0, 0.0, False, 0, 0),
    (1, 300.0, Outcome.PBX_LOST, 0.0, 0.0, 0.0, False, 0, 0),
]
# Queue 0: O = 12 - 2 refused = 10, A = 3, A(wait<=20) = 2, B = 3, B(wait<=20) = 2, Bs = 1, W = 2, W(wait<=20) = 1.
# Queue 1: O = 3, A = A(wait<=20) = 1.  Queue 2: nothing.  All: O = 13, A = 4, A(wait<=20) = 3, B = 3, Bs = 1.
BY_HAND = {
    "service_level": (2 / (10 - 1), 1 / 3, NAN, 3 / (13 - 1)),
    "service_level_answered": (2 / 3, 1 / 1, NAN, 3 / 4),
    "service_level_with_abandons": ((2 + 2) / (3 + 3), 1 / 1, NAN, (3 + 2) / (4 + 3)),
    "service_level_live": (2 / (10 - 1 - 1), 1 / 3, NAN, 3 / (13 - 1 - 1)),
    "abandon_rate": ((3 - 1) / (10 - 1), 0 / 3, NAN, (3 - 1) / (13 - 1)),
    "average_speed_of_answer": ((10 + 20 + 20.5) / 3, 8.0, NAN, (10 + 20 + 20.5 + 8) / 4),
    "longest_wait": (90.0, 300.0, NAN, 300.0),
    "average_talk_time": ((100 + 200 + 60 - 20 - 10) / 3, 40.0, NAN, (330 + 40) / 4),
    "average_hold_time": ((20 + 0 + 10) / 3, 0.0, NAN, 30 / 4),
    "average_wrap_up_time": ((30 + 0 + 15) / 3, 10.0, NAN, (45 + 10) / 4),
    "average_handle_time": ((100 + 200 + 60 + 30 + 0 + 15) / 3, 50.0, NAN, (405 + 50) / 4),
    "transfer_rate": (1 / 3, 0 / 1, NAN, 1 / 4),
    "ring_no_answer_rate": ((0 + 2 + 0 + 0 + 1 + 1) / (1 + 3 + 1 + 0 + 1 + 1 + 1), 1 / 2, NAN, 5 / 10),
}


def visits(rows: list[tuple[object, ...]]) -> Visits:
    columns = list(zip(*rows, strict=True)) or [()] * 9
    queue, wait, outcome, talk, hold, wrap_up, transferred, attempts, unanswered = columns
    return Visits(
        queue=np.array(queue, np.int64), entered_at=np.zeros(len(rows)), wait_s=np.array(wait, np.float64),
        outcome=np.array(outcome, np.int8), talk_s=np.array(talk, np.float64), hold_s=np.array(hold, np.float64),
        wrap_up_s=np.array(wrap_up, np.float64), transferred=np.array(transferred, np.bool_),
        attempts=np.array(attempts, np.int64), ring_no_answer=np.array(unanswered, np.int64),
    )  # fmt: skip


def test_every_visit_figure_has_its_arithmetic_here() -> None:
    assert set(BY_HAND) == {figure.name for figure in kpi.VISIT_FIGURES}


@pytest.mark.parametrize("figure", kpi.VISIT_FIGURES, ids=lambda figure: figure.name)
def test_a_visit_figure_equals_its_arithmetic(figure: kpi.Figure[kpi.VisitSums]) -> None:
    sums = kpi.sum_visits(visits(ROWS), queues=3, threshold_s=20.0, short_abandon_s=5.0)
    np.testing.assert_allclose(figure.of(sums), BY_HAND[figure.name], rtol=1e-12)


def test_counts_say_how_every_visit_ended() -> None:
    sums = kpi.sum_visits(visits(ROWS), queues=3)
    assert sums.offered.tolist() == [10, 3, 0, 13]
    assert sums.refused_full.tolist() == [1, 0, 0, 1]
    assert sums.refused_empty.tolist() == [1, 0, 0, 1]
    assert sums.waiting.tolist() == [2, 0, 0, 2]
    assert sums.short_abandoned.tolist() == [1, 0, 0, 1]
    assert sums.wait_abandoned_s.tolist() == [4.9 + 5.0 + 50.0, 0, 0, 4.9 + 5.0 + 50.0]


def test_each_row_may_have_a_threshold_of_its_own() -> None:
    waits = [(0, 15.0, Outcome.ANSWERED), (1, 15.0, Outcome.ANSWERED), (0, 7.0, Outcome.ABANDONED),
             (1, 7.0, Outcome.ABANDONED)]  # fmt: skip
    rows = visits([(*row, 0, 0, 0, False, 0, 0) for row in waits])
    threshold_s, short_abandon_s = np.array([10.0, 20.0]), np.array([5.0, 10.0])
    sums = kpi.sum_visits(rows, 2, threshold_s[rows.queue], short_abandon_s[rows.queue])
    # Queue 0: 15 s is late, 7 s is not short: 0 / 2.  Queue 1: in time, short: 1 / (2 - 1).  All: 1 / (4 - 1).
    assert kpi.service_level(sums).tolist() == [0.0, 1.0, 1 / 3]
    assert kpi.abandon_rate(sums).tolist() == [0.5, 0.0, 1 / 3]


@pytest.mark.parametrize("queues", [0, 2])
def test_without_rows_every_figure_is_nan_and_every_count_zero(queues: int) -> None:
    sums = kpi.sum_visits(visits([]), queues)
    assert sums.offered.tolist() == [0] * (queues + 1)
    for figure in kpi.VISIT_FIGURES:
        assert np.isnan(figure.of(sums)).tolist() == [True] * (queues + 1), figure.name
    none = np.array([], np.int64)
    spans = Spans(none, none, none, none, none.astype(np.float64), none.astype(np.float64))
    time = kpi.sum_time(spans.within(0, 10), queues, np.zeros((1, queues), np.bool_))
    for agent_figure in kpi.AGENT_FIGURES:
        assert np.isnan(agent_figure.of(time)).tolist() == [True] * (queues + 1), agent_figure.name


def test_a_queue_code_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="queue codes must be 0 … 0"):
        kpi.sum_visits(visits(ROWS), queues=1)


def test_columns_of_unequal_length_are_refused() -> None:
    two, three = np.zeros(2, np.int64), np.zeros(3)
    with pytest.raises(ValueError, match="unequal length"):
        Spans(two, two, two, two, three, three)


# Two agents; agent 0 is in queues 0 and 1 (membership 0), agent 1 in queue 1 only (membership 1). Window [100, 200).
# agent, queue, membership, state, start, end
SPANS = [
    (0, -1, 0, State.AVAILABLE, 50.0, 120.0),  # 20 s of it within
    (0, 0, 0, State.RINGING, 120.0, 125.0),
    (0, 0, 0, State.TALKING, 125.0, 155.0),
    (0, 0, 0, State.HOLDING, 155.0, 160.0),
    (0, 0, 0, State.WRAP_UP, 160.0, 170.0),
    (0, -1, 0, State.PAUSED, 170.0, 190.0),
    (0, -1, 0, State.LOGGED_OUT, 190.0, math.inf),
    (1, 0, 1, State.TALKING, 90.0, 140.0),  # 40 s within, on a call of a queue that it is no member of
    (1, -1, 1, State.TALKING, 140.0, 150.0),  # a call without a queue
    (1, -1, 1, State.UNREACHABLE, 150.0, 180.0),
    (1, 1, 1, State.TALKING, 180.0, math.inf),  # 20 s within
    (1, -1, 1, State.AVAILABLE, 10.0, 90.0),  # before the window
]


def test_agents_time_equals_its_arithmetic() -> None:
    agent, queue, membership, state, start, end = (np.array(c) for c in zip(*SPANS, strict=True))
    spans = Spans(agent, queue, membership, state.astype(np.int8), start, end)
    sums = kpi.sum_time(spans.within(100.0, 200.0), 2, np.array([[True, True], [False, True]]))
    assert sums.busy_s.tolist() == [(30 + 5 + 10) + 40, 20, (30 + 5 + 10) + 40 + 10 + 20]
    assert sums.ringing_s.tolist() == [5, 0, 5]
    assert sums.available_s.tolist() == [20, 20, 20]
    # Queue 0: agent 0 for 90 s, and agent 1's 40 s on its call. Queue 1: its members, 90 s and 100 s.
    assert sums.logged_in_s.tolist() == [90 + 40, 90 + 100, 90 + 100]
    assert kpi.occupancy(sums).tolist() == [85 / (85 + 5 + 20), 20 / (20 + 0 + 20), 115 / (115 + 5 + 20)]
    assert kpi.utilisation(sums).tolist() == [85 / 130, 20 / 190, 115 / 190]


@pytest.mark.parametrize("outcome", [-1, len(Outcome), 99])
def test_an_outcome_that_there_is_not_is_no_visit_of_another_queue(outcome: int) -> None:
    zeros, no = np.zeros(2), np.zeros(2, np.intp)
    visits = Visits(np.array([0, 1]), zeros, zeros, np.array([outcome, 1]), zeros, zeros, zeros, no > 0, no, no)
    with pytest.raises(ValueError, match=r"^outcome codes must be 0 … 10$"):
        kpi.sum_visits(visits, 2)

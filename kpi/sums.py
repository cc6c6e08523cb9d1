"""Counts and sums by queue, the ground of every figure. Pure.

Each field is an array of ``queues + 1`` numbers: one for each queue code, and the last for all queues together. Sums
of parts of a history may be made elsewhere (in SQL, say) and given to the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kpi.columns import REFUSED, AgentTime, Bools, Floats, Integers, Outcome, State, Visits


@dataclass(frozen=True, slots=True)
class VisitSums:
    """What the visits of each queue add up to: counts, then seconds.

    ``offered`` is every visit but the refused, those still waiting included. ``…_in_time``: wait <= threshold, the
    threshold's own moment included; ``short_abandoned``: wait < the short-abandon threshold. ``longest_wait_s`` is
    NaN without a visit whose wait is known.
    """

    offered: Integers
    answered: Integers
    abandoned: Integers
    short_abandoned: Integers
    timed_out: Integers
    exited: Integers
    left_empty: Integers
    withdrawn: Integers
    refused_full: Integers
    refused_empty: Integers
    pbx_lost: Integers
    unknown: Integers
    waiting: Integers
    answered_in_time: Integers
    abandoned_in_time: Integers
    waiting_in_time: Integers
    attempts: Integers
    ring_no_answer: Integers
    transferred: Integers
    wait_answered_s: Floats
    wait_abandoned_s: Floats
    talk_s: Floats
    hold_s: Floats
    wrap_up_s: Floats
    longest_wait_s: Floats


@dataclass(frozen=True, slots=True)
class TimeSums:
    """Seconds of agents by state for each queue.

    ``busy_s`` (talking, holding, wrap-up) and ``ringing_s`` belong to the queue whose call it was. ``available_s``
    counts fully for every queue that the agent is a member of: who sits in two queues is available to both.
    ``logged_in_s`` is all time but logged out of the queue's members, whatever they did, and of others the time they
    spent on this queue's calls. The last number (all queues) counts every span once, calls without a queue included.
    """

    busy_s: Floats
    ringing_s: Floats
    available_s: Floats
    logged_in_s: Floats


@dataclass(frozen=True, slots=True)
class ForecastSums:
    """Calls of the intervals that have both an actual and a forecast number; ``left_out`` counts the others.

    ``error`` adds up actual - forecast, ``absolute_error`` the same without its sign, an interval at a time.
    """

    intervals: Integers
    left_out: Integers
    actual: Floats
    error: Floats
    absolute_error: Floats


BUSY = [State.TALKING, State.HOLDING, State.WRAP_UP]
LOGGED_IN = [state for state in State if state is not State.LOGGED_OUT]


def ratio(part: Floats | Integers, whole: Floats | Integers) -> Floats:
    """part / whole, NaN where whole is 0."""
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def sum_visits(
    visits: Visits, queues: int, threshold_s: float | Floats = 20.0, short_abandon_s: float | Floats = 5.0
) -> VisitSums:
    """The counts and sums of ``queues`` queues (codes 0 … queues - 1), and of all.

    The thresholds are one number, or an array with one for each *row* (``by_queue[visits.queue]``). ValueError for a
    queue code out of range.
    """
    if len(visits.queue) and not 0 <= int(visits.queue.min()) <= int(visits.queue.max()) < queues:
        raise ValueError(f"queue codes must be 0 … {queues - 1}")
    counts = _counts(visits, queues, threshold_s, short_abandon_s)
    in_time, every = counts[:, :, 1].sum(axis=2), counts.sum(axis=(2, 3))
    wait = np.nan_to_num(visits.wait_s)
    return VisitSums(
        offered=every.sum(axis=1) - every[:, REFUSED].sum(axis=1),
        short_abandoned=counts[:, Outcome.ABANDONED, :, 1].sum(axis=1),
        answered_in_time=in_time[:, Outcome.ANSWERED],
        abandoned_in_time=in_time[:, Outcome.ABANDONED],
        waiting_in_time=in_time[:, Outcome.WAITING],
        attempts=_sums(visits, visits.attempts, queues).astype(np.int64),
        ring_no_answer=_sums(visits, visits.ring_no_answer, queues).astype(np.int64),
        transferred=_sums(visits, visits.transferred, queues).astype(np.int64),
        wait_answered_s=_sums(visits, wait * (visits.outcome == Outcome.ANSWERED), queues),
        wait_abandoned_s=_sums(visits, wait * (visits.outcome == Outcome.ABANDONED), queues),
        talk_s=_sums(visits, visits.talk_s, queues),
        hold_s=_sums(visits, visits.hold_s, queues),
        wrap_up_s=_sums(visits, visits.wrap_up_s, queues),
        longest_wait_s=_longest(visits, queues),
        **{outcome.name.lower(): every[:, outcome] for outcome in Outcome},
    )


def _counts(visits: Visits, queues: int, threshold_s: float | Floats, short_s: float | Floats) -> Integers:
    """Visits by (queue or all, outcome, in time, short), by one pass over the rows."""
    kind = visits.queue.astype(np.intp) * len(Outcome) + visits.outcome
    kind = (kind * 2 + (visits.wait_s <= threshold_s)) * 2 + (visits.wait_s < short_s)
    counts = np.bincount(kind, minlength=queues * len(Outcome) * 4).reshape(queues, len(Outcome), 2, 2)
    return np.concatenate([counts, counts.sum(axis=0, keepdims=True)])


def _sums(visits: Visits, values: Floats | Integers | Bools, queues: int) -> Floats:
    by_queue = np.bincount(visits.queue, weights=np.asarray(values, np.float64), minlength=queues)
    return np.append(by_queue, by_queue.sum()).astype(np.float64)


def _longest(visits: Visits, queues: int) -> Floats:
    longest = np.full(queues + 1, np.nan)
    refused = (visits.outcome == REFUSED[0]) | (visits.outcome == REFUSED[1])
    np.fmax.at(longest, visits.queue, np.where(refused, np.nan, visits.wait_s))
    longest[-1] = np.fmax.reduce(longest)
    return longest


def sum_time(time: AgentTime, queues: int, memberships: Bools) -> TimeSums:
    """The agents' seconds for ``queues`` queues, and for all.

    ``memberships[m, q]``: time of ``membership`` m is of an agent who was a member of queue q. An agent without any
    known membership has a row of False: a queue then counts only what that agent did on its calls.
    """
    own = _by_state(time.queue + 1, time.state, time.seconds, queues + 1)
    every, own = own.sum(axis=0), own[1:]
    by_membership = _by_state(time.membership, time.state, time.seconds, len(memberships))
    members = memberships.T.astype(np.float64) @ by_membership
    return TimeSums(
        busy_s=np.append(own[:, BUSY].sum(axis=1), every[BUSY].sum()),
        ringing_s=np.append(own[:, State.RINGING], every[State.RINGING]),
        available_s=np.append(members[:, State.AVAILABLE], every[State.AVAILABLE]),
        logged_in_s=np.append(members[:, LOGGED_IN].sum(axis=1) + _guests(time, memberships), every[LOGGED_IN].sum()),
    )


def _guests(time: AgentTime, memberships: Bools) -> Floats:
    """Seconds on each queue's calls of agents who were no members of it."""
    rows = np.flatnonzero((time.queue >= 0) & (time.state != State.LOGGED_OUT))
    queue = time.queue[rows]
    seconds = time.seconds[rows] * ~memberships[time.membership[rows], queue]
    return np.bincount(queue, weights=seconds, minlength=memberships.shape[1]).astype(np.float64)


def _by_state(code: Integers, state: Integers, seconds: Floats, codes: int) -> Floats:
    cell = code.astype(np.intp) * len(State) + state
    sums = np.bincount(cell, weights=seconds, minlength=codes * len(State))
    return sums.reshape(codes, len(State)).astype(np.float64)


def sum_forecast(actual: Floats, forecast: Floats, queue: Integers, queues: int) -> ForecastSums:
    """What the forecasts of ``queues`` queues were off by, and all together; one row an interval and a queue.

    NaN says that a number is not known (no forecast was made, or the interval was not seen): the row is left out, for
    a forecast that is missing is not a forecast of no calls. In the last number the errors of the queues are added
    up; what one has too many does not make up for what another lacks. ValueError for a queue code out of range.
    """
    if len(queue) and not 0 <= int(queue.min()) <= int(queue.max()) < queues:
        raise ValueError(f"queue codes must be 0 … {queues - 1}")
    error = actual - forecast
    known = ~np.isnan(error)

    def total(values: Floats | Bools) -> Floats:
        by_queue = np.bincount(queue, weights=values.astype(np.float64), minlength=queues)
        return np.append(by_queue, by_queue.sum()).astype(np.float64)

    return ForecastSums(
        intervals=total(known).astype(np.int64),
        left_out=total(~known).astype(np.int64),
        actual=total(np.where(known, actual, 0.0)),
        error=total(np.where(known, error, 0.0)),
        absolute_error=total(np.where(known, np.abs(error), 0.0)),
    )

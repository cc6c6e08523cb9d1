"""Counts and sums by queue, the ground of every figure. Pure.

Each field is an array of ``queues + 1`` numbers: one for each queue code, and the last for all queues together. Sums
of parts of a history may be made elsewhere (in SQL, say) and given to the same figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

BLOCK = 1 << 15
"""Rows that are summed at once."""
_SECONDS = {"wait_answered_s", "wait_abandoned_s", "talk_s", "hold_s", "wrap_up_s", "longest_wait_s"}


def ratio(part: Floats | Integers, whole: Floats | Integers) -> Floats:
    """part / whole, NaN where whole is 0."""
    out = np.full(len(whole), np.nan)
    np.divide(part, whole, out=out, where=whole > 0)
    return out


def _check(name: str, codes: Integers, count: int) -> None:
    if len(codes) and not 0 <= int(codes.min()) <= int(codes.max()) < count:
        raise ValueError(f"{name} codes must be 0 … {count - 1}")


def sum_visits(
    visits: Visits, queues: int, threshold_s: float | Floats = 20.0, short_abandon_s: float | Floats = 5.0
) -> VisitSums:
    """The counts and sums of ``queues`` queues (codes 0 … queues - 1), and of all.

    The thresholds are one number, or an array with one for each *row* (``by_queue[visits.queue]``). ValueError for a
    queue code or an outcome out of range.

    Rows that are in the order of time or of queue are summed fastest, whatever the number of codes: a block of them
    needs few of the sums, and what it needs besides stays in the processor's cache.
    """
    _check("queue", visits.queue, queues)
    _check("outcome", visits.outcome, len(Outcome))
    sums: dict[str, Any] = {
        name: np.zeros(queues + 1, np.float64 if name in _SECONDS else np.int64) for name in VisitSums.__slots__
    }
    longest = np.full(queues + 1, -np.inf)
    for start in range(0, len(visits.queue), BLOCK):
        rows = slice(start, start + BLOCK)
        place, code = _local(visits.queue[rows])
        of_block = _block(visits, rows, code, _of(threshold_s, rows), _of(short_abandon_s, rows))
        longest[place] = np.maximum(longest[place], of_block.pop("longest_wait_s"))
        for name, values in of_block.items():
            sums[name][place] += values.astype(sums[name].dtype, copy=False)
    longest[-1] = longest.max()
    for column in sums.values():
        column[-1] = column[:-1].sum()
    sums["longest_wait_s"] = np.where(np.isneginf(longest), np.nan, longest)
    return VisitSums(**sums)


def _of(threshold_s: float | Floats, rows: slice) -> float | Floats:
    return threshold_s[rows] if isinstance(threshold_s, np.ndarray) and threshold_s.ndim else threshold_s


def _local(queue: Integers) -> tuple[slice | Integers, Integers]:
    """The queues of a block, as places in the sums, and for each row which of them it is of."""
    first, last = int(queue.min()), int(queue.max())
    if last - first < 2 * len(queue):
        return slice(first, last + 1), (queue - first).astype(np.intp)
    return np.unique(queue, return_inverse=True)


def _block(
    visits: Visits, rows: slice, code: Integers, threshold_s: float | Floats, short_s: float | Floats
) -> dict[str, Floats | Integers]:
    """The sums of some rows, by code."""
    codes, wait, outcome = int(code.max()) + 1, visits.wait_s[rows], visits.outcome[rows]
    kind = code * len(Outcome) + outcome

    def by_outcome(values: Floats | Bools | None = None) -> Floats | Integers:
        return np.bincount(kind, values, codes * len(Outcome)).reshape(codes, len(Outcome))

    every, within = by_outcome(), by_outcome(wait <= threshold_s)
    waits = by_outcome(np.where(np.isnan(wait), 0.0, wait))
    short = np.bincount(code, (outcome == Outcome.ABANDONED) & (wait < short_s), codes)
    added = ("talk_s", "hold_s", "wrap_up_s", "attempts", "ring_no_answer", "transferred")
    return {
        "offered": every.sum(axis=1) - every[:, REFUSED[0]] - every[:, REFUSED[1]],
        "short_abandoned": short,
        "answered_in_time": within[:, Outcome.ANSWERED],
        "abandoned_in_time": within[:, Outcome.ABANDONED],
        "waiting_in_time": within[:, Outcome.WAITING],
        "wait_answered_s": waits[:, Outcome.ANSWERED],
        "wait_abandoned_s": waits[:, Outcome.ABANDONED],
        "longest_wait_s": _longest(code, codes, wait, outcome),
        **{name: np.bincount(code, getattr(visits, name)[rows], codes) for name in added},
        **{of.name.lower(): every[:, of] for of in Outcome},
    }


def _longest(code: Integers, codes: int, wait: Floats, outcome: Integers) -> Floats:
    """By code the largest wait; -inf where none is known."""
    longest = np.full(codes, -np.inf)
    let_in = (outcome != REFUSED[0]) & (outcome != REFUSED[1])
    np.fmax.at(longest, code, np.where(let_in, wait, -np.inf))  # NaN, not known, is less than any
    return longest


def sum_time(time: AgentTime, queues: int, memberships: Bools) -> TimeSums:
    """The agents' seconds for ``queues`` queues, and for all.

    ``memberships[m, q]``: time of ``membership`` m is of an agent who was a member of queue q. An agent without any
    known membership has a row of False: a queue then counts only what that agent did on its calls.
    """
    sums = sum_time_by_period(time, np.zeros(len(time.queue), np.intp), 1, queues, memberships)
    return TimeSums(sums.busy_s[0], sums.ringing_s[0], sums.available_s[0], sums.logged_in_s[0])


def sum_time_by_period(
    time: AgentTime, period: Integers, periods: int, queues: int, memberships: Bools | None
) -> TimeSums:
    """As :func:`sum_time` for each of ``periods`` periods: each field is (periods, queues + 1) numbers.

    ``period`` is that of each row, 0 … periods - 1. ``memberships`` None: that of code q is of queue q alone, as a
    matrix of as many agents as queues would be too large.
    """
    kind = (time.queue + 1) * len(State) + time.state
    own = _by_place(time.seconds, period, periods, kind, (queues + 1) * len(State))
    own = own.reshape(periods, queues + 1, len(State))
    every, own = own.sum(axis=1, keepdims=True), own[:, 1:]
    logged_in_s = time.seconds * (time.state != State.LOGGED_OUT)

    def of_members(seconds: Floats) -> Floats:
        if memberships is None:
            return _by_place(seconds, period, periods, time.membership, queues)
        return _shared(_by_place(seconds, period, periods, time.membership, len(memberships)), memberships)

    def total(by_queue: Floats, every: Floats) -> Floats:
        return np.concatenate([by_queue, every], axis=1)

    guest = time.queue >= 0
    on = time.membership[guest], time.queue[guest]
    guest[guest] = on[0] != on[1] if memberships is None else ~memberships[on]
    as_guests = _by_place(logged_in_s[guest], period[guest], periods, time.queue[guest], queues)
    present = of_members(logged_in_s) + as_guests
    return TimeSums(
        busy_s=total(own[..., BUSY].sum(axis=2), every[..., BUSY].sum(axis=2)),
        ringing_s=total(own[..., State.RINGING], every[..., State.RINGING]),
        available_s=total(of_members(time.seconds * (time.state == State.AVAILABLE)), every[..., State.AVAILABLE]),
        logged_in_s=total(present, every[..., LOGGED_IN].sum(axis=2)),
    )


def _shared(by_membership: Floats, memberships: Bools) -> Floats:
    """by_membership @ memberships, some at a time: as numbers the matrix is eight times as large."""
    sums = np.zeros((len(by_membership), memberships.shape[1]))
    for start in range(0, len(memberships), 1024):
        some = slice(start, start + 1024)
        sums += by_membership[:, some] @ memberships[some].astype(np.float64)
    return sums


def _by_place(seconds: Floats, period: Integers, periods: int, place: Integers, places: int) -> Floats:
    """Seconds by (period, place), by one pass over the rows."""
    sums = np.bincount(period.astype(np.intp) * places + place, weights=seconds, minlength=periods * places)
    return sums.reshape(periods, places).astype(np.float64)


def sum_forecast(actual: Floats, forecast: Floats, queue: Integers, queues: int) -> ForecastSums:
    """What the forecasts of ``queues`` queues were off by, and all together; one row an interval and a queue.

    NaN says that a number is not known (no forecast was made, or the interval was not seen): the row is left out, for
    a forecast that is missing is not a forecast of no calls. In the last number the errors of the queues are added
    up; what one has too many does not make up for what another lacks. ValueError for a queue code out of range.
    """
    _check("queue", queue, queues)
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

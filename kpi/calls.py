"""Counts of whole calls by queue: repeats, resolution, self-service, surveys, quality, callbacks. Pure.

Each field is an array of ``queues + 1`` numbers, as in :mod:`kpi.sums`; a call that went to no queue is in the last
only.

A *further call* is any later call of the same customer: to whatever queue or the IVR alone, answered or not. Of two at
the same moment the row that stands first is the earlier.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from kpi.columns import Bools, Calls, Floats, Integers

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class CallSums:
    """What the calls of each queue add up to: counts, then points.

    *Followed* are answered calls of known customers: only of them can be said whether the customer had to call again.
    They are ``settled`` when as old as the repeat window, and ``provisional`` while younger, *whether a further call
    came already or not*: were a young call to leave the provisional ones as soon as it is repeated, those of this
    week would be judged by the failures alone. ``settled_repeated`` and ``provisional_repeated`` had a further call
    within the window; ``resolved_first`` are settled ones without, that neither agent nor caller marked unresolved.

    ``known``: of a known customer; ``repeats``: of those, the calls that are themselves a further call.
    ``agent_said``, ``survey_said``: answered calls of which somebody said whether they are resolved;
    ``agent_resolved``, ``survey_resolved``: of those, the resolved.
    ``rated``: gave 1 to 5; ``satisfied``: 4 or 5; ``surveyed_rated``: were asked and gave 1 to 5.
    ``in_ivr``, ``self_served``: entered it, and were finished there. ``…_settled``: of those, calls as old as the
    window of self-service; ``self_served_kept``: of the settled self-served, those without a further call within it.
    """

    calls: Integers
    answered: Integers
    known: Integers
    repeats: Integers
    settled: Integers
    settled_repeated: Integers
    provisional: Integers
    provisional_repeated: Integers
    resolved_first: Integers
    agent_said: Integers
    agent_resolved: Integers
    survey_said: Integers
    survey_resolved: Integers
    surveyed: Integers
    surveyed_rated: Integers
    rated: Integers
    satisfied: Integers
    scored: Integers
    in_ivr: Integers
    self_served: Integers
    in_ivr_settled: Integers
    self_served_settled: Integers
    self_served_kept: Integers
    callback_requested: Integers
    callback_done: Integers
    points: Floats
    points_possible: Floats


def sum_calls(
    calls: Calls, queues: int, now: float | Floats, repeat_within_s: float = 7 * DAY_S, again_within_s: float = DAY_S,
    start: float = -math.inf, end: float = math.inf,
) -> CallSums:
    """The counts of ``queues`` queues (codes 0 … queues - 1, -1 for none), and of all. O(n log n).

    Only calls that started within [start, end) count; the others tell who called before and again, so give the repeat
    window's days on either side too. ``now`` is the moment up to which calls are known, one for all or one for each
    row: it decides which of them are still provisional. A further call exactly ``repeat_within_s`` later is within the
    window. ``again_within_s`` is the window of self-service. ValueError for a code out of range or a start that is not
    known.
    """
    _check(calls, queues)
    since, until = _gaps(calls)
    counted = (start <= calls.started_at) & (calls.started_at < end)
    scored = counted & (calls.points_possible > 0)
    place = calls.queue.astype(np.intp) + 1
    age = now - calls.started_at
    kinds = {
        **_answered(calls, age >= repeat_within_s, until <= repeat_within_s),
        **_self_served(calls, age >= again_within_s, until <= again_within_s),
        **_others(calls, since <= repeat_within_s),
    }
    return CallSums(
        points=_by_queue(place[scored], queues, calls.points[scored]),
        points_possible=_by_queue(place[scored], queues, calls.points_possible[scored]),
        **{name: _by_queue(place[counted & rows], queues).astype(np.int64) for name, rows in kinds.items()},
    )


def _check(calls: Calls, queues: int) -> None:
    allowed = {"queue": (-1, queues - 1), "resolved": (-1, 1), "survey_resolved": (-1, 1), "rating": (0, 5)}
    for name, (least, most) in allowed.items():
        column = getattr(calls, name)
        if len(column) and not least <= int(column.min()) <= int(column.max()) <= most:
            raise ValueError(f"{name} codes must be {least} … {most}")
    if not np.isfinite(calls.started_at).all():
        raise ValueError("started_at must be known for every call")


def _gaps(calls: Calls) -> tuple[Floats, Floats]:
    """Seconds since the same customer's call before each, and until the one after it; inf without one."""
    rows = np.flatnonzero(calls.customer >= 0)
    rows = rows[np.argsort(calls.started_at[rows], kind="stable")]
    # By customer, then by time: a sort of plain integers takes a quarter of np.lexsort's time.
    rows = rows[np.sort(calls.customer[rows].astype(np.int64) * len(rows) + np.arange(len(rows))) % max(len(rows), 1)]
    customer = calls.customer[rows]
    gap = np.where(customer[1:] == customer[:-1], np.diff(calls.started_at[rows]), np.inf)
    since, until = np.full(len(calls.customer), np.inf), np.full(len(calls.customer), np.inf)
    since[rows[1:]], until[rows[:-1]] = gap, gap
    return since, until


def _answered(calls: Calls, settled: Bools, repeated: Bools) -> dict[str, Bools]:
    """Which rows each count of resolution takes."""
    followed = calls.answered & (calls.customer >= 0)
    unresolved = (calls.resolved == 0) | (calls.survey_resolved == 0)
    return {
        "answered": calls.answered,
        "settled": followed & settled,
        "settled_repeated": followed & settled & repeated,
        "provisional": followed & ~settled,
        "provisional_repeated": followed & ~settled & repeated,
        "resolved_first": followed & settled & ~repeated & ~unresolved,
        "agent_said": calls.answered & (calls.resolved >= 0),
        "agent_resolved": calls.answered & (calls.resolved == 1),
        "survey_said": calls.answered & (calls.survey_resolved >= 0),
        "survey_resolved": calls.answered & (calls.survey_resolved == 1),
    }


def _self_served(calls: Calls, settled: Bools, again: Bools) -> dict[str, Bools]:
    """Which rows each count of self-service takes."""
    served = calls.in_ivr & calls.self_served
    return {
        "in_ivr": calls.in_ivr,
        "self_served": served,
        "in_ivr_settled": calls.in_ivr & settled,
        "self_served_settled": served & settled,
        "self_served_kept": served & settled & ~again,
    }


def _others(calls: Calls, repeat: Bools) -> dict[str, Bools]:
    """Which rows each other count takes."""
    return {
        "calls": np.ones(len(calls.queue), np.bool_),
        "known": calls.customer >= 0,
        "repeats": repeat,
        "surveyed": calls.surveyed,
        "surveyed_rated": calls.surveyed & (calls.rating > 0),
        "rated": calls.rating > 0,
        "satisfied": calls.rating >= 4,
        "scored": calls.points_possible > 0,
        "callback_requested": calls.callback_requested,
        "callback_done": calls.callback_requested & calls.callback_done,
    }


def _by_queue(place: Integers, queues: int, values: Floats | None = None) -> Floats:
    """Rows, or their values, by place (queue code + 1), and of all: those of no queue are in the last only."""
    sums = np.bincount(place, values, minlength=queues + 1)
    return np.append(sums[1:], sums.sum()).astype(np.float64)

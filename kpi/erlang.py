"""Erlang C: how long callers wait when so many agents take so many calls, and how many agents that asks for. Pure.

The model: calls arrive at random (Poisson) at an even rate, take exponential times, wait in one line for the next of
equal agents, and nobody gives up. Callers who do give up shorten the line, so it asks for rather too many agents.

Arrays of any shapes that fit together (numpy's broadcasting), one number an interval; so are thresholds and targets.
A load of A erlangs keeps A agents busy all the time: calls * handle time / length of the interval.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from kpi.columns import Bools, Floats, Integers

NEARLY = 1e-9
"""What rounding may add: 9 / (1 - 0.1) agents are 10, and 8.5 erlangs fill ten agents to 0.85 and not more."""


def erlang_c(agents: ArrayLike, erlangs: ArrayLike) -> Floats:
    """The probability that a call must wait; 1 when the load is as many as the agents or more. ValueError when < 0.

    Source: A. K. Erlang, 1917, by way of his loss formula B, which stays within 0 and 1 for thousands of agents where
    A^n / n! of the textbooks overflows.
    """
    load, staff = np.broadcast_arrays(np.asarray(erlangs, np.float64), np.asarray(agents))
    _refuse(~(np.isfinite(load) & (load >= 0)), "erlangs must be numbers of 0 or more")
    whole = np.isfinite(staff) & (staff >= 0) & (staff == np.floor(staff))
    _refuse(~whole, "agents must be whole numbers of 0 or more")
    blocked = np.ones(load.shape)
    most = int(staff.max(initial=0))
    for n, lost in _losses(load):
        blocked = np.where(staff == n, lost, blocked)
        if n >= most:
            break
    return _waiting(staff, load, blocked)


def service_level_expected(
    agents: ArrayLike, calls: ArrayLike, handle_time_s: ArrayLike, interval_s: ArrayLike, threshold_s: ArrayLike
) -> Floats:
    """1 - C * exp(-(agents - A) * threshold / handle time): the share of calls answered within the threshold.

    Ratio; NaN without calls; 0 when the agents cannot carry the load. ValueError for a negative number, or a handle
    time of 0 or NaN where there are calls. Source: the waiting time of M/M/n.
    """
    load, handle = _load(calls, handle_time_s, interval_s)
    limit = np.asarray(threshold_s, np.float64)
    _refuse(~(np.isfinite(limit) & (limit >= 0)), "threshold_s must be a number of 0 or more")
    level = _level(np.asarray(agents), load, erlang_c(agents, load), limit / handle)
    return np.where(load > 0, level, np.nan)


def agents_required(
    calls: ArrayLike, handle_time_s: ArrayLike, interval_s: ArrayLike, threshold_s: ArrayLike, target: ArrayLike,
    max_occupancy: ArrayLike = 0.85, shrinkage: ArrayLike = 0.0,
) -> Integers:
    """The least agents that reach the target service level and keep A / agents <= max_occupancy; 0 without calls.

    ``shrinkage`` is the share of paid time that goes to breaks, training and absence: that many agents on the phones
    ask for / (1 - shrinkage) on the roster, rounded up. ValueError for a negative number, a target or shrinkage of 1
    or more, a max_occupancy beyond (0, 1], or a handle time of 0 or NaN where there are calls.

    Source: the field's definition (Erlang C, occupancy capped, shrinkage added).
    """
    load, handle = _load(calls, handle_time_s, interval_s)
    limit, aim, cap, away = (np.asarray(x, np.float64) for x in (threshold_s, target, max_occupancy, shrinkage))
    _refuse(~(np.isfinite(limit) & (limit >= 0)), "threshold_s must be a number of 0 or more")
    _refuse(~((aim >= 0) & (aim < 1)), "target must be 0 or more and below 1")
    _refuse(~((cap > 0) & (cap <= 1)), "max_occupancy must be above 0 and at most 1")
    _refuse(~((away >= 0) & (away < 1)), "shrinkage must be 0 or more and below 1")
    load, patience, aim, cap, away = np.broadcast_arrays(load, limit / handle, aim, cap, away)
    required = np.zeros(load.shape, np.int64)
    todo = load > 0
    for n, lost in _losses(load):
        level = _level(np.asarray(n), load, _waiting(np.asarray(n), load, lost), patience)
        enough = todo & (load < n) & (load <= n * cap * (1 + NEARLY)) & (level >= aim)
        required, todo = np.where(enough, n, required), todo & ~enough
        if not todo.any():
            break
    return np.ceil(required / (1 - away) - NEARLY).astype(np.int64)


def _refuse(wrong: Bools, why: str) -> None:
    if wrong.any():
        raise ValueError(why)


def _load(calls: ArrayLike, handle_time_s: ArrayLike, interval_s: ArrayLike) -> tuple[Floats, Floats]:
    """Erlangs and handle times; where there are no calls 0 erlangs, whatever the handle time."""
    number, handle, interval = (np.asarray(x, np.float64) for x in (calls, handle_time_s, interval_s))
    _refuse(~(np.isfinite(number) & (number >= 0)), "calls must be numbers of 0 or more")
    _refuse(~(np.isfinite(interval) & (interval > 0)), "interval_s must be above 0")
    _refuse((number > 0) & ~(np.isfinite(handle) & (handle > 0)), "handle_time_s must be above 0 where there are calls")
    _refuse(handle < 0, "handle_time_s must not be negative")
    handle = np.where(number > 0, handle, 1.0)
    return number * handle / interval, handle


def _losses(load: Floats) -> Iterator[tuple[int, Floats]]:
    """Erlang B for 0, 1, 2 … agents: B(n) = A B(n-1) / (n + A B(n-1)), of which each term lies within 0 and 1."""
    n, lost = 0, np.ones(load.shape)
    while True:
        yield n, lost
        n += 1
        lost = load * lost / (n + load * lost)


def _waiting(agents: Integers, load: Floats, lost: Floats) -> Floats:
    """C = n B / (n - A (1 - B)), with n - A taken out first: it is what little is left near full load."""
    spare = agents - load
    return np.divide(agents * lost, spare + load * lost, out=np.ones(load.shape), where=spare > 0)


def _level(agents: Integers, load: Floats, waiting: Floats, patience: Floats) -> Floats:
    return np.where(agents > load, 1 - waiting * np.exp(-np.maximum(agents - load, 0.0) * patience), 0.0)

"""The weekly pattern of each queue: how many calls come in each slot of each weekday. Pure.

Calls of a slot are few and random (Poisson), so a cell is told partly by others: a slot by its neighbours of an hour,
a weekday's slots by those of all days, a queue's weekdays by the site's. How far is decided by the counts (empirical
Bayes): where cells differ from what the others tell by no more than chance would, the others decide; where they differ
beyond it (an opening at 08:00 sharp, a half-day), they count for themselves.
"""

from __future__ import annotations

import numpy as np

from callcenter.forecast.arrays import around, over, runs
from callcenter.forecast.series import SLOTS
from kpi.columns import Bools, Floats, Integers

HOUR = np.array([1.0, 2, 3, 4, 5, 4, 3, 2, 1])
"""Weights of the neighbours: an hour on either side."""
BESIDE = np.array([1.0, 2, 3, 4, 0, 4, 3, 2, 1])
"""The neighbours without the slot itself: only so can be told whether it differs from them."""
BESIDE_NOISE = 1 + float(np.square(BESIDE / BESIDE.sum()).sum())
DAY_NOISE = 6 / 7
"""A weekday is a seventh of the days that it is compared with."""
CLOSED = 6.0
"""So many calls were to be expected where none ever came: it is closed then (by chance once in 400)."""


def weekly(calls: Floats, level: Floats, learnt: Bools, weekday: Integers) -> Floats:
    """Calls a slot [queue, weekday, slot] at level 1, of ``calls`` [queue, day, slot] in days of that ``level``
    [queue, day]; ``learnt`` says from which cells. 0 for a queue without calls."""
    on = (weekday[:, None] == np.arange(7)).astype(np.float64).T
    counts = on @ np.where(learnt, calls, 0.0)
    exposure = on @ (learnt * level[:, :, None])
    daily = _daily(counts.sum(axis=1), exposure.sum(axis=1))
    would = exposure * daily[:, None]
    factor = _factors(counts.sum(axis=2), would.sum(axis=2))
    came = counts.any(axis=2)
    told = np.where(came, over(counts.sum(axis=2), would.sum(axis=2)), 1.0)[:, :, None]
    is_open = ~_closed(counts, would * told)
    prior = daily[:, None] * is_open
    prior *= over(factor * daily.sum(axis=1)[:, None], prior.sum(axis=2))[:, :, None]
    return shrunk(counts, exposure, prior, prior, DAY_NOISE) * is_open


def _daily(counts: Floats, exposure: Floats) -> Floats:
    """Calls a slot [queue, slot] of all weekdays together."""
    mean = counts.sum(axis=1) / SLOTS
    closed = _closed(counts, np.where(exposure > 0, mean[:, None], 0.0))
    counts, exposure = np.where(closed, 0.0, counts), np.where(closed, 0.0, exposure)
    smooth = over(around(counts, HOUR), around(exposure, HOUR))
    beside = over(around(counts, BESIDE), around(exposure, BESIDE))
    return np.where(closed, 0.0, shrunk(counts, exposure, smooth, beside, BESIDE_NOISE))


def _factors(counts: Floats, would: Floats) -> Floats:
    """How each weekday compares with the mean day [queue, weekday]."""
    site = over(counts.sum(axis=0), would.sum(axis=0), 1.0)[None, :]
    return shrunk(counts, would, np.broadcast_to(site, counts.shape), np.broadcast_to(site, counts.shape), 1.0)


def _closed(counts: Floats, would: Floats) -> Bools:
    """Where no call ever came, in a row long enough that some would have come were it open."""
    return runs(counts == 0, would) >= CLOSED


def shrunk(counts: Floats, exposure: Floats, prior: Floats, guess: Floats, noise: float) -> Floats:
    """counts / exposure, drawn to ``prior`` as far as the counts do not contradict ``guess``, along the last axis.

    The mean of a gamma distribution around the prior after so many Poisson counts. Its variance is what the counts
    differ from the guess beyond chance (``noise`` times their own variance), by the method of moments.
    """
    mean = exposure * guess
    beyond = (np.square(counts - mean) - noise * counts).sum(axis=-1, keepdims=True)
    spread = np.maximum(over(beyond, np.square(mean).sum(axis=-1, keepdims=True)), 0.0)
    return prior * (counts * spread + 1) / (exposure * prior * spread + 1)

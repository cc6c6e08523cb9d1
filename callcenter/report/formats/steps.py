"""Many periods made fewer, so that a chart of them can be read. Pure.

Counts add up; a ratio is weighted with its own denominator, which gives exactly the ratio of the longer period.
"""

from __future__ import annotations

import numpy as np

from callcenter.report.values import Every
from kpi.columns import Floats
from kpi.sums import ratio

MOST = 62
"""Bars in a chart."""

_NICE = {
    Every.INTERVAL: (1, 2, 4, 8, 12, 24, 48, 96, 192, 672),
    Every.HOUR: (1, 2, 3, 4, 6, 12, 24, 48, 168),
    Every.DAY: (1, 7, 14, 28),
    Every.WEEK: (1, 2, 4, 13),
    Every.MONTH: (1, 3, 6, 12),
    Every.RANGE: (1,),
}


def step(periods: int, every: Every) -> int:
    """How many periods one bar takes: a number that means something to a person, where one is enough."""
    return next((n for n in _NICE[every] if n * MOST >= periods), -(-periods // MOST))


def added(values: Floats, n: int) -> Floats:
    """By n; what is not known adds nothing, and nothing but that is not known."""
    parts = _by(values, n)
    return np.where(np.isnan(parts).all(axis=1), np.nan, np.nansum(parts, axis=1))


def weighted(ratios: Floats, weights: Floats, n: int) -> Floats:
    """By n; NaN where all weights are 0 or not known."""
    weights = np.where(np.isnan(ratios), 0.0, np.nan_to_num(weights))
    whole: Floats = _by(weights, n, 0.0).sum(axis=1)
    part: Floats = _by(np.nan_to_num(ratios) * weights, n, 0.0).sum(axis=1)
    return ratio(part, whole)


def _by(values: Floats, n: int, rest: float = np.nan) -> Floats:
    """One row a step; the last is filled up."""
    filled: Floats = np.append(values, np.full(-len(values) % n, rest))
    return np.reshape(filled, (-1, n))

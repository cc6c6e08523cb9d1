"""How long a call takes to handle, by queue and slot. Pure.

The mean of the calls handled within an hour of the slot, on any day, recent days more; drawn to the queue's mean as far
as these are few, which is drawn to the site's in turn.
"""

from __future__ import annotations

import numpy as np

from callcenter.forecast.arrays import around, over
from callcenter.forecast.pattern import HOUR
from kpi.columns import Floats

HALF_LIFE = 28.0
FEW = 30.0
"""Calls: a mean of so many counts as much as the one that it is drawn to."""
UNKNOWN_S = 300.0
"""Where not one call of the site was handled there is nothing to learn from."""


def handle_times(handled: Floats, seconds: Floats) -> Floats:
    """Seconds a call [queue, slot], of calls handled and their seconds [queue, day, slot]; NaN is not known."""
    days = handled.shape[1]
    fade = 0.5 ** ((days - 1 - np.arange(days)) / HALF_LIFE)
    calls, time = (np.einsum("qds,d->qs", np.nan_to_num(x), fade) for x in (handled, seconds))
    site = over(time.sum(), calls.sum(), UNKNOWN_S)
    queue = _drawn(time.sum(axis=1, keepdims=True), calls.sum(axis=1, keepdims=True), site)
    weights = HOUR / HOUR.max()
    return _drawn(around(time, weights), around(calls, weights), queue)


def _drawn(seconds: Floats, calls: Floats, to: Floats) -> Floats:
    drawn: Floats = (seconds + FEW * to) / (calls + FEW)
    return drawn

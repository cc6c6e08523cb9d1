"""The forecast that needs no thought: the same interval of a week ago. Pure; what any model has to beat."""

from __future__ import annotations

from collections.abc import Set
from datetime import date

import numpy as np

from callcenter.errors import InputError
from callcenter.forecast.series import Intervals, Series
from callcenter.forecast.values import Expected
from kpi.columns import Floats, Integers


def naive(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
    """The last number known of the same weekday and slot, whatever day that was; NaN where there is none.

    Handle time is that of the same interval too, NaN where no call was handled. It has no band: low and high equal the
    calls. InputError without a day of history.
    """
    if not history.intervals.dates:
        raise InputError("a forecast needs history, there is none")
    weekday, ahead_on = history.intervals.weekday, ahead.weekday
    handled = np.where(history.handled > 0, history.handled, np.nan)
    calls, handle = (_last(history.intervals.fold(x), weekday) for x in (history.offered, history.handle_s / handled))
    calls, handle = (ahead.unfold(x[:, ahead_on]) for x in (calls, handle))
    return Expected(calls, calls, calls, handle)


def _last(values: Floats, weekday: Integers) -> Floats:
    """[queue, weekday, slot]: the last number that is not NaN."""
    last = np.full((len(values), 7, values.shape[2]), np.nan)
    for at, on in enumerate(weekday):
        last[:, on] = np.where(np.isnan(values[:, at]), last[:, on], values[:, at])
    return last

"""The model of a library: a queue's calls of a day by statsforecast's AutoETS with a season of a week. Pure.

Exponential smoothing that chooses its own form (Hyndman and others, 2008). What a day's calls are in its quarters of an
hour, what holidays are of other days, and handle time, are learnt as by the default model.
"""

from __future__ import annotations

import warnings
from collections.abc import Set
from datetime import date

import numpy as np

from callcenter.errors import ConfigError
from callcenter.forecast.arrays import over
from callcenter.forecast.seasonal import HISTORY_DAYS, TENTH, band, learn
from callcenter.forecast.series import Intervals, Series
from callcenter.forecast.values import Expected
from kpi.columns import Bools, Floats

WEEK = 7
LEVEL = 80
"""Percent: its ends are the tenth and the ninetieth percentile."""


def library(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
    """As :func:`callcenter.forecast.seasonal.seasonal`. ConfigError where the library is not there."""
    try:
        from statsforecast.models import AutoETS
    except ImportError as e:
        missing = isinstance(e, ModuleNotFoundError) and (e.name or "").partition(".")[0] == "statsforecast"
        why = "needs callcenter's extra [statsforecast], see README.md" if missing else f"cannot be loaded: {e}"
        raise ConfigError(f"the forecast model 'statsforecast' {why}") from e
    learnt = learn(history, days_off)
    last = history.intervals.dates[-1]
    in_days = np.array([(day - last).days - 1 for day in ahead.dates], np.intp)
    came, holiday = _days(history, days_off), _among(ahead.dates, days_off)
    day, spread = np.zeros((2, len(came), len(ahead.dates)))
    for queue, calls in enumerate(came):
        if calls.any():
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of forms that it tried and did not take
                told = AutoETS(season_length=WEEK).forecast(y=calls, h=int(in_days[-1]) + 1, level=[LEVEL])
            mean, high = (np.maximum(told[name][in_days], 0.0) for name in ("mean", f"hi-{LEVEL}"))
            day[queue], spread[queue] = mean, np.square(over((high - mean) / TENTH, mean))
    day *= np.where(holiday, learnt.holiday[:, None], 1.0)
    pattern = learnt.pattern[:, ahead.weekday]
    share = over(pattern, np.broadcast_to(pattern.sum(axis=2, keepdims=True), pattern.shape))
    calls = ahead.unfold(day[:, :, None] * share)
    variance = learnt.spread[:, None] + spread + np.where(holiday, learnt.holiday_variance[:, None], 0.0)
    low, high = band(calls, variance[:, ahead.day])
    return Expected(calls, low, high, learnt.handle_time_s[:, ahead.slot])


def _among(dates: tuple[date, ...], days_off: Set[date]) -> Bools:
    return np.array([day in days_off for day in dates], np.bool_)


def _days(history: Series, days_off: Set[date]) -> Floats:
    """Calls [queue, day] of the last days; instead of a holiday's, and of what is not known wholly, those of the same
    weekday before it, else those of the first one after it."""
    whole = history.intervals
    calls: Floats = whole.fold(history.offered)[:, -HISTORY_DAYS:].sum(axis=2)  # NaN where a slot is
    calls[:, _among(whole.dates[-HISTORY_DAYS:], days_off)] = np.nan
    for rows in (calls, calls[:, ::-1]):
        for day in range(WEEK, rows.shape[1]):
            rows[:, day] = np.where(np.isnan(rows[:, day]), rows[:, day - WEEK], rows[:, day])
    known: Floats = np.nan_to_num(calls)
    return known

"""How far off forecasts were: one that was kept, and those that a model would have made of the past. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np

from callcenter.errors import InputError
from callcenter.forecast.seasonal import LEAST_DAYS
from callcenter.forecast.series import Intervals, Series
from callcenter.forecast.values import Forecast, Model
from kpi import ForecastSums, sum_forecast
from kpi.columns import Bools, Floats, Integers


@dataclass(frozen=True, slots=True)
class Score:
    """What the forecasts of a model were off by, at intervals and at whole days, for each queue and (the last number)
    all together. :func:`kpi.forecast_error` and :func:`kpi.forecast_bias` make figures of them."""

    model: str
    by_interval: ForecastSums
    by_day: ForecastSums


@dataclass(frozen=True, slots=True)
class BackTest:
    """``days`` were forecast, each from what was known before it (or the first day of its block) began; ``skipped``
    had too little history before them. All scores are over the same intervals."""

    queues: tuple[str, ...]
    days: tuple[date, ...]
    skipped: tuple[date, ...]
    scores: tuple[Score, ...]


def back_test(
    history: Series, models: Mapping[str, Model], days_off: Set[date], last: int = 28, every: int = 1, ahead: int = 1
) -> BackTest:
    """Each of the ``last`` days that is a multiple of ``every`` back from the first of them is an origin: of the days
    before it the models learn, it and the next ``ahead - 1`` days they forecast.

    An interval counts when its calls are known and every model has a number for it. InputError when no day has enough
    history before it, ValueError for an ``every`` or ``ahead`` below 1.
    """
    if every < 1 or ahead < 1:
        raise ValueError("every and ahead must be 1 or more")
    origins = history.intervals.dates[-last:][::every] if last > 0 else ()
    parts, days, skipped = [], [], []
    for origin in origins:
        coming = _days(history.intervals, origin, ahead)
        try:
            made = _forecasts(history, origin, coming, models, days_off)
        except InputError:
            skipped.append(origin)
            continue
        days += list(coming.dates)
        parts.append((coming, _actual(history, coming), made))
    if not parts:
        raise InputError(f"a back-test needs more than {LEAST_DAYS} days of known history before its days")
    scores = tuple(_score(name, at, parts) for at, name in enumerate(models))
    return BackTest(history.queues, tuple(days), tuple(skipped), scores)


Part = tuple[Intervals, Floats, list[Floats]]


def _forecasts(
    history: Series, origin: date, coming: Intervals, models: Mapping[str, Model], days_off: Set[date]
) -> list[Floats]:
    known = history.before(origin)
    return [model(known, coming, days_off).calls for model in models.values()]


def _days(whole: Intervals, first: date, days: int) -> Intervals:
    """The intervals of some of the days; fewer where they end."""
    dates = tuple(day for day in whole.dates if first <= day < first + timedelta(days=days))
    at = whole.dates.index(first)
    kept = (whole.day >= at) & (whole.day < at + len(dates))
    after = np.searchsorted(whole.day, at + len(dates))
    end = float(whole.start[after]) if after < len(whole.start) else whole.end
    return Intervals(whole.start[kept], whole.day[kept] - at, whole.slot[kept], dates, end)


def _actual(history: Series, coming: Intervals) -> Floats:
    at = np.searchsorted(history.intervals.start, coming.start)
    offered: Floats = history.offered[:, at]
    return offered


def _score(name: str, at: int, parts: list[Part]) -> Score:
    """Of the model in that place; where any model has no number none counts."""
    pairs = [_shared(actual, made, made[at]) for _, actual, made in parts]
    actual, forecast = (np.concatenate([pair[side] for pair in pairs], axis=1) for side in (0, 1))
    days = np.concatenate([[0], np.cumsum([len(coming.dates) for coming, *_ in parts])])
    day = np.concatenate([coming.day + first for (coming, *_), first in zip(parts, days, strict=False)])
    return Score(name, _sums(actual, forecast), _sums(_by_day(actual, day), _by_day(forecast, day)))


def _shared(actual: Floats, made: list[Floats], own: Floats) -> tuple[Floats, Floats]:
    missing = np.isnan(actual) | np.isnan(np.stack(made)).any(axis=0)
    return np.where(missing, np.nan, actual), np.where(missing, np.nan, own)


def _by_day(values: Floats, day: Integers) -> Floats:
    """[queue, day]: what is known of each day added up; NaN where nothing is."""
    known = ~np.isnan(values)
    count = int(day.max(initial=-1)) + 1
    sums = np.stack([np.bincount(day, np.where(k, v, 0.0), count) for v, k in zip(values, known, strict=True)])
    there = np.stack([np.bincount(day[k], minlength=count) for k in known])
    return np.where(there > 0, sums, np.nan)


def _sums(actual: Floats, forecast: Floats) -> ForecastSums:
    queues, width = actual.shape
    return sum_forecast(actual.ravel(), forecast.ravel(), np.repeat(np.arange(queues), width), queues)


@dataclass(frozen=True, slots=True)
class Beside:
    """What came beside what was expected: [queue, interval] of the forecast's queues and the intervals of both.
    ``ahead`` says of which intervals the forecast was made before their day began: only these are scored."""

    queues: tuple[str, ...]
    start: Floats
    actual: Floats
    forecast: Floats
    handle_time_s: Floats
    handle_time_expected_s: Floats
    ahead: Bools
    score: Score


def beside(forecast: Forecast, history: Series) -> Beside:
    """A forecast that was kept beside the history that followed. A queue that the history does not know had no known
    calls (NaN). InputError when they have no interval in common."""
    start, at, where = np.intersect1d(forecast.start, history.intervals.start, return_indices=True)
    if not len(start):
        raise InputError("the forecast and the history have no interval in common")
    codes = {name: code for code, name in enumerate(history.queues)}
    none = np.full((1, len(start)), np.nan)
    rows = np.array([codes.get(name, -1) for name in forecast.queues], np.intp)
    handled = np.where(history.handled > 0, history.handled, np.nan)
    actual, handle = (np.concatenate([x[:, where], none])[rows] for x in (history.offered, history.handle_s / handled))
    day = history.intervals.day[where]
    begun = history.intervals.start[np.searchsorted(history.intervals.day, day)]
    ahead: Bools = begun >= forecast.made_at
    expected = forecast.calls[:, at]
    pair = [np.where(ahead & ~np.isnan(actual + expected), x, np.nan) for x in (actual, expected)]
    score = Score(forecast.model, _sums(*pair), _sums(*(_by_day(x, day - day.min()) for x in pair)))
    return Beside(forecast.queues, start, actual, expected, handle, forecast.handle_time_s[:, at], ahead, score)

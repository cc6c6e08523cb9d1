"""The default model: level x weekday x slot of the day, holidays apart. Pure numpy.

Calls of a queue in an interval = its weekly pattern (:mod:`pattern`) x its level on that day (:mod:`level`) x, on a
holiday, what holidays are of other such days. Learnt in turns, for each needs the others: days unlike those around
them (:func:`level.odd`), holidays, and what is not known are not learnt from.
"""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from datetime import date

import numpy as np

from callcenter.errors import InputError
from callcenter.forecast.arrays import over
from callcenter.forecast.handle_time import handle_times
from callcenter.forecast.level import Level, level_of, local, odd
from callcenter.forecast.pattern import CLOSED, weekly
from callcenter.forecast.series import Intervals, Series
from callcenter.forecast.values import Expected
from kpi.columns import Bools, Floats

LEAST_DAYS = 14
"""Days of which at least half is known."""
PATTERN_DAYS = 91
"""Of such days."""
HISTORY_DAYS = 400
"""Beyond a year only the holidays would tell something more."""
NEW = 7
"""A queue without a call on more first days than these began with its first call; before, it is not learnt from."""
ENDED = 14
ENDED_LEAST = 7
"""Days without a call, of the last ones, from which on a queue is taken for closed down."""
TURNS = 3
TENTH = 1.2815515655446004
"""The normal distribution's ninetieth percentile."""
HOLIDAY_VARIANCE = 0.25
"""Of what a holiday is of a normal day, relative, before any was seen."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """``pattern`` [queue, weekday, slot] at level 1, ``level``, ``holiday``: what holidays are of other days, with its
    relative ``holiday_variance``, ``spread``: the relative variance of intervals beyond chance (each [queue]), and
    ``handle_time_s`` [queue, slot]."""

    pattern: Floats
    level: Level
    holiday: Floats
    holiday_variance: Floats
    spread: Floats
    handle_time_s: Floats


def seasonal(history: Series, ahead: Intervals, days_off: Set[date]) -> Expected:
    """As :class:`values.Model`: no NaN, nothing below 0. InputError with less than two weeks of known history.

    The band is that of a gamma distribution (Wilson and Hilferty's approximation, 1931), rounded to whole calls, with
    the variance of chance, of the queue's own unrest and of its level.
    """
    learnt = learn(history, days_off)
    holiday = np.array([day in days_off for day in ahead.dates], np.bool_)
    last = history.intervals.dates[-1]
    level = learnt.level.ahead(np.array([(day - last).days for day in ahead.dates], np.intp))
    level = level * np.where(holiday, learnt.holiday[:, None], 1.0)
    mean = ahead.unfold(level[:, :, None] * learnt.pattern[:, ahead.weekday])
    variance = learnt.spread[:, None] + np.where(holiday, learnt.holiday_variance[:, None], 0.0)
    low, high = band(mean, variance[:, ahead.day])
    return Expected(mean, low, high, learnt.handle_time_s[:, ahead.slot])


def learn(history: Series, days_off: Set[date]) -> Learnt:
    """What the seasonal model knows after this history."""
    intervals = history.intervals
    calls, handled, handle_s = (
        intervals.fold(x)[:, -HISTORY_DAYS:] for x in (history.offered, history.handled, history.handle_s)
    )
    told = _told(calls)
    dates, weekday = intervals.dates[-HISTORY_DAYS:], intervals.weekday[-HISTORY_DAYS:]
    holiday = np.array([day in days_off for day in dates])
    known = ~np.isnan(calls)
    calls = np.where(known, calls, 0.0)
    normal = _begun(calls) & ~holiday & told
    recent = _last(told, PATTERN_DAYS)
    level, unlike = np.ones(normal.shape), np.zeros(normal.shape, np.bool_)
    for _ in range(TURNS):
        pattern = weekly(calls, level, known & (normal & ~unlike & recent)[:, :, None], weekday)
        would = (pattern[:, weekday] * known).sum(axis=2)
        unlike[:, told] = odd(calls.sum(axis=2)[:, told], would[:, told], normal[:, told])
        level = local(calls.sum(axis=2), would, normal & ~unlike)
    came, usual = calls.sum(axis=2), normal & ~unlike
    ends = level_of(came, would, usual)
    pattern = np.where(_ended(came, would, normal)[:, None, None], 0.0, pattern)
    ratio, variance = _holidays(pattern, came, would * level, holiday)
    spread = _spread(calls, pattern[:, weekday] * level[:, :, None], known & (usual & recent)[:, :, None])
    return Learnt(pattern, ends, ratio, variance, spread + ends.variance, handle_times(handled, handle_s))


def _told(calls: Floats) -> Bools:
    """The days [day] of which at least half is known: only of these can be said what came or did not."""
    if not len(calls):
        raise InputError("a forecast needs queues, the history has none")
    told: Bools = np.isnan(calls).mean(axis=(0, 2)) <= 0.5
    if told.sum() < LEAST_DAYS:
        raise InputError(f"a forecast needs {LEAST_DAYS} days of known history, there are {told.sum()}")
    return told


def _last(days: Bools, count: int) -> Bools:
    """From the last so many of these days on, along the last axis: what nobody saw does not push out what was seen."""
    counted: Bools = np.cumsum(days[..., ::-1], axis=-1)[..., ::-1] <= count
    return counted


def _begun(calls: Floats) -> Bools:
    """From which day on each queue [queue, day] is there."""
    came = np.asarray((calls > 0).any(axis=2))
    first = np.where(came.any(axis=1), came.argmax(axis=1), 0)
    begun: Bools = (np.arange(calls.shape[1]) >= first[:, None]) | (first <= NEW)[:, None]
    return begun


def _ended(came: Floats, would: Floats, normal: Bools) -> Bools:
    """Which queues had no call on their last days, though many would have come."""
    last = _last(normal, ENDED) & normal
    missing = ((came * last).sum(axis=1) == 0) & ((would * last).sum(axis=1) >= CLOSED)
    ended: Bools = missing & (last.sum(axis=1) >= ENDED_LEAST)
    return ended


def _holidays(pattern: Floats, came: Floats, would: Floats, holiday: Bools) -> tuple[Floats, Floats]:
    """What holidays are of normal days [queue], and its variance. One more holiday is put to those that were, as quiet
    as the queue's quietest weekday: all that is known before the first."""
    days = pattern.sum(axis=2)
    typical, quiet = days.mean(axis=1), days.min(axis=1)
    would = would * holiday
    ratio = over((came * holiday).sum(axis=1) + quiet, would.sum(axis=1) + typical)
    return ratio, HOLIDAY_VARIANCE * over(typical, would.sum(axis=1) + typical)


def _spread(calls: Floats, mean: Floats, learnt: Bools) -> Floats:
    """Relative variance of intervals [queue] beyond that of chance, by the method of moments."""
    beyond = np.where(learnt, np.square(calls - mean) - mean, 0.0).sum(axis=(1, 2))
    return np.clip(over(beyond, np.where(learnt, np.square(mean), 0.0).sum(axis=(1, 2))), 0.0, 4.0)


def band(mean: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """The tenth and the ninetieth percentile, in whole calls; ``variance``: relative, beyond that of chance."""
    shape = over(np.ones(mean.shape), mean) + variance
    low, high = (
        np.rint(mean * np.maximum(1 - shape / 9 + z * np.sqrt(shape) / 3, 0.0) ** 3) for z in (-TENTH, TENTH)
    )
    return np.minimum(low, mean), np.maximum(high, mean)

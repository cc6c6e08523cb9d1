"""How high above or below its weekly pattern each queue is, from day to day and in the days to come. Pure.

Everything here is by day: ``came`` [queue, day] calls in the slots that are known, and ``would``: the calls that the
pattern has in the same slots. Their quotient is the level. Sums are compared rather than quotients averaged, so a day
of few calls tells little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from callcenter.forecast.arrays import around, median, medians, over
from kpi.columns import Bools, Floats, Integers

HALF_LIVES = (3.5, 7.0, 14.0, 28.0, 56.0)
"""After so many days a day counts half: the one is taken that would have told the weeks of the past best."""
HALF_LIFE = 14.0
"""As long as the past is too short to tell."""
ORIGINS = 14
"""From so many days on a level is tried on the week that followed, and so many trials are needed to choose."""
TREND_WEEKS = 8
TREND_LEAST = 4
TREND_LIFE = 28.0
CLEAR = 3.0
"""What is within so many standard errors is taken for chance."""
DAMPED = 0.95
"""What is left of a trend from one day to the next."""
NEAR = 7
BESIDE = 5
"""Days on either side that an odd day is unlike: of a new level so many days are believed at the end."""
ODD = 4.0
LEAST_SPREAD = 0.05
FEW = 10.0
"""Calls: a level of so few is drawn half-way to 1."""


@dataclass(frozen=True, slots=True)
class Level:
    """[queue]: the level at the end of the history, by how much it rises a day then, and the variance of its relative
    error in the week after."""

    end: Floats
    rise: Floats
    variance: Floats

    def ahead(self, days: Integers) -> Floats:
        """[queue, day] of so many days after the last of the history (1: the next); the trend wears off. Never below
        half the level at the end nor above twice it."""
        risen = self.rise[:, None] * DAMPED * (1 - DAMPED ** np.asarray(days, np.float64)) / (1 - DAMPED)
        return np.clip(self.end[:, None] + risen, self.end[:, None] / 2, self.end[:, None] * 2)


def local(came: Floats, would: Floats, learnt: Bools) -> Floats:
    """The level [queue, day] of each day: of a week on either side, as far as it is ``learnt``."""
    near = np.ones(2 * NEAR + 1)
    return (around(came * learnt, near) + FEW) / (around(would * learnt, near) + FEW)


def odd(came: Floats, would: Floats, learnt: Bools) -> Bools:
    """Which learnt days [queue, day] are unlike those around them beyond what is usual of the queue: an outage, a
    storm. Several in a row outweigh what was before and are odd no longer."""
    known = learnt & (would > 0)
    ratio = np.where(known, over(came, would), np.nan)
    usual = medians(ratio, BESIDE)
    off = np.abs(over(ratio, usual, np.nan) - 1)
    spread = 1.4826 * np.nan_to_num(median(off))[:, None]
    chance = np.sqrt(over(np.ones(would.shape), np.nan_to_num(usual) * would, np.inf))
    found: Bools = off > ODD * np.maximum(np.maximum(spread, chance), LEAST_SPREAD)
    return found & known


def level_of(came: Floats, would: Floats, learnt: Bools) -> Level:
    """The level at the end: each queue's by the half-life that suits it, moved to that of the last week as far as this
    is clearly another, and to where a steady rise has brought it since."""
    came, would = came * learnt, would * learnt
    tries = [_trial(came, would, half_life) for half_life in HALF_LIVES]
    best = np.argmin([trial.error for trial in tries], axis=0)
    if came.shape[1] < ORIGINS + NEAR + ORIGINS:
        best[:] = HALF_LIVES.index(HALF_LIFE)
    of = np.arange(len(best))
    end, age, error, earlier = (
        np.stack([getattr(trial, name) for trial in tries])[best, of] for name in ("end", "age", "error", "earlier")
    )
    chance = over(end, would[:, -2 * NEAR :].sum(axis=1), 1.0)
    variance = np.clip(over(error + chance, np.square(end), 1.0), 0.0, 1.0)
    rise = _rise(came, would)
    end = end + rise * age
    week = would[:, -NEAR:].sum(axis=1)
    shift = np.where(week > 0, over(came[:, -NEAR:].sum(axis=1), week) - end, 0.0)
    noise = np.maximum(earlier, 0.0) + chance + over(end, week)
    return Level(np.maximum(end + shift * _clear(shift, noise), 0.0), rise, variance)


@dataclass(frozen=True, slots=True)
class Trial:
    """Of one half-life [queue]: the level at the ``end``, the mean ``age`` in days of what it is made of; how far such
    levels were off in the weeks that followed (``error``: mean square, less what chance makes), and the same of the
    ``earlier`` weeks: whether the last one is at another level is judged by those before it.
    """

    end: Floats
    age: Floats
    error: Floats
    earlier: Floats


def _trial(came: Floats, would: Floats, half_life: float) -> Trial:
    fade = 0.5 ** (1 / half_life)
    days = came.shape[1]
    faded = np.zeros((2, len(came), days + 1))
    for day in range(days):
        faded[:, :, day + 1] = faded[:, :, day] * fade + (came[:, day], would[:, day])
    levels = over(faded[0], faded[1])
    week = [np.cumsum(np.pad(x, ((0, 0), (1, NEAR))), axis=1) for x in (came, would)]
    came_after, would_after = (x[:, NEAR : NEAR + days + 1] - x[:, : days + 1] for x in week)
    after = np.arange(days + 1)
    tried = (after >= ORIGINS) & (after <= days - NEAR) & (would_after > 0) & (faded[1] > 0)
    was = over(came_after, would_after)
    off = np.where(tried, np.square(levels - was) - over(was, would_after), 0.0)
    error, earlier = (over(off[:, :to].sum(axis=1), tried[:, :to].sum(axis=1)) for to in (None, -2 * NEAR))
    weight = would * fade ** np.arange(days)[::-1]
    age = over((weight * np.arange(days)[::-1]).sum(axis=1), weight.sum(axis=1))
    return Trial(levels[:, -1], age, error, earlier)


def _clear(size: Floats, variance: Floats) -> Floats:
    """How far something of that size is to be believed, 0 … 1: not at all up to ``CLEAR`` standard errors."""
    return np.maximum(1 - over(CLEAR**2 * variance, np.square(size), 1.0), 0.0)


def _rise(came: Floats, would: Floats) -> Floats:
    """What the level gains a day [queue]: the slope of a line through the days (weighted by calls, recent days more) as
    far as it is clear, and no more than the weeks rose from one to the next in the median: a step is no trend."""
    days = came.shape[1]
    weeks = [x[:, days % 7 :].reshape(len(x), -1, 7).sum(axis=2)[:, -TREND_WEEKS:] for x in (came, would)]
    if weeks[0].shape[1] < TREND_LEAST:
        return np.zeros(len(came))
    steady = np.nan_to_num(median(np.diff(over(weeks[0], weeks[1], np.nan), axis=1))) / 7
    age = np.arange(days, dtype=np.float64) - (days - 1)
    weight = would * 0.5 ** (-age / TREND_LIFE)
    level, total = over(came, would), weight.sum(axis=1, keepdims=True)
    mean_age, mean = (over((weight * x).sum(axis=1, keepdims=True), total) for x in (age, level))
    away = age - mean_age
    width = (weight * np.square(away)).sum(axis=1, keepdims=True)
    slope = over((weight * away * level).sum(axis=1, keepdims=True), width)
    left = weight * (level - mean - slope * away)
    error = over(np.square(left * away).sum(axis=1, keepdims=True), np.square(width))
    line = (slope * _clear(slope, error))[:, 0]
    return np.where(line * steady > 0, np.sign(line) * np.minimum(np.abs(line), np.abs(steady)), 0.0)

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

HALF_LIVES = (7.0, 14.0, 28.0, 56.0)
"""After so many days a day counts half: the one is taken that would have told the weeks of the past best."""
HALF_LIFE = 14.0
"""As long as the past is too short to tell."""
ORIGINS = 14
"""From so many days on a level is tried on the week that followed, and so many trials are needed to choose."""
TREND_DAYS = 28
TREND_LIFE = 28.0
CLEAR = 3.0
"""A trend of so many standard errors or fewer is none."""
DAMPED = 0.95
"""What is left of a trend from one day to the next."""
NEAR = 7
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
    usual = medians(ratio, NEAR)
    off = np.abs(over(ratio, usual, np.nan) - 1)
    spread = 1.4826 * np.nan_to_num(median(off))[:, None]
    chance = np.sqrt(over(np.ones(would.shape), np.nan_to_num(usual) * would, np.inf))
    found: Bools = off > ODD * np.maximum(np.maximum(spread, chance), LEAST_SPREAD)
    return found & known


def level_of(came: Floats, would: Floats, learnt: Bools) -> Level:
    """The level at the end. Each queue by the half-life that suits it; a trend as far as it stands out of the noise."""
    came, would = came * learnt, would * learnt
    tries = [_trial(came, would, half_life) for half_life in HALF_LIVES]
    best = np.argmin([squared for _, squared, _ in tries], axis=0)
    if came.shape[1] < ORIGINS + NEAR + ORIGINS:
        best[:] = HALF_LIVES.index(HALF_LIFE)
    of = np.arange(len(best))
    end, squared, trials = (np.stack([t[at] for t in tries])[best, of] for at in range(3))
    line, rise, trust = _trend(came, would)
    chance = over(np.ones(len(end)), would[:, -2 * NEAR :].sum(axis=1) * end, 1.0)
    variance = np.where(trials > 0, over(squared, trials * np.square(end)), 0.0) + chance
    end = np.maximum((1 - trust) * end + trust * line, 0.0)
    return Level(end, trust * rise, np.clip(variance, 0.0, 1.0))


def _trial(came: Floats, would: Floats, half_life: float) -> tuple[Floats, Floats, Floats]:
    """[queue]: the level at the end with that half-life; how far such levels were off in the weeks that followed
    (squares, added up, less what chance alone makes), and in how many."""
    fade = 0.5 ** (1 / half_life)
    days = came.shape[1]
    sums = np.zeros((2, len(came), days + 1))
    for day in range(days):
        sums[:, :, day + 1] = sums[:, :, day] * fade + (came[:, day], would[:, day])
    levels = over(sums[0], sums[1])
    week = [np.cumsum(np.pad(x, ((0, 0), (1, NEAR))), axis=1) for x in (came, would)]
    came_after, would_after = (x[:, NEAR : NEAR + days + 1] - x[:, : days + 1] for x in week)
    after = np.arange(days + 1)[None, :]
    tried = (after >= ORIGINS) & (after <= days - NEAR) & (would_after > 0) & (sums[1] > 0)
    was = over(came_after, would_after)
    off = np.where(tried, np.square(levels - was) - over(was, would_after), 0.0)
    return levels[:, -1], off.sum(axis=1), tried.sum(axis=1).astype(np.float64)


def _trend(came: Floats, would: Floats) -> tuple[Floats, Floats, Floats]:
    """[queue]: a line through the days' levels (weighted by calls, recent days more): its value at the end, its rise a
    day, and how far to trust it, 0 … 1."""
    days = came.shape[1]
    age = np.arange(days, dtype=np.float64) - (days - 1)
    weight = would * 0.5 ** (-age / TREND_LIFE)
    level = over(came, would)
    total = weight.sum(axis=1, keepdims=True)
    mean_age, mean = (over((weight * x).sum(axis=1, keepdims=True), total) for x in (age, level))
    away = age - mean_age
    width = (weight * np.square(away)).sum(axis=1, keepdims=True)
    rise = over((weight * away * level).sum(axis=1, keepdims=True), width)
    left = weight * (level - mean - rise * away)
    error = over(np.square(left * away).sum(axis=1, keepdims=True), np.square(width))
    clear = over(np.square(rise), error)
    trust = np.where((would > 0).sum(axis=1, keepdims=True) >= TREND_DAYS, 1 - over(np.ones(1) * CLEAR**2, clear, 1), 0)
    line = mean - rise * mean_age
    return line[:, 0], rise[:, 0], np.maximum(trust, 0.0)[:, 0]

"""Histories whose truth is known: calls drawn by chance around an intensity that the test itself lays down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np

from callcenter.forecast.series import Intervals, Series, intervals_of
from callcenter.history.columns import Columns, Range
from kpi import Calls, Outcome, Spans, Visits
from kpi.columns import Bools, Floats

TEHRAN, BERLIN = ZoneInfo("Asia/Tehran"), ZoneInfo("Europe/Berlin")
FIRST = date(2025, 1, 4)  # a Saturday, the first day of the Iranian week
WEEK = np.array([1.1, 1.0, 1.0, 0.5, 0.0, 1.3, 1.1])
"""Monday … Sunday: half of Thursday, Friday closed."""


def day_shape() -> Floats:
    """Two humps, 08:00 to 18:00; one call altogether."""
    hour = np.arange(96) / 4
    shape = np.exp(-np.square(hour - 10.5) / 6) + 0.7 * np.exp(-np.square(hour - 15) / 5)
    shape[(hour < 8) | (hour >= 18)] = 0
    return np.asarray(shape / shape.sum())


@dataclass(frozen=True)
class Truth:
    """``history`` of all the days, and the ``rate`` [queue, interval] that it was drawn from."""

    history: Series
    rate: Floats

    def split(self, day: int) -> tuple[Series, Intervals, Floats, Floats]:
        """The days before, the intervals after, and of these the true rate and what came."""
        whole = self.history.intervals
        known, ahead = self.history.before(whole.dates[day]), intervals_of(whole.dates[day], len(whole.dates) - day,
                                                                           TEHRAN)  # fmt: skip
        at = len(known.intervals.start)
        return known, ahead, self.rate[:, at:], self.history.offered[:, at:]


def drawn(
    daily: Sequence[float], days: int, seed: int = 1, level: Callable[[int], float] = lambda _: 1.0,
    unrest: float = 0.0, handle_time_s: float = 240.0,
) -> Truth:
    """``daily`` calls of each queue on a mean weekday, times ``level`` on day 0, 1 …; each day is off by ``unrest``."""
    rng = np.random.default_rng(seed)
    intervals = intervals_of(FIRST, days, TEHRAN)
    by_day = WEEK[intervals.weekday] * np.array([level(day) for day in range(days)])
    rate = intervals.unfold(np.array(daily)[:, None, None] * by_day[:, None] * day_shape())
    noise = rng.gamma(1 / unrest**2, unrest**2, (len(daily), days)) if unrest else np.ones((len(daily), days))
    calls = rng.poisson(rate * noise[:, intervals.day]).astype(np.float64)
    names = tuple(f"q{at}" for at in range(len(daily)))
    return Truth(
        Series(names, intervals, calls, calls, calls, calls * handle_time_s, np.ones(len(daily), np.bool_)), rate
    )


def without(series: Series, unknown: Bools) -> Series:
    """The same with intervals [interval] of which nothing is known."""
    kept = [np.where(unknown, np.nan, x) for x in (series.offered, series.answered, series.handled, series.handle_s)]
    return replace(series, offered=kept[0], answered=kept[1], handled=kept[2], handle_s=kept[3])


Visit = tuple[int, float, Outcome, float, float, int]
"""queue, entered_at, outcome, talk_s, wrap_up_s, source"""
Span = tuple[int, int, int, float, float]
"""agent, membership, state, start, end"""


def columns(
    span: Range, visits: Sequence[Visit] = (), spans: Sequence[Span] = (), memberships: Sequence[Sequence[bool]] = (),
    known: tuple[Range, ...] | None = None, queues: tuple[str, ...] = ("sales", "support"), until: float | None = None,
) -> Columns:
    v, s = np.array(visits, np.float64).reshape(-1, 6), np.array(spans, np.float64).reshape(-1, 5)
    none, no = np.zeros(0), np.zeros(0, np.bool_)
    zero, zeros = np.zeros(len(v)), np.zeros(len(v), np.intp)
    return Columns(
        span, queues, ("ada", "bob"),
        Visits(v[:, 0].astype(np.intp), v[:, 1], zero, v[:, 2].astype(np.intp), v[:, 3], zero, v[:, 4],
               np.zeros(len(v), np.bool_), zeros, zeros),
        zeros - 1, v[:, 5].astype(np.intp), None,  # type: ignore[arg-type]
        Spans(s[:, 0].astype(np.intp), s[:, 0].astype(np.intp) * 0 - 1, s[:, 1].astype(np.intp),
              s[:, 2].astype(np.intp), s[:, 3], s[:, 4]),
        np.array(memberships, np.bool_).reshape(-1, len(queues)),
        Calls(*[none.astype(np.intp)] * 2, none, no, *[none.astype(np.intp)] * 2, no, none.astype(np.intp), none, none,
              no, no, no, no),
        0.0, (span,) if known is None else known, span[1] if until is None else until,
    )  # fmt: skip

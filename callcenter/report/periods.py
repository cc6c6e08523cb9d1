"""A range of time in periods by the site's clock and calendar. Pure.

Periods are kept as their *borders*: instants in order, the range's start first and its end last. So no moment is lost
or counted twice, whatever the clocks do: a day has 23 or 25 hours where summer begins or ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from callcenter.errors import InputError
from callcenter.history.columns import Range
from callcenter.report.site_calendar import FIRST_DAY, SiteCalendar
from callcenter.report.values import Every
from kpi.columns import Floats, Integers

MOST_CELLS = 200_000
"""Periods times names: what one report may have."""

DAY_S = 86_400.0
BY_CLOCK_S = {Every.INTERVAL: 900.0, Every.HOUR: 3_600.0}
LONGEST_S = {**BY_CLOCK_S, Every.DAY: 25 * 3_600.0, Every.WEEK: 7 * DAY_S + 3_600.0, Every.MONTH: 31 * DAY_S + 3_600.0}


def borders(range_: Range, every: Every, calendar: SiteCalendar) -> Floats:
    """The borders of its periods, one more than there are periods; the first and the last are cut at the range's ends.

    Intervals and hours begin where the local clock shows a full quarter or hour, and where the clocks are set. Days,
    weeks and months are those of the calendar. InputError for an empty range, and for more than ``MOST_CELLS``.
    """
    start, end = range_
    if not -math.inf < start < end < math.inf:
        raise InputError(f"the range is empty: it begins at {start:.0f} and ends at {end:.0f} (seconds since 1970)")
    if every is Every.RANGE:
        return np.array([start, end])
    check_cells(int((end - start) / LONGEST_S[every]))
    if every in BY_CLOCK_S:
        return by_clock(range_, BY_CLOCK_S[every], calendar.zone)
    return np.unique(np.concatenate([[start], _by_day(start, end, every, calendar), [end]]))


def by_clock(range_: Range, length_s: float, zone: tzinfo) -> Floats:
    """The borders of periods that begin where the local clock shows a multiple of ``length_s`` (which divides a day),
    and where the clocks are set; the first and the last are cut at the range's ends."""
    start, end = range_
    edges = [start, *_clock_changes(start, end, zone), end]
    within = [edges[1:-1], *(_marks(a, b, length_s, zone) for a, b in pairwise(edges))]
    return np.unique(np.concatenate([[start], *within, [end]]))


def periods(borders: Floats) -> tuple[Range, ...]:
    """[start, end) of each period, in order."""
    return tuple(pairwise(borders.tolist()))


def period_of(at: Floats, borders: Floats) -> Integers:
    """For each moment the number of the period that holds it, -1 for those outside (and for NaN)."""
    period = np.searchsorted(borders, at, "right") - 1
    return np.where(period < len(borders) - 1, period, -1)


def check_cells(periods: int, names: int = 1) -> None:
    """InputError when a report of so many periods and names would have more than ``MOST_CELLS`` cells."""
    cells, made_of = periods * names, f" × {names:,} names" if names > 1 else ""
    if cells > MOST_CELLS:
        raise InputError(f"the report would have {cells:,} cells ({periods:,} periods{made_of}), {MOST_CELLS:,} are "
                         "allowed: ask for longer periods, a shorter range or fewer names")


def _marks(start: float, end: float, length_s: float, zone: tzinfo) -> Floats:
    """Where the local clock, which is not set meanwhile, shows a multiple of the length."""
    offset = _offset(start, zone)
    return np.arange(math.ceil((start + offset) / length_s) * length_s - offset, end, length_s)


def _offset(at: float, zone: tzinfo) -> float:
    return (datetime.fromtimestamp(at, zone).utcoffset() or timedelta()).total_seconds()


def _clock_changes(start: float, end: float, zone: tzinfo) -> Iterator[float]:
    """The moments after start and before end at which the offset from UTC changes, found to the second.

    Looked for a day at a time: no zone sets its clocks forth and back within one.
    """
    for a, b in pairwise([*np.arange(start, end, DAY_S).tolist(), end]):
        before = _offset(a, zone)
        if before == _offset(b, zone):
            continue
        low, high = math.floor(a), math.ceil(b)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if _offset(middle, zone) == before else (low, middle)
        if a < high < end:
            yield float(high)


def _by_day(start: float, end: float, every: Every, calendar: SiteCalendar) -> Floats:
    first_of, step = FIRST_DAY[every]
    day, found = calendar.day_of(start), list[float]()
    while (begun := calendar.day_start(day := first_of(calendar, first_of(calendar, day) + step))) < end:
        found.append(begun)
    return np.array(found)

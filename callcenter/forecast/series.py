"""The history as arrays: calls offered, answered and handle time by queue and interval. Pure.

An interval is a quarter of an hour of real time that begins on a quarter of the site's clock, so a day has 96, or 92 or
100 where clocks change. For learning they are folded to 96 *slots* of the local clock: an hour that comes twice is the
mean of both (what comes in a quarter of an hour at that time of day), an hour that is skipped is empty (NaN).
A forecast is unfolded the same way: both passes of the repeated hour get that slot's number.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise

import numpy as np

from callcenter.history.columns import Columns, Range, Source
from kpi import Outcome
from kpi.columns import REFUSED, Bools, Floats, Integers

INTERVAL_S = 900.0
SLOTS = 96
WHOLE_S = 1e-6
"""By how much an interval may fall short of being wholly known: rounding."""


@dataclass(frozen=True, slots=True)
class Intervals:
    """Every interval of whole local days in order: ``start`` (seconds since the epoch), and for each its ``day`` (index
    into ``dates``) and ``slot`` (0 … 95, by the local clock). ``dates`` follow one another; ``end`` is the last's."""

    start: Floats
    day: Integers
    slot: Integers
    dates: tuple[date, ...]
    end: float

    @property
    def range(self) -> Range:
        """From the first day's beginning to the last one's end; (end, end) without a day."""
        return (float(self.start[0]) if len(self.start) else self.end, self.end)

    @property
    def weekday(self) -> Integers:
        """Of each date, 0 is Monday."""
        return np.array([day.weekday() for day in self.dates], np.intp)

    @property
    def borders(self) -> Floats:
        """The starts and the last end: one more than intervals."""
        return np.append(self.start, self.end)

    def place(self, at: Floats) -> Integers:
        """In which interval each moment lies, -1 outside of them all."""
        found = np.searchsorted(self.start, at, "right") - 1
        return np.where(at < self.end, found, -1)

    def fold(self, values: Floats) -> Floats:
        """[…, interval] to […, day, slot]: the mean of the intervals of a slot that are known, NaN without any."""
        cells = len(self.dates) * SLOTS
        cell = self.day * SLOTS + self.slot
        rows = values.reshape(math.prod(values.shape[:-1]), len(cell))
        known = ~np.isnan(rows)
        place = (cell + cells * np.arange(len(rows))[:, None])[known]
        sums, count = (np.bincount(place, x, cells * len(rows)) for x in (rows[known], None))
        mean = np.divide(sums, count, out=np.full(len(sums), np.nan), where=count > 0)
        folded: Floats = mean.reshape(*values.shape[:-1], len(self.dates), SLOTS)
        return folded

    def unfold(self, values: Floats) -> Floats:
        """[…, day, slot] to […, interval]."""
        picked: Floats = values[..., self.day, self.slot]
        return picked


@dataclass(frozen=True, slots=True)
class Series:
    """[queue, interval] of whole local days; NaN where the interval was not known from end to end.

    ``offered``: visits but the refused, by the interval in which they entered; ``answered`` of them. ``handled``:
    answered whose conversation is known (the talk is over and lasted), ``handle_s``: their talk and hold and wrap-up.
    Of a visit that only queue_log tells of, wrap-up is not known: the mean of the queue's visits that were seen is put
    in. ``wrap_up_known[queue]`` is False where there is none: handle time is talk and hold alone there.
    """

    queues: tuple[str, ...]
    intervals: Intervals
    offered: Floats
    answered: Floats
    handled: Floats
    handle_s: Floats
    wrap_up_known: Bools

    def before(self, day: date) -> Series:
        """The days before ``day``."""
        days = sum(d < day for d in self.intervals.dates)
        at = int(np.searchsorted(self.intervals.day, days))
        whole = self.intervals
        end = float(whole.start[at]) if at < len(whole.start) else whole.end
        kept = Intervals(whole.start[:at], whole.day[:at], whole.slot[:at], whole.dates[:days], end)
        counts = (self.offered[:, :at], self.answered[:, :at], self.handled[:, :at], self.handle_s[:, :at])
        return Series(self.queues, kept, *counts, self.wrap_up_known)


def intervals_of(first: date, days: int, zone: tzinfo) -> Intervals:
    """The intervals of so many local days. A day begins at its first moment, also where clocks skip midnight."""
    dates = tuple(first + timedelta(days=n) for n in range(days))
    midnight = [datetime.combine(d, time(), zone).timestamp() for d in (*dates, first + timedelta(days=days))]
    starts = [np.arange(a, b, INTERVAL_S) for a, b in pairwise(midnight)]
    slots = [_slots(start, zone) for start in starts]
    day = np.repeat(np.arange(days), [len(start) for start in starts])
    none = np.zeros(0)
    return Intervals(
        np.concatenate([none, *starts]), day, np.concatenate([none, *slots]).astype(np.intp), dates, midnight[-1]
    )


def _slots(start: Floats, zone: tzinfo) -> Integers:
    """The slot of each interval of one day; on a day without a change of clocks simply 0 … 95. A whole day may be
    skipped: Apia had no 30 December 2011."""
    if not len(start):
        return np.zeros(0, np.intp)
    first, last = (datetime.fromtimestamp(float(start[at]), zone) for at in (0, -1))
    if len(start) == SLOTS and first.utcoffset() == last.utcoffset():
        return np.arange(SLOTS)
    local = [datetime.fromtimestamp(float(at), zone) for at in start]
    return np.array([(at.hour * 60 + at.minute) // 15 for at in local], np.intp)


def whole_days(span: Range, zone: tzinfo) -> Intervals:
    """The intervals of the local days that lie wholly within ``span``."""
    first = datetime.fromtimestamp(span[0], zone).date()
    if datetime.combine(first, time(), zone).timestamp() < span[0]:
        first += timedelta(days=1)
    last = datetime.fromtimestamp(span[1], zone).date()  # not included
    return intervals_of(first, max((last - first).days, 0), zone)


def known_intervals(columns: Columns, intervals: Intervals) -> Bools:
    """Which intervals are known from end to end: within ``columns.known``, and over by ``columns.until``."""
    seconds = np.zeros(len(intervals.start))
    borders = intervals.borders
    for start, end in columns.known:
        end = min(end, columns.until)
        seconds += np.maximum(np.minimum(borders[1:], end) - np.maximum(borders[:-1], start), 0.0)
    whole: Bools = seconds >= np.diff(borders) - WHOLE_S
    return whole


def series_of(columns: Columns, zone: tzinfo) -> Series:
    """What the whole local days of ``columns.range`` that are over by ``columns.until`` tell."""
    intervals = whole_days((columns.range[0], min(columns.range[1], columns.until)), zone)
    visits, known = columns.visits, known_intervals(columns, intervals)
    place = intervals.place(visits.entered_at)
    answered = visits.outcome == Outcome.ANSWERED
    handled = answered & (visits.talk_s > 0)
    handle_s, wrap_up_known = _handle_time(columns, handled)

    def count(rows: Bools, weights: Floats | None = None) -> Floats:
        rows = rows & (place >= 0)
        cell = visits.queue[rows].astype(np.intp) * len(known) + place[rows]
        sums = np.bincount(cell, None if weights is None else weights[rows], len(columns.queues) * len(known))
        return np.where(known, sums.reshape(len(columns.queues), len(known)).astype(np.float64), np.nan)

    return Series(
        columns.queues, intervals, count(~np.isin(visits.outcome, REFUSED)), count(answered), count(handled),
        count(handled, handle_s), wrap_up_known,
    )


def _handle_time(columns: Columns, handled: Bools) -> tuple[Floats, Bools]:
    """Seconds of each visit, and of which queues the wrap-up is known."""
    visits, queues = columns.visits, len(columns.queues)
    seen = handled & (columns.source == Source.SEEN)
    count = np.bincount(visits.queue[seen], minlength=queues)
    sums = np.bincount(visits.queue[seen], visits.wrap_up_s[seen], queues)
    mean = np.divide(sums, count, out=np.zeros(queues), where=count > 0)
    return visits.talk_s + np.where(seen, visits.wrap_up_s, mean[visits.queue]), count > 0

"""The sums of a report by period and name, from which its figures are made. Pure; a few passes over the rows.

Every field is a flat array of (periods + 1) × (names + 1) numbers: the last name is all together, the last period the
whole range. They are added up once by period and place, then over both: no average is ever made of averages.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

import kpi
from callcenter.history.columns import Attempts
from callcenter.report.groups import Groups
from callcenter.report.periods import period_of
from kpi import AgentTime, Calls, CallSums, Spans, State, TimeSums, Visits, VisitSums
from kpi.columns import Bools, Floats, Integers

S = TypeVar("S", VisitSums, CallSums)
Table = NDArray[Any]


def visit_sums(
    visits: Visits, place: Integers, names: int, borders: Floats, threshold_s: Floats, short_abandon_s: Floats
) -> VisitSums:
    """Visits count in the period in which they entered; the thresholds are one for each row."""
    cell = _cell(visits.entered_at, place, names, borders)
    if not (cell >= 0).all():
        rows = np.flatnonzero(cell >= 0)
        visits = Visits(**{f.name: getattr(visits, f.name)[rows] for f in fields(Visits)})
        cell, threshold_s, short_abandon_s = cell[rows], threshold_s[rows], short_abandon_s[rows]
    cells = (len(borders) - 1) * (names + 1)
    return _added_up(kpi.sum_visits(replace(visits, queue=cell), cells, threshold_s, short_abandon_s), names)


def with_attempts(sums: VisitSums, attempts: Attempts, place: Integers, names: int, borders: Floats) -> VisitSums:
    """The sums with attempts that count for who was rung, in the period in which that began."""
    cell = _cell(attempts.at, place, names, borders)
    every, unanswered = (_counts(some, names, borders) for some in (cell, cell[attempts.unanswered]))
    return replace(sums, attempts=every, ring_no_answer=unanswered)


def counts(at: Floats, place: Integers, names: int, borders: Floats) -> Integers:
    """How many of these rows there are."""
    return _counts(_cell(at, place, names, borders), names, borders)


def _counts(cell: Integers, names: int, borders: Floats) -> Integers:
    return _table(np.bincount(cell[cell >= 0], minlength=(len(borders) - 1) * (names + 1)), names, np.add).ravel()


def call_sums(
    calls: Calls, place: Integers, names: int, borders: Floats, until: float | Floats, repeat_within_s: float
) -> CallSums:
    """Calls count in the period in which they started; all rows tell who called before and again, ``until`` when it is
    known (one for all calls, or one for each)."""
    cells = (len(borders) - 1) * (names + 1)
    placed = replace(calls, queue=_cell(calls.started_at, place, names, borders))
    return _added_up(kpi.sum_calls(placed, cells, until, repeat_within_s, start=borders[0], end=borders[-1]), names)


def time_sums(groups: Groups, borders: Floats, until: float) -> TimeSums:
    """Agents' time up to ``until``, cut at the borders."""
    borders = np.minimum(borders, until)
    time = _time_by_period(groups.spans, groups.memberships, len(groups.names), borders)
    if groups.spans_of_all is not None and groups.memberships_of_all is not None:
        of_all = _time_by_period(groups.spans_of_all, groups.memberships_of_all, 1, borders)
        time = TimeSums(*(
            np.concatenate([getattr(time, f.name)[:, :-1], getattr(of_all, f.name)[:, :1]], axis=1)
            for f in fields(TimeSums)
        ))  # fmt: skip
    return TimeSums(*(_with_range(getattr(time, f.name), np.add).ravel() for f in fields(TimeSums)))


def _time_by_period(spans: Spans, memberships: Bools | None, names: int, borders: Floats) -> TimeSums:
    """Some spans and some periods at a time: not many more than twice ``PIECES``, however long the spans are. As long
    as it is no more all periods are done at once: that is the quickest."""
    time = TimeSums(*(np.zeros((len(borders) - 1, names + 1)) for _ in fields(TimeSums)))
    for rows in _slices(spans, PIECES):
        step = len(borders)
        if _pieces(rows, borders) > 2 * PIECES or (memberships is not None and len(memberships) * step > PIECES):
            step = max(1, PIECES // max(_side_by_side(rows), 0 if memberships is None else len(memberships)))
        for first in range(0, len(borders) - 1, step):
            edges = borders[first : first + step + 1]
            some = _touching(rows, edges)
            if len(some.start):
                found = _time_of(some, memberships, names, edges)
                for f in fields(TimeSums):
                    getattr(time, f.name)[first : first + step] += getattr(found, f.name)
    return time


def _pieces(spans: Spans, borders: Floats) -> int:
    """How many they are when they are cut at the borders."""
    first = np.searchsorted(borders, spans.start, "right")
    crossing = np.flatnonzero(spans.end >= np.append(borders, np.inf)[first])
    last = np.searchsorted(borders, spans.end[crossing], "right")
    return len(first) + int((last - first[crossing]).sum())


def _side_by_side(spans: Spans) -> int:
    """The most spans at one moment: so many agents at work."""
    started = np.arange(1, len(spans.start) + 1)
    return int((started - np.searchsorted(np.sort(spans.end), np.sort(spans.start), "right")).max())


PIECES = 1 << 20
"""Of agents' time that are summed at once: they take some 100 bytes each."""


def _slices(spans: Spans, size: int) -> Iterator[Spans]:
    for start in range(0, len(spans.start), size):
        yield _picked(spans, slice(start, start + size))


def _picked(spans: Spans, rows: slice | Bools | Integers) -> Spans:
    return Spans(**{f.name: getattr(spans, f.name)[rows] for f in fields(Spans)})


def _touching(spans: Spans, borders: Floats) -> Spans:
    return _picked(spans, (spans.start < borders[-1]) & (spans.end > borders[0]))


def _time_of(spans: Spans, memberships: Bools | None, names: int, borders: Floats) -> TimeSums:
    """Each span's time in the period in which it begins, and of those that cross a border the rest."""
    periods = len(borders) - 1
    period: Integers = np.clip(np.searchsorted(borders, spans.start, "right") - 1, 0, periods - 1)
    first = kpi.sum_time_by_period(_piece(spans, period, borders), period, periods, names, memberships)
    spans, period = _beyond(spans, period, borders)
    rest = kpi.sum_time_by_period(_piece(spans, period, borders), period, periods, names, memberships)
    return TimeSums(*(getattr(first, f.name) + getattr(rest, f.name) for f in fields(TimeSums)))


def _piece(spans: Spans, period: Integers, borders: Floats) -> AgentTime:
    """Of each span what lies within the period beside it."""
    seconds = kpi.seconds_within(spans.start, spans.end, borders[period], borders[period + 1])
    return AgentTime(spans.agent, spans.queue, spans.membership, spans.state, seconds)


def _beyond(spans: Spans, period: Integers, borders: Floats) -> tuple[Spans, Integers]:
    """The spans that go on after the period beside them, once for each further period that they touch."""
    rows = np.flatnonzero((spans.end > borders[period + 1]) & (spans.state != State.LOGGED_OUT))
    pieces = np.searchsorted(borders[:-1], spans.end[rows], "left") - 1 - period[rows]
    nth = np.arange(pieces.sum()) - np.repeat(np.cumsum(pieces) - pieces, pieces)
    period = np.repeat(period[rows], pieces) + 1 + nth
    return _picked(spans, np.repeat(rows, pieces)), period


def _cell(at: Floats, place: Integers, names: int, borders: Floats) -> Integers:
    """period × (names + 1) + place, -1 for a row that counts nowhere."""
    period = period_of(at, borders)
    return np.where((period < 0) | (place < 0), -1, period * (names + 1) + place)


def _added_up(sums: S, names: int) -> S:
    """From one number a cell, and the last of all rows, to the tables of this module."""
    tables: dict[str, Any] = {
        f.name: _table(getattr(sums, f.name)[:-1], names, np.fmax if f.name == "longest_wait_s" else np.add).ravel()
        for f in fields(sums)
    }
    return type(sums)(**tables)


def _table(cells: Table, names: int, add: np.ufunc) -> Table:
    by_place = cells.reshape(-1, names + 1)
    every = add.reduce(by_place, axis=1, keepdims=True)
    return _with_range(np.concatenate([by_place[:, :names], every], axis=1), add)


def _with_range(by_period: Table, add: np.ufunc) -> Table:
    return np.concatenate([by_period, add.reduce(by_period, axis=0, keepdims=True)])

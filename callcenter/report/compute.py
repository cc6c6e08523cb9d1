"""A report from the columns of its range. Pure: no clock, no I/O; numpy, and no loop over rows or cells.

Visits count in the period in which they entered, rings of agents in that in which they began, calls in that in which
they started; agents' time is cut at the periods' borders. What of a period nothing is known of, and nothing happened
in that is known, has no counts there: they are NaN and not 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

import kpi
from callcenter.errors import InputError
from callcenter.history.columns import Columns, Source
from callcenter.report.groups import Groups, groups, unknown
from callcenter.report.labels import FROM_QUEUE_LOG
from callcenter.report.offers import OFFERS, Offer, Rows
from callcenter.report.periods import borders, check_cells, period_of, periods
from callcenter.report.site_calendar import SiteCalendar
from callcenter.report.sums import call_sums, counts, time_sums, visit_sums, with_attempts
from callcenter.report.values import Ask, By, Column, Report, Targets, Trust
from kpi import CallSums, Outcome, TimeSums, VisitSums
from kpi.calls import DAY_S
from kpi.columns import Bools, Floats

LOOK_BACK = {"repeat_call_rate"}
"""Figures that ask who called before."""

Sums = dict[Rows, VisitSums | TimeSums | CallSums]


def report(
    columns: Columns, ask: Ask, *, site: str, calendar: SiteCalendar, made_at: float, targets: Callable[[str], Targets],
    repeat_within_s: float = 7 * DAY_S,
) -> Report:
    """What ``ask`` asks of ``columns``. ``targets`` says what is configured for a queue; ``made_at`` is now.

    ``columns`` must hold all rows of the range that is asked for. Counts and sums are always there; a figure that has
    no value at all is left out unless it is asked for by name. InputError for an unknown queue, agent or figure, a
    negative threshold, an empty range and too many cells; ValueError when ``repeat_within_s`` is more than the
    columns' margin, so that calls again might be missed.
    """
    if repeat_within_s > columns.margin_s:
        raise ValueError(f"calls are known for {columns.margin_s} s around the range, not {repeat_within_s} s")
    offers, in_force = offers_of(ask), _targets(columns, ask, targets)
    who = groups(columns, ask, site, {name: of.topic or name for name, of in in_force.items()})
    edges = borders(ask.range, ask.every, calendar)
    check_cells(len(edges) - 1, len(who.names))
    needed = {offer.rows for offer in offers} | {Rows.CALLS}  # trust tells of the calls
    sums = _sums(columns, ask, who, edges, in_force, repeat_within_s, needed)
    shape = (len(edges), len(who.names) + 1)
    blind, cut_off = _blind(columns, edges), _cut_off(columns, edges, repeat_within_s)
    made = [_column(offer, sums, shape, blind if offer.counted else cut_off & (offer.name in LOOK_BACK))
            for offer in offers]  # fmt: skip
    return Report(
        site, calendar.zone, made_at, ask, periods(edges), who.names,
        tuple(c for c, o in zip(made, offers, strict=True) if ask.figures or o.counted or not np.isnan(c.values).all()),
        {name: in_force[name] for name in _counted(ask, who, in_force)},
        _trust(columns, ask, who, sums, made_at), _unknown_s(columns, edges, made_at),
        _from_queue_log(columns, who, edges, shape), calendar.day_starts,
    )  # fmt: skip


def offers_of(ask: Ask) -> list[Offer]:
    """The figures that are asked for, all that there are if none is named. InputError for one that there is not."""
    known = OFFERS[ask.by]
    unknown(f"figure by {ask.by}", ask.figures, tuple(known))
    return [known[name] for name in dict.fromkeys(ask.figures or known)]


def _targets(columns: Columns, ask: Ask, targets: Callable[[str], Targets]) -> dict[str, Targets]:
    """What the report counts with, by queue."""
    chosen = {"threshold_s": ask.threshold_s, "short_abandon_s": ask.short_abandon_s}
    asked: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
    for name, value in asked.items():
        if not 0 <= value < math.inf:
            raise InputError(f"{name} is {value:g}: it must be 0 or more seconds")
    return {name: replace(targets(name), **asked) for name in columns.queues}


def _counted(ask: Ask, who: Groups, in_force: dict[str, Targets]) -> Iterable[str]:
    """The queues whose targets count in the report."""
    if ask.by is By.QUEUE:
        return who.names
    topics = set(who.names)
    return sorted(name for name, of in in_force.items() if ask.by is not By.TOPIC or (of.topic or name) in topics)


def _sums(
    columns: Columns, ask: Ask, who: Groups, edges: Floats, targets: dict[str, Targets], repeat_within_s: float,
    needed: set[Rows],
) -> Sums:
    """Each by itself; numpy lets the others go on meanwhile."""
    names, made = len(who.names), dict[Rows, Future[VisitSums] | Future[TimeSums] | Future[CallSums]]()
    with ThreadPoolExecutor(len(Rows)) as pool:
        if Rows.TIME in needed:
            made[Rows.TIME] = pool.submit(time_sums, who, edges, columns.until)
        if Rows.CALLS in needed and who.calls is not None:
            calls, until = columns.calls, columns.calls_until
            made[Rows.CALLS] = pool.submit(call_sums, calls, who.calls, names, edges, until, repeat_within_s)
        if Rows.VISITS in needed:
            made[Rows.VISITS] = pool.submit(_visit_sums, columns, ask, who, edges, targets)
    return {rows: sums.result() for rows, sums in made.items()}


def _visit_sums(columns: Columns, ask: Ask, who: Groups, edges: Floats, targets: dict[str, Targets]) -> VisitSums:
    names, queue = len(who.names), columns.visits.queue
    threshold_s = np.array([targets[name].threshold_s for name in columns.queues], np.float64)
    short_s = np.array([targets[name].short_abandon_s for name in columns.queues], np.float64)
    visits = visit_sums(columns.visits, who.visits, names, edges, threshold_s[queue], short_s[queue])
    if ask.by is By.AGENT:
        visits = with_attempts(visits, columns.attempts, who.attempts, names, edges)
    return visits


def _column(offer: Offer, sums: Sums, shape: tuple[int, int], untold: Bools) -> Column:
    values = np.full(shape, np.nan)
    if offer.rows in sums:
        values[:] = offer.of(sums[offer.rows]).reshape(shape)
    values[untold] = np.nan
    return Column(offer.name, offer.unit, offer.label, offer.definition, offer.better, offer.target, values)


def _from_queue_log(columns: Columns, who: Groups, edges: Floats, shape: tuple[int, int]) -> Column | None:
    rows = (columns.source != Source.SEEN) & (columns.visits.outcome == Outcome.ANSWERED)
    found = counts(columns.visits.entered_at[rows], who.visits[rows], len(who.names), edges).astype(np.float64)
    told = FROM_QUEUE_LOG
    column = Column("from_queue_log", "count", told.label, told.definition, None, None, found.reshape(shape))
    return column if found.any() else None


def _known_s(columns: Columns, moments: Floats) -> Floats:
    """Seconds of which something is known, from the first of the moments to each."""
    if not columns.known:
        return np.zeros(len(moments))
    edges = np.array(columns.known).ravel()
    seconds = np.diff(edges, prepend=edges[0])
    seconds[::2] = 0.0  # between two known parts
    before = np.interp(moments, edges, np.cumsum(seconds))
    since: Floats = before - before[0]
    return since


def _blind(columns: Columns, edges: Floats) -> Bools:
    """The periods, the whole range last, of which nothing is known and in which no known visit entered."""
    known_s = np.diff(_known_s(columns, np.minimum(edges, columns.until)))
    period = period_of(columns.visits.entered_at, edges)
    seen = (known_s > 0) | (np.bincount(period[period >= 0], minlength=len(known_s)) > 0)
    return ~np.append(seen, seen.any())


def _cut_off(columns: Columns, edges: Floats, within_s: float) -> Bools:
    """The periods, the whole range last, of which it is not known who called within so many seconds before they began;
    gaps of a night or so do not count."""
    starts = np.append(edges[:-1], edges[0])
    if columns.known_before is None:
        return np.zeros(len(starts), np.bool_)
    parts = np.array([(columns.known_before, columns.range[0]), *columns.known])
    begins, ends = parts[:, 0], np.maximum.accumulate(parts[:, 1])
    anew = np.append(True, begins[1:] - ends[:-1] > DAY_S)
    since = begins[np.maximum.accumulate(np.where(anew, np.arange(len(parts)), 0))]
    last = np.searchsorted(begins, starts, "right") - 1
    return (starts - ends[last] > DAY_S) | (since[last] > starts - within_s)


def _unknown_s(columns: Columns, edges: Floats, made_at: float) -> tuple[float, ...]:
    """Of each period the seconds that are over and of which nothing is known."""
    over = np.minimum(edges, max(edges[0], made_at))
    return tuple(np.maximum(np.diff(over) - np.diff(_known_s(columns, over)), 0.0).tolist())


def _trust(columns: Columns, ask: Ask, who: Groups, sums: Sums, made_at: float) -> Trust:
    start, end = ask.range
    over = np.array([start, max(start, min(end, made_at))])
    visits = columns.visits
    counted = (start <= visits.entered_at) & (visits.entered_at < end)
    if ask.by in (By.QUEUE, By.TOPIC):
        counted &= who.visits >= 0
    by_source = np.bincount(columns.source[counted], minlength=len(Source)).tolist()
    calls = sums.get(Rows.CALLS)
    provisional = float(kpi.fcr_provisional_share(calls)[-1]) if isinstance(calls, CallSums) else math.nan
    return Trust(
        unknown_s=float(over[1] - over[0] - _known_s(columns, over)[1]),
        seen=by_source[Source.SEEN], repaired=by_source[Source.REPAIRED], imported=by_source[Source.IMPORTED],
        unknown=int((counted & (visits.outcome == Outcome.UNKNOWN)).sum()), provisional=provisional,
    )  # fmt: skip

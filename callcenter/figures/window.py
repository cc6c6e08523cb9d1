"""The rows of the running business day, kept from Changes, and the figures of any window of them.

Pure: no clock; the time comes with the Change and with the question. Of a restart it is told by :meth:`Window.restore`.
A visit belongs to the window in which it entered; agent spans are cut at its borders (see :mod:`kpi`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import numpy as np

import kpi
from callcenter.figures.business_day import business_day
from callcenter.figures.rows import Column
from callcenter.figures.staff import Staff
from callcenter.figures.visit_rows import CountedVisit, Names, VisitRows
from callcenter.floor.changes import (
    AgentChanged,
    AttemptEnded,
    Change,
    MemberChanged,
    TimeShifted,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    VisitRepaired,
    VisitRevived,
    VisitTransferred,
    WrapUpEnded,
)
from callcenter.floor.records import SEEN, Span, Unseen, Visit
from kpi.columns import REFUSED, Floats, Integers
from kpi.table import COUNTS, SUMS_S

Figures = dict[str, dict[str, float | None]]
"""Queue name ("" for all of them) → count, sum or figure → its value, None where it has none."""

Series = dict[str, dict[str, Column]]
"""Queue name ("" for all of them) → count, sum or figure → its value in each interval, NaN where it has none."""

SLIDING_S = {"15m": 900.0, "30m": 1800.0, "60m": 3600.0}


@dataclass(frozen=True, slots=True)
class Targets:
    """What a queue aims at: its threshold T (seconds), the service level within it (ratio), and how short an abandoned
    wait must be to be left out (seconds)."""

    threshold_s: float = 20.0
    service_level: float = 0.80
    short_abandon_s: float = 5.0


def window_starts(at: float, zone: tzinfo, day_starts: str) -> dict[str, float]:
    """When each live window that ends at ``at`` began (seconds since the epoch)."""
    return {name: at - seconds for name, seconds in SLIDING_S.items()} | {"today": business_day(at, zone, day_starts)}


class Window:
    """Live figures of one PBX. ``targets`` says what is in force for a queue at the moment of the question.

    ``zone`` and ``day_starts`` ("HH:MM") say when the business day begins.
    """

    def __init__(self, targets: Callable[[str], Targets], zone: tzinfo, day_starts: str) -> None:
        self._targets, self._zone, self._day_starts = targets, zone, day_starts
        self._queues = Names()
        self._visits, self._staff = VisitRows(self._queues), Staff(self._queues)
        # Any: each handler takes the one kind of Change it stands beside.
        self.handlers: dict[type[Change], Callable[[Any], None]] = {
            VisitEntered: self._visits.entered,
            VisitRevived: self._visits.revived,
            VisitEnded: self._visits.told,
            VisitCompleted: self._visits.told,
            VisitTransferred: self._visits.told,
            VisitRepaired: self._visits.repaired,
            AttemptEnded: self._visits.attempt_ended,
            WrapUpEnded: self._visits.wrap_up_ended,
            AgentChanged: self._staff.agent_changed,
            MemberChanged: self._staff.member_changed,
            TimeShifted: self._shifted,
        }

    def apply(self, change: Change) -> None:
        """Take in one Change; those that no figure lives on are passed over."""
        handler = self.handlers.get(type(change))
        if handler is not None:
            handler(change)

    def restore(self, visits: Iterable[Visit], spans: Iterable[Span]) -> None:
        """Take in what was stored before a restart.

        Undecided visits are left out: of those that may still wait the Floor tells (VisitRevived). Memberships are not
        stored: a restored span counts for the queues that its agent is a member of when the figures are asked for.
        """
        for visit in visits:
            if visit.outcome is not None:
                self._visits.restore(visit)
        for span in spans:
            self._staff.add_ended(span)

    def forget(self, before: float) -> None:
        """Drop the visits that entered, and the spans that ended, before ``before`` (seconds since the epoch).

        To be called now and then with the business day's start less 60 minutes: no live window reaches further.
        """
        self._visits.forget(before)
        self._staff.forget(before)

    def picture(self) -> Window:
        """A copy that stays as it is, for :meth:`figures` beside the loop: copying takes a tenth of computing."""
        picture = copy(self)
        picture._queues = Names(self._queues)
        targets = {name: self._targets(name) for name in self._queues}
        picture._targets = targets.__getitem__
        picture._visits = self._visits.picture(picture._queues)
        picture._staff = self._staff.picture(picture._queues)
        picture.handlers = {}
        return picture

    def figures(self, at: float, unseen: Unseen = SEEN) -> dict[str, Figures]:
        """The windows "15m", "30m", "60m" and "today" as they are at ``at``: window → queue → name → value.

        Their end is open: what the PBX's clock puts slightly after ``at`` belongs to them. What is under way
        counts as far as it was seen, see :class:`callcenter.floor.records.Unseen`.
        """
        starts = window_starts(at, self._zone, self._day_starts)
        return {name: self.table(start, math.inf, at, unseen) for name, start in starts.items()}

    def table(self, start: float, end: float, at: float, unseen: Unseen = SEEN) -> Figures:
        """Counts, sums and figures by queue of the window [start, end), as they are at ``at``; see :meth:`figures`.

        Visits that entered within it; agents' time within it and not after ``at``. Names and units: kpi.table; beside
        them ``repaired``, the visits of which queue_log told what we did not see.
        """
        names = list(self._queues)
        visits, repaired = self._visits.within(start, end, at, unseen)
        columns = _of_visits(visits, len(names), self._in_force(visits.queue))
        columns["repaired"] = np.append(np.bincount(visits.queue[repaired], minlength=len(names)), repaired.sum())
        time_sums = self._staff.sums(start, min(end, at), unseen)
        columns |= {figure.name: figure.of(time_sums) for figure in kpi.AGENT_FIGURES}
        return _by_queue([*names, ""], columns)

    def series(self, borders: Floats, at: float, unseen: Unseen = SEEN) -> Series:
        """Counts, sums and figures of the visits that entered between two of ``borders`` and the next, by queue and of
        all, as they are at ``at``: those of :meth:`table` but for what agents' time tells. The last is open at its
        end, as the windows are."""
        names, length = list(self._queues), len(borders) - 1
        visits, _ = self._visits.within(float(borders[0]), math.inf, at, unseen)
        place = np.minimum(np.searchsorted(borders, visits.entered_at, "right") - 1, length - 1)
        limits = self._in_force(visits.queue)
        by_queue = _of_visits(replace(visits, queue=visits.queue * length + place), len(names) * length, limits)
        of_all = _of_visits(replace(visits, queue=place), length, limits)
        return {"": {name: column[:-1] for name, column in of_all.items()}} | {
            queue: {name: column[code * length : (code + 1) * length] for name, column in by_queue.items()}
            for code, queue in enumerate(names)
        }

    def _in_force(self, queue: Integers) -> tuple[Floats, Floats]:
        """The threshold and the short-abandon limit of each visit, by the codes of their queues."""
        targets = [self._targets(name) for name in list(self._queues)]
        limits = np.array([(t.threshold_s, t.short_abandon_s) for t in targets], np.float64).reshape(-1, 2)
        return limits[queue, 0], limits[queue, 1]

    def offered(self, borders: Floats, at: float) -> dict[str, Integers]:
        """Visits but the refused of each queue, by the interval from each of ``borders`` to the next in which they
        entered, as told by ``at``."""
        visits, _ = self._visits.within(float(borders[0]), float(borders[-1]), at)
        kept = ~np.isin(visits.outcome, REFUSED)
        place = np.searchsorted(borders, visits.entered_at[kept], "right") - 1
        counts = np.zeros((len(self._queues), len(borders) - 1), np.intp)
        np.add.at(counts, (visits.queue[kept], place), 1)
        return dict(zip(self._queues, counts, strict=True))

    def counted(self, start: float, end: float) -> Iterator[CountedVisit]:
        """The visits that entered in [start, end), but for the refused, to compare with the PBX's own counts."""
        return self._visits.counted(start, end)

    def _shifted(self, change: TimeShifted) -> None:
        """The PBX's clock was set: the last fifteen minutes stay those that just passed."""
        self._visits.shift(change.by_s)
        self._staff.shift(change.by_s)


def _of_visits(visits: kpi.Visits, codes: int, limits: tuple[Floats, Floats]) -> dict[str, Column]:
    """Counts, sums and figures by the code in the visits' ``queue``, the last of all of them."""
    sums = kpi.sum_visits(visits, codes, *limits)
    columns: dict[str, Column] = {name: getattr(sums, name) for name in COUNTS + SUMS_S}
    return columns | {figure.name: figure.of(sums) for figure in kpi.VISIT_FIGURES}


def _by_queue(names: list[str], columns: dict[str, Column]) -> Figures:
    rows = zip(*map(_plain, columns.values()), strict=True)
    return {name: dict(zip(columns, row, strict=True)) for name, row in zip(names, rows, strict=True)}


def _plain(column: Column) -> list[float | None]:
    """Numbers as JSON has them: integers stay integers, NaN becomes None."""
    values: list[float | None] = column.tolist()
    if column.dtype.kind == "f" and np.isnan(column).any():
        return [None if value is None or math.isnan(value) else value for value in values]
    return values

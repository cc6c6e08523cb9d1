"""The rows of the running business day, kept from Changes, and the figures of any window of them.

Pure: no clock; the time comes with the Change and with the question. Of a restart it is told by :meth:`Window.restore`.
A visit belongs to the window in which it entered; agent spans are cut at its borders (see :mod:`kpi`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

import msgspec
import numpy as np

import kpi
from callcenter.figures.business_day import business_day
from callcenter.figures.rows import Column, Rows
from callcenter.figures.staff import Staff
from callcenter.floor import records
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
    WrapUpEnded,
)
from callcenter.floor.records import Span, Visit
from kpi.table import COUNTS, SUMS_S

Figures = dict[str, dict[str, float | None]]
"""Queue name ("" for all of them) → count, sum or figure → its value, None where it has none."""

CountedVisit = tuple[str, float, records.Outcome | None, float | None, int]
"""(queue, entered_at, outcome, left_at, rings that nobody answered)."""

SLIDING_S = {"15m": 900.0, "30m": 1800.0, "60m": 3600.0}

SAME_MOMENT_S = 1e-4
"""What was moved to and fro with the PBX's clock has lost its last digits."""

OUTCOMES: dict[records.Outcome | None, int] = {o: int(kpi.Outcome[o.name]) for o in records.Outcome}
OUTCOMES[None] = int(kpi.Outcome.WAITING)
OF_CODE = {code: outcome for outcome, code in OUTCOMES.items()}

VISIT_BLANKS: dict[str, np.generic] = {
    "queue": np.int32(0), "entered_at": np.float64(0), "wait_s": np.float64(math.nan),
    "outcome": np.int8(kpi.Outcome.WAITING), "talk_s": np.float64(0), "hold_s": np.float64(0),
    "wrap_up_s": np.float64(0), "transferred": np.bool_(False), "attempts": np.int32(0), "ring_no_answer": np.int32(0),
    "repaired": np.bool_(False),
}


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


class Names(dict[str, int]):
    """Codes 0, 1, 2 … given to names in the order in which they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = code = len(self)
        return code


class Window:
    """Live figures of one PBX. ``targets`` says what is in force for a queue at the moment of the question.

    ``zone`` and ``day_starts`` ("HH:MM") say when the business day begins.
    """

    def __init__(self, targets: Callable[[str], Targets], zone: tzinfo, day_starts: str) -> None:
        self._targets, self._zone, self._day_starts = targets, zone, day_starts
        self._queues = Names()
        self._visits = Rows(VISIT_BLANKS)
        self._row_of: dict[int, int] = {}
        self._moved_s = [0.0]
        self._staff = Staff(self._queues)
        # Any: each handler takes the one kind of Change it stands beside.
        self.handlers: dict[type[Change], Callable[[Any], None]] = {
            VisitEntered: self._entered,
            VisitRevived: self._revived,
            VisitEnded: self._told,
            VisitCompleted: self._told,
            VisitRepaired: self._repaired,
            AttemptEnded: self._attempt_ended,
            WrapUpEnded: self._wrap_up_ended,
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
                row = self._new_visit(visit.queue, visit.entered_at)
                self._write(row, visit)
                self._write_attempts(row, visit)
        for span in spans:
            self._staff.add_ended(span)

    def forget(self, before: float) -> None:
        """Drop the visits that entered, and the spans that ended, before ``before`` (seconds since the epoch).

        To be called now and then with the business day's start less 60 minutes: no live window reaches further.
        """
        moved = self._visits.keep(self._visits.column("entered_at") >= before)
        self._row_of = {key: int(moved[row]) for key, row in self._row_of.items() if moved[row] >= 0}
        self._staff.forget(before)

    def picture(self) -> Window:
        """A copy that stays as it is, for :meth:`figures` beside the loop: copying takes a tenth of computing."""
        picture = copy(self)
        picture._queues = Names(self._queues)
        targets = {name: self._targets(name) for name in self._queues}
        picture._targets = targets.__getitem__
        picture._visits, picture._staff = self._visits.picture(), self._staff.picture(picture._queues)
        picture.handlers = {}
        return picture

    def figures(self, at: float) -> dict[str, Figures]:
        """The windows "15m", "30m", "60m" and "today" as they are at ``at``: window → queue → name → value.

        Their end is open: what the PBX's clock puts slightly after ``at`` belongs to them.
        """
        starts = window_starts(at, self._zone, self._day_starts)
        return {name: self.table(start, math.inf, at) for name, start in starts.items()}

    def table(self, start: float, end: float, at: float) -> Figures:
        """Counts, sums and figures by queue of the window [start, end), as they are at ``at``.

        Visits that entered within it; agents' time within it and not after ``at``. Names and units: kpi.table; beside
        them ``repaired``, the visits of which queue_log told what we did not see.
        """
        names = list(self._queues)
        visits, repaired = self._visits_within(start, end, at)
        targets = [self._targets(name) for name in names]
        threshold_s = np.array([t.threshold_s for t in targets], np.float64)
        short_abandon_s = np.array([t.short_abandon_s for t in targets], np.float64)
        visit_sums = kpi.sum_visits(visits, len(names), threshold_s[visits.queue], short_abandon_s[visits.queue])
        time_sums = self._staff.sums(start, min(end, at))
        columns: dict[str, Column] = {name: getattr(visit_sums, name) for name in COUNTS + SUMS_S}
        columns["repaired"] = np.append(np.bincount(visits.queue[repaired], minlength=len(names)), repaired.sum())
        columns |= {figure.name: figure.of(visit_sums) for figure in kpi.VISIT_FIGURES}
        columns |= {figure.name: figure.of(time_sums) for figure in kpi.AGENT_FIGURES}
        return _by_queue([*names, ""], columns)

    def counted(self, start: float, end: float) -> Iterator[CountedVisit]:
        """The visits that entered in [start, end), but for the refused, to compare with the PBX's own counts."""
        entered_at = self._visits.column("entered_at")
        rows = self._visits.read((entered_at >= start) & (entered_at < end))
        names = list(self._queues)
        columns = [rows[name].tolist() for name in ("queue", "entered_at", "outcome", "wait_s", "ring_no_answer")]
        for queue, at, code, wait_s, rings in zip(*columns, strict=True):
            outcome = OF_CODE[code]
            if outcome not in records.REFUSALS:
                yield names[queue], at, outcome, at + wait_s if outcome else None, rings

    def _visits_within(self, start: float, end: float, at: float) -> tuple[kpi.Visits, Column]:
        """The visits, and which of them were repaired."""
        entered_at = self._visits.column("entered_at")
        visits = self._visits.read((entered_at >= start) & (entered_at < end))
        so_far = np.maximum(at - visits["entered_at"], 0.0)
        visits["wait_s"] = np.where(visits["outcome"] == kpi.Outcome.WAITING, so_far, visits["wait_s"])
        repaired = visits.pop("repaired")
        return kpi.Visits(**visits), repaired

    def _entered(self, change: VisitEntered) -> None:
        if change.key not in self._row_of:
            self._row_of[change.key] = self._new_visit(change.queue, change.at)

    def _told(self, change: VisitEnded | VisitCompleted | VisitRevived) -> None:
        row = self._row_of.get(change.key)
        if row is None:  # refused, or entered before this process saw it
            row = self._row_of[change.key] = self._new_visit(change.visit.queue, change.visit.entered_at)
        self._write(row, change.visit)

    def _revived(self, change: VisitRevived) -> None:
        self._told(change)
        self._write_attempts(self._row_of[change.key], change.visit)

    def _repaired(self, change: VisitRepaired) -> None:
        """queue_log has told more of a visit: its row is found by what it was, whichever process saw it."""
        if change.before == change.visit:  # something else of the call was mended
            return
        row, visit = self._row_of.get(change.key), change.visit
        if row is None and change.before is not None:
            row = self._row_like(change.before)
            if row is not None:
                moved_s = float(self._visits.columns["entered_at"][row]) - change.before.entered_at
                visit = msgspec.structs.replace(visit, entered_at=visit.entered_at + moved_s)
        if row is None:
            row = self._new_visit(visit.queue, visit.entered_at)
        self._rewrite(row, visit)

    def _row_like(self, visit: Visit) -> int | None:
        """The row that shows this visit; of several that entered in the same moment one that shows the same.

        One that was left undecided is in none: who waits here has a key.
        """
        if visit.outcome is None:
            return None
        shown, cells = self._visits.columns, _cells(visit)
        later_s = self._visits.column("entered_at") - visit.entered_at
        there = np.abs(later_s[:, None] - self._moved_s).min(axis=1) < SAME_MOMENT_S
        rows = np.flatnonzero(there & (self._visits.column("queue") == self._queues[visit.queue]))
        rows = rows[shown["outcome"][rows] == cells["outcome"]]
        if len(rows) == 0:
            return None
        like = sum((shown[name][rows] == value).astype(int) for name, value in cells.items())
        return int(rows[np.argmax(like)])

    def _attempt_ended(self, change: AttemptEnded) -> None:
        row = self._row_of.get(change.key)
        if row is not None:
            self._visits.columns["attempts"][row] += 1
            if change.attempt.unanswered:
                self._visits.columns["ring_no_answer"][row] += 1

    def _wrap_up_ended(self, change: WrapUpEnded) -> None:
        row = self._row_of.get(change.key)
        if row is not None:
            self._visits.columns["wrap_up_s"][row] = change.wrap_up_s

    def _shifted(self, change: TimeShifted) -> None:
        """The PBX's clock was set: the last fifteen minutes stay those that just passed."""
        self._visits.column("entered_at")[:] += change.by_s
        self._moved_s = [0.0, *(moved_s + change.by_s for moved_s in self._moved_s)]
        self._staff.shift(change.by_s)

    def _new_visit(self, queue: str, entered_at: float) -> int:
        row = self._visits.add()
        columns = self._visits.columns
        columns["queue"][row] = self._queues[queue]
        columns["entered_at"][row] = entered_at
        return row

    def _write(self, row: int, visit: Visit) -> None:
        columns = self._visits.columns
        columns["entered_at"][row] = visit.entered_at
        columns["outcome"][row] = OUTCOMES[visit.outcome]
        if visit.wait_s is not None:
            columns["wait_s"][row] = visit.wait_s
        if visit.talk_s is not None:
            columns["talk_s"][row] = visit.talk_s
            columns["hold_s"][row] = visit.hold_s or 0.0
        if visit.wrap_up_s is not None:
            columns["wrap_up_s"][row] = visit.wrap_up_s
        if visit.transferred:
            columns["transferred"][row] = True
        if visit.repaired:
            columns["repaired"][row] = True

    def _rewrite(self, row: int, visit: Visit) -> None:
        """As it is told now, whatever it was taken for before."""
        columns = self._visits.columns
        for name in ("wait_s", "talk_s", "hold_s", "wrap_up_s", "transferred"):
            columns[name][row] = VISIT_BLANKS[name]
        self._write(row, visit)
        self._write_attempts(row, visit)

    def _write_attempts(self, row: int, visit: Visit) -> None:
        for name in ("attempts", "ring_no_answer"):
            self._visits.columns[name][row] = _cells(visit)[name]


def _cells(visit: Visit) -> dict[str, float]:
    """What tells two visits of one moment apart."""
    ended = [attempt for attempt in visit.attempts if attempt.result is not None]
    return {
        "outcome": OUTCOMES[visit.outcome],
        "wait_s": math.nan if visit.wait_s is None else visit.wait_s,
        "talk_s": visit.talk_s or 0.0,
        "attempts": len(ended),
        "ring_no_answer": sum(attempt.unanswered for attempt in ended),
        "repaired": visit.repaired,
    }


def _by_queue(names: list[str], columns: dict[str, Column]) -> Figures:
    rows = zip(*map(_plain, columns.values()), strict=True)
    return {name: dict(zip(columns, row, strict=True)) for name, row in zip(names, rows, strict=True)}


def _plain(column: Column) -> list[float | None]:
    """Numbers as JSON has them: integers stay integers, NaN becomes None."""
    values: list[float | None] = column.tolist()
    if column.dtype.kind == "f" and np.isnan(column).any():
        return [None if value is None or math.isnan(value) else value for value in values]
    return values

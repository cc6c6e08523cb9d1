"""The visits of the running business day in columns, written from Changes and found again by key or by what they show.

Pure. A row is a visit; what it is blank in has not happened yet. The PBX's clock may move all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy

import numpy as np

import kpi
from callcenter.figures.rows import Column, Rows
from callcenter.floor import records
from callcenter.floor.changes import (
    AttemptEnded,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    VisitRepaired,
    VisitRevived,
    VisitTransferred,
    WrapUpEnded,
)
from callcenter.floor.records import SEEN, Unseen, Visit

CountedVisit = tuple[str, float, records.Outcome | None, float | None, int]
"""(queue, entered_at, outcome, left_at, rings that nobody answered)."""

SAME_MOMENT_S = 1e-4
"""What was moved to and fro with the PBX's clock has lost its last digits."""

OUTCOMES: dict[records.Outcome | None, int] = {o: int(kpi.Outcome[o.name]) for o in records.Outcome}
OUTCOMES[None] = int(kpi.Outcome.WAITING)
OF_CODE = {code: outcome for outcome, code in OUTCOMES.items()}

BLANKS: dict[str, np.generic] = {
    "queue": np.int32(0), "entered_at": np.float64(0), "wait_s": np.float64(math.nan),
    "outcome": np.int8(kpi.Outcome.WAITING), "talk_s": np.float64(0), "hold_s": np.float64(0),
    "wrap_up_s": np.float64(0), "transferred": np.bool_(False), "attempts": np.int32(0), "ring_no_answer": np.int32(0),
    "repaired": np.bool_(False),
}


class Names(dict[str, int]):
    """Codes 0, 1, 2 … given to names in the order in which they are first asked for."""

    def __missing__(self, name: str) -> int:
        self[name] = code = len(self)
        return code


class VisitRows:
    """``queues`` gives the code that stands for a queue's name."""

    def __init__(self, queues: Names) -> None:
        self._queues = queues
        self._rows = Rows(BLANKS)
        self._row_of: dict[int, int] = {}
        self._moved_s = [0.0]

    # ---- what is asked --------------------------------------------------------------------------------------

    def picture(self, queues: Names) -> VisitRows:
        """A copy that stays as it is, for reading only."""
        picture = copy(self)
        picture._queues, picture._rows = queues, self._rows.picture()
        return picture

    def within(self, start: float, end: float, at: float, unseen: Unseen = SEEN) -> tuple[kpi.Visits, Column]:
        """The visits that entered in [start, end) as they are at ``at``, and which of them were repaired. Who
        waits was seen to wait as far as ``unseen`` says."""
        visits = self._rows.read(self._entered_in(start, end))
        until = np.where(visits["entered_at"] >= unseen.again_at, at, min(at, unseen.lost_at))
        so_far = np.maximum(until - visits["entered_at"], 0.0)
        visits["wait_s"] = np.where(visits["outcome"] == kpi.Outcome.WAITING, so_far, visits["wait_s"])
        repaired = visits.pop("repaired")
        return kpi.Visits(**visits), repaired

    def counted(self, start: float, end: float) -> Iterator[CountedVisit]:
        """The visits that entered in [start, end), but for the refused, to compare with the PBX's own counts."""
        rows = self._rows.read(self._entered_in(start, end))
        names = list(self._queues)
        columns = [rows[name].tolist() for name in ("queue", "entered_at", "outcome", "wait_s", "ring_no_answer")]
        for queue, at, code, wait_s, rings in zip(*columns, strict=True):
            outcome = OF_CODE[code]
            if outcome not in records.REFUSALS:
                yield names[queue], at, outcome, at + wait_s if outcome else None, rings

    def _entered_in(self, start: float, end: float) -> Column:
        entered_at = self._rows.column("entered_at")
        return (entered_at >= start) & (entered_at < end)

    # ---- what happens ---------------------------------------------------------------------------------------

    def entered(self, change: VisitEntered) -> None:
        if change.key not in self._row_of:
            self._row_of[change.key] = self._new(change.queue, change.at)

    def told(self, change: VisitEnded | VisitCompleted | VisitTransferred | VisitRevived) -> None:
        row = self._row_of.get(change.key)
        if row is None:  # refused, or entered before this process saw it
            row = self._row_of[change.key] = self._new(change.visit.queue, change.visit.entered_at)
        self._write(row, change.visit)

    def revived(self, change: VisitRevived) -> None:
        self.told(change)
        self._write_attempts(self._row_of[change.key], change.visit)

    def repaired(self, change: VisitRepaired) -> None:
        """queue_log has told more of a visit: its row is found by what it was, whichever process saw it.

        One that was over when the PBX's clock was set kept its times, its row moved along.
        """
        before, visit = change.before, change.visit
        if before == visit:  # something else of the call was mended
            return
        row = self._row_of.get(change.key)
        if row is None and before is not None:
            row = self._row_like(before)
        if row is None:
            row = self._new(visit.queue, visit.entered_at)
        elif before is not None:
            self._rows.columns["entered_at"][row] += visit.entered_at - before.entered_at
        self._rewrite(row, visit)

    def attempt_ended(self, change: AttemptEnded) -> None:
        row = self._row_of.get(change.key)
        if row is not None:
            self._rows.columns["attempts"][row] += 1
            if change.attempt.unanswered:
                self._rows.columns["ring_no_answer"][row] += 1

    def wrap_up_ended(self, change: WrapUpEnded) -> None:
        row = self._row_of.get(change.key)
        if row is not None:
            self._rows.columns["wrap_up_s"][row] = change.wrap_up_s

    def restore(self, visit: Visit) -> None:
        """One that was stored before a restart."""
        row = self._new(visit.queue, visit.entered_at)
        self._write(row, visit)
        self._write_attempts(row, visit)

    def shift(self, by_s: float) -> None:
        """The PBX's clock was set by so many seconds."""
        self._rows.column("entered_at")[:] += by_s
        self._moved_s = [0.0, *(moved_s + by_s for moved_s in self._moved_s)]

    def forget(self, before: float) -> None:
        """Drop what entered before ``before``."""
        moved = self._rows.keep(self._rows.column("entered_at") >= before)
        self._row_of = {key: int(moved[row]) for key, row in self._row_of.items() if moved[row] >= 0}

    # ---- cells ----------------------------------------------------------------------------------------------

    def _new(self, queue: str, entered_at: float) -> int:
        row = self._rows.add()
        columns = self._rows.columns
        columns["queue"][row] = self._queues[queue]
        columns["entered_at"][row] = entered_at
        return row

    def _row_like(self, visit: Visit) -> int | None:
        """The row that shows this visit; of several that entered in the same moment one that shows the same.

        One that was left undecided is in none: who waits here has a key.
        """
        if visit.outcome is None:
            return None
        shown, cells = self._rows.columns, _cells(visit)
        later_s = self._rows.column("entered_at") - visit.entered_at
        there = np.abs(later_s[:, None] - self._moved_s).min(axis=1) < SAME_MOMENT_S
        rows = np.flatnonzero(there & (self._rows.column("queue") == self._queues[visit.queue]))
        rows = rows[shown["outcome"][rows] == cells["outcome"]]
        if len(rows) == 0:
            return None
        like = sum((shown[name][rows] == value).astype(int) for name, value in cells.items())
        return int(rows[np.argmax(like)])

    def _write(self, row: int, visit: Visit) -> None:
        columns = self._rows.columns
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
        columns = self._rows.columns
        for name in ("wait_s", "talk_s", "hold_s", "wrap_up_s", "transferred"):
            columns[name][row] = BLANKS[name]
        self._write(row, visit)
        self._write_attempts(row, visit)

    def _write_attempts(self, row: int, visit: Visit) -> None:
        for name in ("attempts", "ring_no_answer"):
            self._rows.columns[name][row] = _cells(visit)[name]


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

"""Counts since the daemon's start, made from Changes. Pure (no clock, no I/O); one dictionary look-up a Change.

``ami_events`` and ``ami_dropped`` come from no Change: whoever knows them sets them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from copy import copy
from typing import Any

from callcenter.floor.changes import (
    AttemptEnded,
    CallStarted,
    Change,
    Drift,
    LinkChanged,
    TimeShifted,
    VisitCompleted,
    VisitEnded,
    VisitEntered,
    VisitRepaired,
    VisitTransferred,
)
from callcenter.floor.records import REFUSALS, Outcome

BUCKETS = (2.0, 5.0, 10.0, 15.0, 20.0, 30.0, 45.0, 60.0, 90.0, 120.0, 180.0, 300.0, 600.0, 1200.0)
"""Upper bounds of the wait histogram in seconds; 20 is the usual service-level threshold."""

OTHER = "other"
TOLD_APART = {Outcome.ANSWERED: "answered", Outcome.ABANDONED: "abandoned"}
WAITED = (*TOLD_APART.values(), OTHER)
"""Outcomes of the wait histogram."""


class Waits:
    """One histogram: how many waits fell into each bucket, and their sum."""

    __slots__ = ("counts", "sum_s")

    def __init__(self) -> None:
        self.counts = [0] * (len(BUCKETS) + 1)
        self.sum_s = 0.0

    def add(self, wait_s: float) -> None:
        self.counts[bisect_left(BUCKETS, wait_s)] += 1
        self.sum_s += wait_s

    def picture(self) -> Waits:
        picture = Waits()
        picture.counts, picture.sum_s = self.counts.copy(), self.sum_s
        return picture

    def cumulative(self) -> list[tuple[str, float]]:
        """(upper bound, waits up to it), as Prometheus wants them."""
        total, out = 0, []
        for bound, count in zip((*map(str, BUCKETS), "+Inf"), self.counts, strict=True):
            total += count
            out.append((bound, float(total)))
        return out


class Counters:
    """Give it every Change, in order."""

    def __init__(self) -> None:
        self.calls = 0
        self.entered: Counter[str] = Counter()
        self.visits: Counter[tuple[str, str]] = Counter()
        self.waits: dict[tuple[str, str], Waits] = {}
        self.talk_s: dict[str, float] = {}
        self.transferred: Counter[str] = Counter()
        self.ring_no_answer: Counter[str] = Counter()
        self.drift: Counter[str] = Counter()
        self.repaired: Counter[tuple[str, str]] = Counter()
        self.link_lost = 0
        self.reconnects = 0
        self._blind_s = self._blind_told_s = 0.0
        self._blind_since: float | None = None
        self.ami_events = 0
        self.ami_dropped: Counter[str] = Counter()
        self._link = False
        self.rules: dict[type[Change], Callable[[Any], None]] = {
            CallStarted: self._call_started,
            VisitEntered: self._entered,
            VisitEnded: self._visit_ended,
            VisitCompleted: self._visit_completed,
            VisitTransferred: self._visit_transferred,
            AttemptEnded: self._attempt_ended,
            Drift: self._drifted,
            VisitRepaired: self._repaired,
            LinkChanged: self._link_changed,
            TimeShifted: self._shifted,
        }

    def picture(self, at: float) -> Counters:
        """A copy that stays as it is: to be read beside the loop as what is told at ``at``."""
        self._blind_told_s = self.blind_s(at)
        picture = copy(self)
        for name, value in vars(self).items():
            if isinstance(value, dict):
                setattr(picture, name, value.copy())
        picture.waits = {key: waits.picture() for key, waits in self.waits.items()}
        picture.rules = {}
        return picture

    def apply(self, change: Change) -> None:
        rule = self.rules.get(type(change))
        if rule is not None:
            rule(change)

    def _call_started(self, change: CallStarted) -> None:
        self.calls += 1

    def _entered(self, change: VisitEntered) -> None:
        self.entered[change.queue] += 1

    def _visit_ended(self, change: VisitEnded) -> None:
        visit = change.visit
        outcome = visit.outcome or Outcome.UNKNOWN
        self.visits[visit.queue, outcome.value] += 1
        if visit.wait_s is None or outcome in REFUSALS:
            return
        key = visit.queue, TOLD_APART.get(outcome, OTHER)
        waits = self.waits.get(key)
        if waits is None:
            waits = self.waits[key] = Waits()
        waits.add(visit.wait_s)

    def _visit_completed(self, change: VisitCompleted) -> None:
        visit = change.visit
        self.talk_s[visit.queue] = self.talk_s.get(visit.queue, 0.0) + (visit.talk_s or 0.0)
        self.transferred[visit.queue] += visit.transferred

    def _visit_transferred(self, change: VisitTransferred) -> None:
        self.transferred[change.visit.queue] += 1

    def _attempt_ended(self, change: AttemptEnded) -> None:
        self.ring_no_answer[change.queue] += change.attempt.unanswered

    def _drifted(self, change: Drift) -> None:
        self.drift[change.kind] += 1

    def _repaired(self, change: VisitRepaired) -> None:
        if change.before == change.visit:  # something else of the call was mended
            return
        outcome = change.visit.outcome or Outcome.UNKNOWN
        self.repaired[change.visit.queue, outcome.value] += 1

    def _link_changed(self, change: LinkChanged) -> None:
        self.link_lost += self._link and not change.up
        self.reconnects += change.up and self._blind_since is not None
        if change.up:
            self._blind_s, self._blind_since = self._was_blind_s(change.at), None
        elif self._blind_since is None:
            self._blind_since = change.at
        self._link = change.up

    def _shifted(self, change: TimeShifted) -> None:
        if self._blind_since is not None:
            self._blind_since += change.by_s

    def blind_s(self, at: float) -> float:
        """Seconds without sight up to ``at`` since the link was up first; it grows while nothing is seen.

        Never less than what was told: the PBX's clock may be a little behind where it was taken to be meanwhile.
        """
        return max(self._blind_told_s, self._was_blind_s(at))

    def _was_blind_s(self, at: float) -> float:
        return self._blind_s + (0.0 if self._blind_since is None else max(0.0, at - self._blind_since))

"""Does what is read come from this PBX's queue_log, and up to when does it tell? Pure.

A file that is there says nothing yet: an empty one, another kind of log, one of last year or of another PBX is silent
about a hole just as a quiet night is. Only a line from after the hole says that all before it was told; or the line
with which this very PBX began to write, a moment before the hole ended. And only one from before the hole says that
what was rotated away and deleted is not of the hole.
"""

from __future__ import annotations

import math
from datetime import datetime, tzinfo

from callcenter.floor.changes import VisitEnded
from callcenter.floor.records import REFUSALS, Outcome
from callcenter.queue_log.lines import Line

AHEAD_S = 3.0
"""What is further ahead of the PBX's clock was logged before that was set back: it says nothing of now."""
WRITTEN_S = 60.0
"""By then a visit that we saw end is in the log."""
CUT_S = 2.0
"""The log has whole seconds, and another moment than the events."""
SAME_BOOT_S = 2.0
"""By so much the log's QUEUESTART and the boot that FullyBooted told may differ."""
NEW_S = 60.0
"""So long a PBX that has just begun is believed to have nothing to tell."""

NOT_LOGGED = REFUSALS | {Outcome.UNKNOWN, Outcome.PBX_LOST}
"""Ends that nobody logs, or not when we heard of them."""


class Evidence:
    """``told_to``: the newest moment that a line of the log is of, 0 before the first line. All by the PBX's clock."""

    def __init__(self) -> None:
        self.told_to = 0.0
        self._ended_at: float | None = None
        self._ahead = 0.0
        self._began_at = -math.inf
        self._first: Line | None = None
        self._set_s = 0.0

    def line(self, line: Line, now: float) -> None:
        """It was read at ``now``."""
        at = line.at
        self._first = self._first or line
        if line.event == "QUEUESTART":
            self._began_at = at
        if at > now + AHEAD_S:
            self._ahead = max(self._ahead, at)
        elif at > self.told_to:
            self.told_to = at

    def ended(self, change: VisitEnded) -> None:
        """We saw a visit end: the log is to have something as new."""
        expected = change.visit.outcome not in NOT_LOGGED and change.at > self.told_to + CUT_S
        if expected and self._ended_at is None:
            self._ended_at = change.at

    def shift(self, by_s: float, now: float) -> None:
        """The PBX's clock was set; what was read since may be by the new one already."""
        self.told_to, self._ended_at, self._ahead = min(self.told_to + by_s, now), None, 0.0
        self._began_at = -math.inf
        self.set_back(-by_s)

    def set_back(self, by_s: float) -> None:
        """What is read from here on is by a clock that was set back by so much."""
        self._set_s -= by_s

    def begins(self, logged: float) -> float:
        """Where the log begins by the clock of now, where it is ``logged`` by that of then."""
        return logged + self._set_s

    def from_start(self, logged: float) -> bool:
        """Whether the log that begins at ``logged`` does so with a start of the PBX: it may be all that ever was."""
        return self._first is not None and (self._first.at, self._first.event) == (logged, "QUEUESTART")

    def reaches(self, moment: float, boot: float) -> bool:
        """Whether the log tells all that was until ``moment``. ``boot``: when the PBX says that it booted."""
        just_began = abs(self._began_at - boot) <= SAME_BOOT_S and moment - self._began_at <= NEW_S
        return just_began or self.told_to >= moment

    def problem(self, where: str, skipped: int, now: float, zone: tzinfo) -> str:
        """Why ``where`` is no log to trust; '' when nothing speaks against it. ``skipped``: lines not understood."""
        if self.told_to < self._ahead <= now + AHEAD_S:
            self.told_to = self._ahead
        if self._ended_at is not None and self.told_to >= self._ended_at - CUT_S:
            self._ended_at = None
        if skipped and not self.told_to and not self._ahead:
            return f"no line of a queue_log in {where}"
        if self._ended_at is not None and now > self._ended_at + WRITTEN_S:
            only = f"nothing newer than {_told(self.told_to, zone)}" if self.told_to else "nothing"
            return f"{where} has {only}, though visits ended since: is it this PBX's queue_log?"
        return ""


def too_late(where: str, begins: float, hole_from: float, broken: str, zone: tzinfo) -> str:
    """That and why a hole cannot be filled."""
    hole = f"after the hole that began at {_told(hole_from, zone)}" + (f" ({broken})" if broken else "")
    return f"{where} begins at {_told(begins, zone)}, {hole}"


def _told(at: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(at, zone).isoformat(" ", "seconds")

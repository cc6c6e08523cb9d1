"""The times in which we did not see what the PBX did: kept for the running day, and told with each figure. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from callcenter.floor.changes import LinkChanged
from callcenter.floor.records import Hole

KEPT_S = 7 * 86_400.0
"""So long a hole waits for its repair."""
OVERLAP_S = 15.0
"""What was last told before a hole was told at most so long before the hole ahead of it ended."""


class Holes:
    """Holes of one PBX, oldest first; the last may still be open (``to`` is None)."""

    def __init__(self, pbx: str, known: Iterable[Hole] = ()) -> None:
        self.pbx = pbx
        self.all = sorted(known, key=lambda hole: hole.from_)
        self.changed: list[Hole] = []
        """What the store has yet to be told."""
        self._moved: dict[float, float] = {}
        """Beginning as remembered → as it was when the store was told of it, where the clock was set since."""

    @property
    def open(self) -> Hole | None:
        return next((hole for hole in self.all if hole.to is None), None)

    def link_changed(self, change: LinkChanged) -> None:
        if change.up:
            self.close(change.at)
        else:
            self.begin(change.at, change.reason)

    def begin(self, at: float, reason: str) -> None:
        """Nothing is seen from ``at`` on."""
        if self.open is None:
            last = (self.all[-1].to or at) if self.all else at
            at = last if at < last < at + OVERLAP_S else at  # of long before it is when the clock was set back
            self._put(Hole(self.pbx, at, None, reason))

    def close(self, at: float) -> None:
        hole = self.open
        if hole is not None:
            self.all.remove(hole)
            self._put(msgspec.structs.replace(hole, to=max(at, hole.from_)))

    def repaired(self, hole: Hole) -> None:
        """queue_log has told what happened in it."""
        for n, known in enumerate(self.all):
            if known.from_ == hole.from_ and known.to is not None and not known.repaired:
                self.all[n] = msgspec.structs.replace(known, repaired=True)
                self._tell(self.all[n])

    def shift(self, by_s: float) -> None:
        """The PBX's clock was set: what is remembered moves along, the store keeps the times that it had."""
        self._moved = {h.from_ + by_s: self._moved.get(h.from_, h.from_) for h in self.all}
        self.all = [
            msgspec.structs.replace(h, from_=h.from_ + by_s, to=None if h.to is None else h.to + by_s) for h in self.all
        ]

    def forget(self, before: float) -> None:
        """What is not repaired is kept longer: a queue_log that cannot be read over the weekend may be on Monday."""
        self.all = [h for h in self.all if h.to is None or h.to >= before - (0.0 if h.repaired else KEPT_S)]

    def take_changed(self) -> list[Hole]:
        changed, self.changed = self.changed, []
        return changed

    def within(self, start: float, end: float) -> list[Hole]:
        """Those that touch [start, end)."""
        return [hole for hole in self.all if hole.from_ < end and (hole.to is None or hole.to > start)]

    def blind_s(self, start: float, end: float) -> float:
        """Seconds of [start, end) in which nothing was seen."""
        return sum(
            max(0.0, min(end, end if hole.to is None else hole.to) - max(start, hole.from_)) for hole in self.all
        )

    def _put(self, hole: Hole) -> None:
        self.all.append(hole)
        self._tell(hole)

    def _tell(self, hole: Hole) -> None:
        """The store knows a hole by its beginning."""
        from_ = self._moved.get(hole.from_, hole.from_)
        to = None if hole.to is None else hole.to - (hole.from_ - from_)
        self.changed.append(msgspec.structs.replace(hole, from_=from_, to=to))

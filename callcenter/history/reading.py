"""One reading of a queue_log in parts, within each of which time goes forward. Pure.

Time goes back where the PBX's clock was set back, and where a file was put together of several: with the newest first,
or with some of them twice. What is of long before or was told already is of another file, and is put together with
what is known as another file's lines are. All else is taken for the same PBX's, by a clock that was set back:
:mod:`callcenter.history.lines` keeps each call in the order of the file.
"""

from __future__ import annotations

from callcenter.history.lines import Lines
from callcenter.queue_log.lines import SET_BACK_S, Line

LATE_S = 1
"""Two threads of a PBX may log in another order than they looked at the clock."""
FEW = 3
"""A file is in no order when more than so many lines, and half as many as are later, are earlier than those before."""
LOOKED_AT = 1000
"""So many steps back are taken before the end tells how many there are."""


class Disorder(ValueError):
    """The lines of a reading are in no order."""


class Reading:
    """``set_back``: how often the clock seems to have been set back. ``size``: lines since they were taken last."""

    def __init__(self) -> None:
        self.set_back = self.size = 0
        self._later = self._earlier = 0
        """Lines, beside those before them."""
        self._parts = [Lines()]
        self._at = self._newest = -1
        self._before: Lines | None = None
        """What the part under way may be telling again."""

    def add(self, line: Line) -> None:
        """Raises Disorder when the lines are in no order."""
        at = int(line.at)
        self._later += at > self._at
        self._earlier += at < self._at
        self._at = at
        if self._newest - at > LATE_S:
            self._step_back(at)
        self._newest = max(self._newest, at)
        if self._before is not None and self._before.has(line):
            self._parts[-1].forget_places()
            self._before, self.set_back = None, self.set_back - 1
        self._parts[-1].add(line)
        self.size += 1

    def take(self) -> list[Lines]:
        """The parts so far; what comes next goes on behind them. Raises Disorder when they are in no order."""
        self._look()
        parts, self.size, self._before = self._parts, 0, None
        self._parts = [parts[-1].behind()]
        return parts

    def _step_back(self, at: int) -> None:
        long_before = self._newest - at > SET_BACK_S
        self._before = None if long_before else self._parts[-1]
        self._parts.append(Lines() if long_before else self._parts[-1].behind())
        self.set_back += not long_before
        self._newest = at
        if len(self._parts) > LOOKED_AT:
            self._look()

    def _look(self) -> None:
        if self._earlier > max(FEW, self._later // 2):
            told = f"{self._earlier:,} times a line is earlier than the one before, {self._later:,} times later"
            raise Disorder(f"not in the order in which it was written: {told}")

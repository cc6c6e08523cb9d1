"""One reading of a queue_log: what it tells again is left out, and what stands in no order refused. Pure.

Time goes back where the PBX's clock was set back, where a file was put together of several (with some lines twice, or
the newest first), and where it is sorted by calls. :mod:`callcenter.history.lines` keeps each call in the order of the
file; of what it cannot tell apart from a clock that was set back, that is said.
"""

from __future__ import annotations

from collections import Counter

from callcenter.history.lines import Lines, Told, told_of
from callcenter.queue_log.lines import SET_BACK_S, Line

LATE_S = 1
"""Two threads of a PBX may log in another order than they looked at the clock."""
FEW = 10
"""A file is in no order when more lines than that, and than half of the others, are earlier than their call's last."""


class Disorder(ValueError):
    """The lines of a reading are in no order."""


class Reading:
    """``size``: lines since they were taken last. ``set_back``: how often the clock seems to have been set back."""

    def __init__(self) -> None:
        self.size = self.set_back = 0
        self._lines = Lines()
        self._newest = self._newest_of_pass = -1
        self._passes = 0
        self._placed_in = 0
        """The pass in which a line was last put behind a later one."""
        self._again: Counter[tuple[int, Told]] = Counter()
        """What this pass tells of a time that another told of."""
        self._taken: set[tuple[int, Told]] = set()
        """What was told lately and taken since."""

    def add(self, line: Line) -> None:
        """The next line."""
        at = int(line.at)
        self.size += 1
        if self._newest_of_pass - at > LATE_S:
            self._passes, self._newest_of_pass = self._passes + 1, at
            self._again.clear()
        self._newest_of_pass = max(self._newest_of_pass, at)
        if self._passes and at <= self._newest and self._is_told_again(at, told_of(line)):
            return
        self._newest = max(self._newest, at)
        if self._lines.add(line) and self._placed_in != self._passes:
            self._placed_in, self.set_back = self._passes, self.set_back + 1

    def take(self) -> Lines:
        """The lines so far; what comes next goes on behind them. Raises Disorder."""
        lines = self._lines
        if lines.earlier > max(FEW, lines.later // 2):
            told = f"{lines.earlier:,} lines are earlier than what stands before them of the same call"
            raise Disorder(f"not in the order in which it was written: {told}")
        self._lines, self.size = lines.behind(), 0
        lately = self._newest - 2 * SET_BACK_S
        self._taken = {one for one in self._taken if one[0] >= lately} | {
            (at, one._replace(placed=0.0))
            for day in lines.by_day.values() for at, second in day.items() if at >= lately for one in second
        }  # fmt: skip
        return lines

    def _is_told_again(self, at: int, told: Told) -> bool:
        """As often as another pass told it; a caller may do the same twice within a second."""
        self._again[at, told] += 1
        return (at, told) in self._taken or self._again[at, told] <= self._lines.times(at, told)

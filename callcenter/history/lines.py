"""The lines of a queue_log as a set, day by day, however often and in whatever order its files are read. Pure.

A line is known by what stands in it and by its second; within a second the order of the file counts, as a caller may
leave a queue and enter it again. What two files tell of one second is put together so that the result does not depend
on which of them was read first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from callcenter.queue_log.lines import Line

DAY_S = 86_400


class Told(NamedTuple):
    """One line without its time: call, queue, agent, event, data (with bars between)."""

    call: str
    queue: str
    agent: str
    event: str
    data: str


Second = list[Told]


class Lines:
    """Lines of some time, by whole second. ``first`` and ``last``: the first and last second of one reading; a file
    may begin and end in the midst of them."""

    __slots__ = ("by_second", "first", "last")

    def __init__(self) -> None:
        self.by_second: dict[int, Second] = {}
        self.first = self.last = -1

    def add(self, line: Line) -> None:
        """The next line of a reading. A realtime table has fractions of seconds, a file has not: both are cut."""
        at = int(line.at)
        if self.first < 0:
            self.first = at
        self.last = at
        told = Told(line.call, line.queue, line.agent, line.event, "|".join(line.data).rstrip("|"))
        self.by_second.setdefault(at, []).append(told)

    def __len__(self) -> int:
        return sum(map(len, self.by_second.values()))

    def days(self) -> list[int]:
        """Days since the epoch (UTC) that it has lines of, in order."""
        return sorted({at // DAY_S for at in self.by_second})

    def of_day(self, day: int) -> dict[int, Second]:
        return {at: second for at, second in self.by_second.items() if at // DAY_S == day}

    def merged_into(self, known: dict[int, Second], day: int) -> dict[int, Second]:
        """``known`` and what this reading tells of ``day``, in order of time."""
        out = dict(known)
        for at, second in self.of_day(day).items():
            out[at] = _merged(out.get(at, []), second, at == self.first, at == self.last)
        return dict(sorted(out.items()))


def _merged(known: Second, told: Second, begins: bool, ends: bool) -> Second:
    """One second as two readings tell it. ``begins``, ``ends``: ``told`` may lack what was before or behind it."""
    missing, more = Counter(told) - Counter(known), Counter(known) - Counter(told)
    if not missing:
        return known
    if not more:
        return told
    rest = list(_taken(told, missing))
    return rest + known if ends and not begins else known + rest


def _taken(second: Second, wanted: Counter[Told]) -> Iterator[Told]:
    """The last ones of each kind, in their order."""
    left, out = Counter(wanted), []
    for told in reversed(second):
        if left[told]:
            left[told] -= 1
            out.append(told)
    return reversed(out)


def in_order(by_second: dict[int, Second]) -> Iterator[Line]:
    """As :mod:`callcenter.queue_log.visits` takes them."""
    for at, second in by_second.items():
        for call, queue, agent, event, data in second:
            yield Line(float(at), call, queue, agent, event, tuple(data.split("|")) if data else ())


def fingerprint(by_second: dict[int, Second]) -> str:
    """By it the lines of a day are known again."""
    digest = blake2b(digest_size=12)
    for at, second in by_second.items():
        digest.update(f"{at}\n".encode())
        for told in second:
            digest.update("|".join(told).encode(errors="surrogateescape") + b"\n")
    return digest.hexdigest()


def count(by_second: dict[int, Second]) -> int:
    return sum(map(len, by_second.values()))


def coverage(days: Iterable[tuple[int, int]], quiet_s: float) -> Sequence[tuple[float, float]]:
    """What the log tells of, by the first and the last second that each day has lines of; a silence of ``quiet_s`` or
    less is a quiet one, a longer one may be a file that is missing."""
    out: list[tuple[float, float]] = []
    for first, last in sorted(days):
        if out and first - out[-1][1] <= quiet_s:
            out[-1] = (out[-1][0], float(last + 1))
        else:
            out.append((float(first), float(last + 1)))
    return out

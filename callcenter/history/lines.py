"""The lines of a queue_log as a set, day by day, however often and in whatever order its files are read. Pure.

A line is known by what stands in it and by its second; within a second the order of the file counts, as a caller may
leave a queue and enter it again. What two files tell of one second is put together so that the result does not depend
on which of them was read first. But where a file ends and the next begins is told by what else is in them: a file whose
lines are all of one second is taken for what comes last in it, so it has to be read in its turn.

Where the PBX's clock was set back, a line of a call has an earlier time than what was logged of that call before it.
It keeps that time, and beside it has the place behind the other, so that each call is told in the order of the file.
A call whose lines before the setting back are in another file than those behind it is told in the order of time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import NamedTuple

from callcenter.queue_log.lines import SET_BACK_S, Line

DAY_S = 86_400
STEP = 2.0**-20
"""Between lines of one call that are put behind each other."""


class Told(NamedTuple):
    """One line without its time: call, queue, agent, event, data (with bars between). ``placed``: behind what moment it
    stands, 0 where that is its own."""

    call: str
    queue: str
    agent: str
    event: str
    data: str
    placed: float = 0.0


Second = list[Told]
ENTERED = "ENTERQUEUE"
NO_CALL = "NONE"
"""Stands in lines of no call, such as the PBX's own start."""


class Lines:
    """Lines of some time, by day (UTC) and whole second. ``first`` and ``last``: the first and last second of one
    reading; a file may begin and end in the midst of them. ``places``: of each call the place of its last line;
    ``entered``: the calls of which it was told how they came. ``later`` and ``earlier``: lines of a call beside its
    last one."""

    __slots__ = ("by_day", "earlier", "entered", "first", "last", "later", "places")

    def __init__(self, places: dict[str, float] | None = None, entered: set[str] | None = None) -> None:
        self.by_day: dict[int, dict[int, Second]] = {}
        self.places: dict[str, float] = places or {}
        self.entered: set[str] = entered or set()
        self.first = self.last = -1
        self.later = self.earlier = 0

    def add(self, line: Line) -> bool:
        """The next line of a reading: whether it was put behind what has a later time. A realtime table has fractions
        of seconds, a file has not: both are cut."""
        at = int(line.at)
        if self.first < 0:
            self.first = at
        self.last = at
        placed = 0.0 if line.call == NO_CALL else self._placed(line, at)
        self.by_day.setdefault(at // DAY_S, {}).setdefault(at, []).append(told_of(line)._replace(placed=placed))
        return placed > 0

    def _placed(self, line: Line, at: int) -> float:
        before = self.places.get(line.call, 0.0)
        self.later += 0 < before <= at
        self.earlier += at < before
        if line.event == ENTERED and line.call not in self.entered and not 0 < before <= at:
            self.entered.add(line.call)
            before = 0.0  # what was told of it is of a newer file, which the file that is read has in front
        placed = before + STEP if 0 < before - at <= SET_BACK_S else 0.0
        self.places[line.call] = placed or float(at)
        return placed

    def times(self, at: int, told: Told) -> int:
        """How often it was told."""
        return sum(_plain(one) == told for one in self.by_day.get(at // DAY_S, {}).get(at, ()))

    def behind(self) -> Lines:
        """For what comes next in the same reading, empty."""
        places = {call: at for call, at in self.places.items() if abs(at - self.last) <= 2 * SET_BACK_S}
        return Lines(places, self.entered & places.keys())

    def days(self) -> list[int]:
        """Days since the epoch (UTC) that it has lines of, in order."""
        return sorted(self.by_day)

    def merged_into(self, known: dict[int, Second], day: int) -> dict[int, Second]:
        """``known`` and what this reading tells of ``day``, in order of time."""
        out = dict(known)
        for at, second in self.by_day.get(day, {}).items():
            out[at] = _merged(out.get(at, []), second, at == self.first, at == self.last)
        return dict(sorted(out.items()))


def _merged(known: Second, told: Second, begins: bool, ends: bool) -> Second:
    """One second as two readings tell it, whichever of them knows the place of a line."""
    placed: dict[Told, float] = {}
    for one in (*known, *told):
        if one.placed:
            placed[_plain(one)] = max(one.placed, placed.get(_plain(one), 0.0))
    if not placed:
        return _united(known, told, begins, ends)
    united = _united([_plain(one) for one in known], [_plain(one) for one in told], begins, ends)
    return [one._replace(placed=placed.get(one, 0.0)) for one in united]


def told_of(line: Line) -> Told:
    return Told(line.call, line.queue, line.agent, line.event, "|".join(line.data).rstrip("|"))


def _plain(told: Told) -> Told:
    return told._replace(placed=0.0)


def _united(known: Second, told: Second, begins: bool, ends: bool) -> Second:
    """``begins``, ``ends``: ``told`` may lack what was before or behind it."""
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
    flat = [(at, told) for at, second in by_second.items() for told in second]
    for at, (call, queue, agent, event, data, _) in sorted(flat, key=lambda one: one[1].placed or one[0]):
        yield Line(float(at), call, queue, agent, event, tuple(data.split("|")) if data else ())


def fingerprint(by_second: dict[int, Second]) -> str:
    """By it the lines of a day are known again."""
    digest = blake2b(digest_size=12)
    for at, second in by_second.items():
        digest.update(f"{at}\n".encode())
        for *words, placed in second:
            digest.update(f"{'|'.join(words)}|{placed or ''}\n".encode(errors="surrogateescape"))
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

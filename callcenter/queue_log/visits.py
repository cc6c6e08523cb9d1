"""queue_log folded into one row a queue visit, line by line as they come. Pure."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from copy import copy
from functools import partial
from itertools import takewhile
from typing import NamedTuple

from callcenter.floor.records import Outcome, Result
from callcenter.queue_log.lines import SET_BACK_S, Line

SAME_S = 2.0
"""By so much the line of an end may tell another wait and talk than the lines before: each is cut to whole seconds."""
CLOCKS_DIFFER_S = 8.0
"""What is further apart than this is not of one clock."""


class Ring(NamedTuple):
    """A ring of an agent that came to nothing, as logged when it ended."""

    agent: str
    ended_at: float
    rang_s: float
    result: Result
    unanswered: bool

    @property
    def began_at(self) -> float:
        return self.ended_at - self.rang_s


class LoggedVisit:
    """A visit as queue_log tells it. ``outcome`` is None while it is open. Times and seconds are whole.

    ``left_at``: when the outcome was logged; ``completed_at``: when the end of the conversation was, None before.
    ``agent`` is a member's name, ``transfer`` blind, attended or ''. ``lost_at``: the PBX started anew under it.
    ``told_at``: the PBX's time when we read of it, None when that was long after.

    All moments are by one clock, whatever it was set to in between: that by which the caller entered.
    """

    __slots__ = ("agent", "call", "completed_at", "ended_by", "entered_at", "left_at", "lost_at", "number", "outcome",
                 "position", "queue", "ring_no_answer", "ring_s", "rings", "talk_s", "told_at", "transfer",
                 "transfer_to", "wait_s")  # fmt: skip

    def __init__(self, call: str, queue: str, entered_at: float, number: str = "", position: int = 0) -> None:
        self.call, self.queue, self.entered_at, self.number, self.position = call, queue, entered_at, number, position
        self.outcome: Outcome | None = None
        self.left_at: float | None = None
        self.completed_at: float | None = None
        self.lost_at: float | None = None
        self.told_at: float | None = None
        self.wait_s = self.talk_s = self.ring_s = 0.0
        self.agent = self.ended_by = ""
        self.transfer = self.transfer_to = ""
        self.rings: tuple[Ring, ...] = ()
        self.ring_no_answer = 0

    @property
    def transferred(self) -> bool:
        return bool(self.transfer)

    @property
    def over_at(self) -> float | None:
        """When nothing more is to come of it; None while it waits or talks."""
        if self.outcome is None or (self.outcome is Outcome.ANSWERED and self.completed_at is None):
            return self.lost_at
        return self.left_at if self.completed_at is None else self.completed_at

    def moved(self, by_s: float) -> LoggedVisit:
        """The same by another clock."""
        other = copy(self)
        for name in ("entered_at", "left_at", "completed_at", "lost_at", "told_at"):
            at = getattr(self, name)
            setattr(other, name, None if at is None else at + by_s)
        other.rings = tuple([ring._replace(ended_at=ring.ended_at + by_s) for ring in self.rings])
        return other

    def touches(self, start: float, end: float) -> bool:
        """Whether any of it is within [start, end]."""
        return self.entered_at <= end and (self.over_at is None or self.over_at >= start)


ENDS: dict[str, tuple[Outcome, int]] = {
    "CONNECT": (Outcome.ANSWERED, 0),
    "ABANDON": (Outcome.ABANDONED, 2),
    "EXITWITHTIMEOUT": (Outcome.TIMED_OUT, 2),
    "EXITWITHKEY": (Outcome.EXITED, 3),
    "EXITEMPTY": (Outcome.LEFT_EMPTY, 2),
    "WITHDRAW": (Outcome.WITHDRAWN, 2),
}
"""Event → (outcome, which datum is the wait in seconds). After an AGENTDUMP the caller waits on."""

TALKS = {"COMPLETECALLER": 1, "COMPLETEAGENT": 1, "BLINDTRANSFER": -2, "ATTENDEDTRANSFER": -2, "TRANSFER": 3}
"""Event → which datum is the talk time in seconds; of a transfer, whose target has two or three fields, from the end.
Up to Asterisk 11 there is but TRANSFER, of extension, context, wait, talk and, in all but the oldest, the position.
"""

TRANSFERS = {"BLINDTRANSFER": "blind", "ATTENDEDTRANSFER": "attended", "TRANSFER": "blind"}

ENDED_BY = {"COMPLETECALLER": "caller", "COMPLETEAGENT": "agent"}

RINGS: dict[str, tuple[Result, bool]] = {
    "RINGNOANSWER": (Result.NO_ANSWER, True),
    "RINGCANCELED": (Result.CANCELLED, False),
    "AGENTDUMP": (Result.DECLINED, False),
}
"""Event → (how the ring ended, whether it counts as one that nobody answered). The datum is milliseconds."""


class Book:
    """What the log has told so far. Lines are taken in the order of the file.

    The same call may enter the same queue again: a new visit. The end of a conversation goes to the visit of that call
    that its agent was connected with, else to the one of that agent whose wait and talk it tells, whatever channel it
    is logged under: an attended transfer to a phone that still rings has that of the consultation
    (``handle_attended_transfer`` in ``apps/app_queue.c``), and a caller sent back to the same queue has entered it
    again by then. Such a transfer may be told a second time as the hangup of the consultation, before or after: the
    conversation was complete with the first line, and transferred with either. An agent on a Local channel may talk to
    several at once, any may have the next one before that.
    """

    def __init__(self) -> None:
        self.visits: list[LoggedVisit] = []
        self.starts: list[float] = []
        """When the PBX began to write (QUEUESTART)."""
        self.newest_at = 0.0
        self._newest: dict[tuple[str, str], LoggedVisit] = {}
        self._talking: dict[tuple[str, str], list[LoggedVisit]] = {}
        self._complete: dict[tuple[str, str], LoggedVisit] = {}
        """Of each agent the visit that was complete last."""
        self._names: dict[str, str] = {}

    def take(self, line: Line, now: float | None = None) -> None:
        """``now``: the PBX's time, when the line was written just before."""
        same = self._names.setdefault  # of a queue and of an agent one object, however many lines have the name
        line = line._replace(queue=same(line.queue, line.queue), agent=same(line.agent, line.agent))
        key = (line.call, line.queue)
        self.newest_at = max(self.newest_at, line.at)
        if line.event == "ENTERQUEUE":
            position = line.word(2)
            visit = LoggedVisit(*key, line.at, line.word(1), int(position) if position.isdecimal() else 0)
            visit.told_at = now
            self._newest[key] = visit
            self.visits.append(visit)
        elif line.event in TALKS and (of := self._talking_with(line)) is not None:
            _take(of, line)
        elif known := self._newest.get(key):
            _take(known, line)
            if line.event == "CONNECT" and known.completed_at is None:
                talking = self._talking.setdefault((line.queue, line.agent), [])
                talking += [known] * (known not in talking)
        elif line.event == "QUEUESTART":
            self._restarted(line.at)

    def _talking_with(self, line: Line) -> LoggedVisit | None:
        """The visit that the end of an agent's conversation belongs to; the agent is then free of it."""
        visit, agent = self._newest.get((line.call, line.queue)), (line.queue, line.agent)
        talking = self._talking.get(agent, [])
        if visit is None or visit.agent != line.agent:
            known = [*reversed(talking), *filter(None, [self._complete.get(agent)])]
            visit = min(known, key=partial(_apart_s, line), default=None)
            if visit is None or _apart_s(line, visit) > SAME_S:
                visit = talking[-1] if talking else None
        if visit in talking:
            talking.remove(visit)
        if visit is not None and visit.completed_at is None:
            self._complete[agent] = visit
        return visit

    def _restarted(self, at: float) -> None:
        """What was under way died with the PBX that was before, and nobody logged it."""
        self.starts.append(at)
        for visit in self.visits:
            if visit.over_at is None:
                visit.lost_at = at
        self._newest.clear()
        self._talking.clear()
        self._complete.clear()

    def shift(self, by_s: float) -> None:
        """The PBX's clock was set, as we know by now: what was logged before it moves along."""
        moved = {id(v): v if _by_new_clock(v, by_s) else v.moved(by_s) for v in self.visits}
        self.visits = list(moved.values())
        self._newest = {key: moved[id(v)] for key, v in self._newest.items()}
        self._talking = {key: [moved.get(id(v), v) for v in talking] for key, talking in self._talking.items()}
        self._complete = {key: moved.get(id(v), v) for key, v in self._complete.items()}

    def of_calls(self, calls: Iterable[str]) -> list[LoggedVisit]:
        """All that is known of these calls, in the order they entered."""
        wanted = set(calls)
        return [visit for visit in self.visits if visit.call in wanted]

    def forget(self, before: float) -> None:
        """Drop the calls whose visits were all over before ``before``: a call is paired as a whole."""
        old = list(takewhile(lambda v: v.entered_at < before, self.visits))  # visits are in the order of the log
        rest = self.visits[len(old) :]
        calls = {v.call for v in rest} | {v.call for v in old if v.over_at is None or v.over_at >= before}
        for gone in (v for v in old if v.call not in calls):
            if self._newest.get((gone.call, gone.queue)) is gone:
                del self._newest[gone.call, gone.queue]
        self._newest = dict(self._newest.items())  # one that things were deleted from keeps their room
        self.visits = [v for v in old if v.call in calls] + rest


def _by_new_clock(visit: LoggedVisit, by_s: float) -> bool:
    """Whether it was logged after the clock was set and read before we knew."""
    if visit.told_at is None:
        return False
    off, off_by_new = (abs(visit.entered_at - at) for at in (visit.told_at, visit.told_at + by_s))
    return off_by_new < min(off, CLOCKS_DIFFER_S)


def _by_clock_of(reckoned: float, logged: float) -> float:
    """A moment as reckoned from an earlier one by what the log says that it took: as logged, unless the clock was set
    meanwhile."""
    return reckoned if abs(logged - reckoned) > CLOCKS_DIFFER_S else logged


def _lasted(told_s: float | None, since: float, at: float) -> float:
    """What lasted from ``since`` to ``at``, as the line of its end tells; by the times of the lines where it does not
    (old Asterisks, a line that was cut) or tells what cannot be."""
    between_s = max(0.0, at - since)
    return between_s if told_s is None or told_s > between_s + SET_BACK_S else told_s


def _apart_s(line: Line, visit: LoggedVisit) -> float:
    """By how much the conversation whose end ``line`` tells is another than the visit's."""
    talk = TALKS[line.event]
    waited_s, talked_s = line.seconds(talk - 1), line.seconds(talk)
    if visit.left_at is None or waited_s is None or talked_s is None:
        return math.inf
    return abs(waited_s - visit.wait_s) + abs(line.at - talked_s - visit.left_at)


def _take(visit: LoggedVisit, line: Line) -> None:
    if line.event in RINGS:
        rang_s = _lasted((line.seconds(0) or 0.0) / 1000, visit.entered_at, line.at)
        visit.rings += (Ring(line.agent, line.at, rang_s, *RINGS[line.event]),)
        visit.ring_no_answer += RINGS[line.event][1]
    elif line.event in ENDS and visit.outcome is None:
        visit.outcome, wait = ENDS[line.event]
        visit.wait_s = _lasted(line.seconds(wait), visit.entered_at, line.at)
        visit.left_at = _by_clock_of(visit.entered_at + visit.wait_s, line.at)
        if visit.outcome is Outcome.ANSWERED:
            visit.agent, visit.ring_s = line.agent, min(line.seconds(2) or 0.0, visit.wait_s)
    elif line.event in TALKS and (visit.completed_at is None or line.event in TRANSFERS):  # told twice: see Book
        if visit.completed_at is None:
            began_at = line.at if visit.left_at is None else visit.left_at
            visit.talk_s = _lasted(line.seconds(TALKS[line.event]), began_at, line.at)
            visit.completed_at = _by_clock_of(began_at + visit.talk_s, line.at)
        visit.ended_by = ENDED_BY.get(line.event, "transfer")
        if line.event in TRANSFERS:
            visit.transfer = TRANSFERS[line.event]
            visit.transfer_to = line.word(0) if visit.transfer == "blind" else ""


def fold(lines: Iterable[Line]) -> list[LoggedVisit]:
    """One row a visit, in the order they entered."""
    book = Book()
    for line in lines:
        book.take(line)
    return book.visits


def counts(visits: Iterable[LoggedVisit]) -> dict[str, Counter[str]]:
    """Queue → counts and sums, named as in the API."""
    out: dict[str, Counter[str]] = {}
    for v in visits:
        row = out.setdefault(v.queue, Counter())
        add(row, v.outcome, v.wait_s, v.talk_s, v.transferred, v.ring_no_answer)
    return out


def add(row: Counter[str], outcome: Outcome | None, wait_s: float, talk_s: float, transferred: bool, rna: int) -> None:
    """One visit into a queue's counts and sums (seconds; fractions are kept)."""
    sums: dict[str, float] = {
        "offered": 1, outcome or "open": 1, "ring_no_answer": rna, "transferred": int(transferred), "talk_s": talk_s
    }
    if outcome in (Outcome.ANSWERED, Outcome.ABANDONED):
        sums[f"wait_{outcome}_s"] = wait_s
    row.update(sums)


def same_second(ours: float, logged: float, by: float = 1.0) -> bool:
    """Whether a moment of ours is that of the log, which cuts to whole seconds and writes a little later."""
    return abs(math.floor(ours) - logged) <= by

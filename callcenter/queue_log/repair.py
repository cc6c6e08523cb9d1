"""What we did not see, taken from queue_log: the mended call and which of its visits changed. Pure.

Only visits of which something happened in a hole are mended, and only where the log says something else than we have:
what was seen keeps its fractions of seconds. So to repair twice changes nothing. A difference outside of holes stays:
it is for :mod:`callcenter.queue_log.audit` to tell.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from callcenter.floor.records import CallRecord, Conversation, Direction, Hole, Outcome, Visit
from callcenter.queue_log.mending import Mended, Unseen, blind, conversations, mended, transfers, within
from callcenter.queue_log.pairing import NEAR_S, Told
from callcenter.queue_log.visits import LoggedVisit

SLACK_S = 1.5
"""The log's whole second begins before what it tells of, and a hole where something was last heard."""

EARLIER_S = 60.0
"""A caller who left a queue so long before a hole may have been undecided when it began."""

ROWS_LATE_S = 15.0
"""A link on which nothing comes for longer is given up."""

Changed = tuple[Visit | None, Visit]
"""(before, after); None where we had no such visit."""


class House(NamedTuple):
    """What is known of the PBX besides: the id of a call that we have no record of (from its Linkedid and a moment),
    the interface of a member (queue, name), whether a number is that of a phone of the house."""

    pbx: str
    call_id: Callable[[str, float], str]
    interface: Callable[[str, str], str]
    inside: Callable[[str], bool]


def unseen_in(holes: Iterable[Hole]) -> Unseen:
    """Whether any of [start, end] lies in one of ``holes``, a little slack allowed."""
    spans = [(h.from_ - SLACK_S, math.inf if h.to is None else h.to + SLACK_S) for h in holes]
    return lambda start, end: any(start <= to and end >= from_ for from_, to in spans)


def touched(visits: Iterable[LoggedVisit], hole: Hole) -> list[LoggedVisit]:
    """Those of which something may have been missed in ``hole``."""
    until = math.inf if hole.to is None else hole.to + SLACK_S
    return [visit for visit in visits if visit.touches(hole.from_ - EARLIER_S, until)]


class Looks:
    """Which calls are to be looked at, again and again until nothing more is to come of them.

    What follows a hole may be misread by who did not see what came before it, so a visit is looked at once more when it
    is over, and a call when it has ended.
    """

    def __init__(self) -> None:
        self._seen: dict[str, tuple[int, bool]] = {}

    def begin(self, visits: Iterable[LoggedVisit]) -> None:
        """These were touched by a hole: look at their calls now."""
        self.again(visit.call for visit in visits)

    def again(self, calls: Iterable[str]) -> None:
        """These could not be mended."""
        self._seen |= dict.fromkeys(calls, (-1, True))

    def due(self, visits: Iterable[LoggedVisit], up: Callable[[str], bool], settled: float) -> list[str]:
        """The calls for which there is news. ``up``: whether a call is; ``settled``: of what is younger we may not
        have heard yet."""
        if not self._seen:
            return []
        of_call: dict[str, list[LoggedVisit]] = {call: [] for call in self._seen}
        for visit in visits:
            if visit.call in of_call:
                of_call[visit.call].append(visit)
        due = []
        for call, own in of_call.items():
            over = sum(visit.over_at is not None and visit.over_at <= settled for visit in own)
            now = over, up(call)
            if now != self._seen[call]:
                due.append(call)
                self._seen[call] = now
            if over == len(own) and not now[1]:
                del self._seen[call]
        return due


def repair(told: Told, unseen: Unseen, house: House) -> tuple[CallRecord, tuple[Changed, ...]] | None:
    """The call with what the log tells of it, and each visit that changed; None when there is nothing to mend.

    A call that we have no record of gets one, once it is over. ``seen`` becomes "repaired" where something was missing.
    """
    old = told.record
    parts = [_part(old, place, log, unseen, house) for place, log in told.visits]
    kept = [part for part in parts if part is not None]
    if not kept or (old is None and any(log.over_at is None for _, log in told.visits)):
        return None
    record = old or _new(kept[0].log, house)
    changes = tuple((part.before, part.after) for part in kept if part.after != part.before)
    whole = _put_together(_caller(record, kept, house), kept, changes)
    if whole == record and (record.seen != "partial" or not any(part.blind for part in kept)):
        return None
    return msgspec.structs.replace(whole, seen="repaired"), changes


def _part(
    old: CallRecord | None, place: int | None, log: LoggedVisit, unseen: Unseen, house: House
) -> Mended | None:
    """One visit; None for one that is not of a hole, though we do not know it, or that waits and will be told live."""
    before = None if old is None or place is None else old.visits[place]
    log, unseen = _by_clock_of(before, log, unseen)
    if before is None and (not blind(log, unseen) or (log.outcome is None and log.lost_at is None)):
        return None
    interface = house.interface(log.queue, log.agent) if log.agent else ""
    known = {ring.agent: house.interface(log.queue, ring.agent) for ring in log.rings} | {log.agent: interface}
    return Mended(before, mended(before, log, unseen, known), log, unseen)


def _by_clock_of(before: Visit | None, log: LoggedVisit, unseen: Unseen) -> tuple[LoggedVisit, Unseen]:
    """The PBX's clock was set and not both of them moved along: only what lasted is the same by any clock.

    Rows of a list that came late put our entry late; a log that is read anew behind a step back is late itself, by as
    long as it was silent beside the step.
    """
    by_s = 0.0 if before is None else math.floor(before.entered_at) - log.entered_at
    if -NEAR_S <= by_s <= ROWS_LATE_S:
        return log, unseen
    return log.moved(by_s), lambda start, end: unseen(start - by_s, end - by_s)


def _new(log: LoggedVisit, house: House) -> CallRecord:
    """A call of which we knew nothing. It began before it entered its first queue: when, nobody tells; nor by which
    endpoint it came."""
    return CallRecord(
        id=house.call_id(log.call, log.entered_at),
        pbx=house.pbx,
        linkedid=log.call,
        direction=Direction.INTERNAL if house.inside(log.number) else Direction.IN,
        number=log.number,
        name="",
        called="",
        started_at=log.entered_at,
        ended_at=log.over_at,
        ended_by="unknown",
    )


def _caller(record: CallRecord, parts: list[Mended], house: House) -> CallRecord:
    """Of a call whose caller came and went unseen we may know the agent's phone only, which still rang behind the hole:
    for a call within the house nobody would write a ticket."""
    if record.direction is Direction.INTERNAL:
        for log, unseen in ((part.log, part.unseen) for part in parts):
            if log.number and not house.inside(log.number) and unseen(log.entered_at, log.entered_at):
                return msgspec.structs.replace(record, direction=Direction.IN, number=log.number)
    return record


def _put_together(
    record: CallRecord, parts: list[Mended], changes: Sequence[Changed]
) -> CallRecord:
    after = {id(before): visit for before, visit in changes if before is not None}
    visits = [after.get(id(v), v) for v in record.visits] + [visit for before, visit in changes if before is None]
    entries = [v.entered_at for before, v in changes if before is None or before.entered_at != v.entered_at]
    talks = conversations(record, parts, visits)
    ended_at, ended_by = _end(record, parts, talks)
    talks = tuple([within(talk, ended_at) for talk in talks])
    first = min((talk.from_ for talk in talks), default=None)
    return msgspec.structs.replace(
        record,
        started_at=min([record.started_at, *entries]),
        answered_at=first if record.answered_at is None else record.answered_at,
        ended_at=ended_at,
        ended_by=ended_by,
        visits=tuple(sorted(visits, key=lambda v: v.entered_at)),
        conversations=talks,
        transfers=transfers(record, parts),
    )


NOBODY_TOLD = frozenset({None, "", "unknown", "pbx_lost"})


def _end(record: CallRecord, parts: list[Mended], talks: Sequence[Conversation]) -> tuple[float | None, str | None]:
    """When the call ended, and by whom: as its last visit says, where we did not see it; but not before somebody was
    seen to begin to talk in it."""
    if record.ended_at is None or record.ended_by not in NOBODY_TOLD:
        return record.ended_at, record.ended_by
    strange = _of_another_clock(record, record.ended_at)
    own = [part for part in parts if part.before is None or part.before.entered_at not in strange]
    ended_at, ended_by = _told_end(record, record.ended_at, own) if own else (record.ended_at, record.ended_by)
    later = [talk for talk in talks if talk.from_ > ended_at and talk.from_ not in strange]
    if not later:
        return ended_at, ended_by
    return max(talk.from_ if talk.to is None else talk.to for talk in later), "unknown"


def _of_another_clock(record: CallRecord, ended_at: float) -> set[float]:
    """When visits and conversations of the call began by another clock than its own: what was over when the PBX's clock
    was set kept its moments, the call moved. It is its visits that tell: nobody enters a queue outside of his call."""

    def outside(moments: Iterable[float]) -> set[float]:
        return {at for at in moments if not record.started_at - NEAR_S <= at <= ended_at + NEAR_S}

    visits = outside(v.entered_at for v in record.visits)
    return visits | outside(talk.from_ for talk in record.conversations) if visits else set()


def _told_end(record: CallRecord, ended_at: float, parts: list[Mended]) -> tuple[float, str | None]:
    last = max(parts, key=lambda part: part.log.over_at or math.inf)
    v = last.after
    left_at = v.left_at or v.entered_at
    if last.log.lost_at is not None:
        return ended_at, "pbx_lost"
    if v.outcome is Outcome.ABANDONED:
        return left_at, "caller"
    if v.outcome is Outcome.ANSWERED and v.ended_by in ("caller", "agent"):
        return left_at + (v.talk_s or 0.0), v.ended_by
    return max(ended_at, left_at + (v.talk_s or 0.0)), record.ended_by

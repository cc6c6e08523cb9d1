"""Which visit of ours is which of queue_log. Pure.

queue_log names the caller's channel, a call record the Linkedid. They are the same for a caller who came in by that
channel; a call that was set up or handed on by another one is known by its queue and its moment. One
that was queued wholly unseen by a channel that nobody saw is a call of its own: his number proves nothing, a whole
company calls by one, and of two calls made one a caller would be lost.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from callcenter.floor.records import REFUSALS, CallRecord, Visit
from callcenter.queue_log.visits import LoggedVisit

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

NEAR_S = 3.0
"""A visit that only a snapshot told of began when the PBX's whole seconds of waiting say."""
SAME_S = 1.5
"""A visit that we saw begin was logged in that second or the next."""


@dataclass(slots=True)
class Told:
    """What queue_log tells of one call: (place of the visit in the record, or None where we have none; the logged)."""

    record: CallRecord | None
    visits: list[tuple[int | None, LoggedVisit]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A visit of ours and where it is kept."""

    call: str
    place: int
    visit: Visit
    number: str


def pair(
    records: Iterable[CallRecord], logged: Iterable[LoggedVisit], linkedid: Callable[[str], str] = lambda call: call
) -> list[Told]:
    """Each call that queue_log tells of. What it does not know (refused callers) is in none of them.

    ``linkedid``: of the call that a channel is known to be in.
    """
    by_call = {record.linkedid: record for record in records}
    ours = _by_queue(
        ((r.linkedid, v.queue), _Kept(r.linkedid, n, v, r.number))
        for r in by_call.values()
        for n, v in enumerate(r.visits)
        if v.outcome not in REFUSALS
    )
    theirs = _by_queue(((linkedid(log.call), log.queue), log) for log in logged)
    found: list[tuple[_Kept, LoggedVisit]] = []
    for key, logs in theirs.items():
        found += _in_order(ours.get(key, []), logs)
    found += _by_moment(ours, theirs, found)
    placed = {id(log): kept for kept, log in found}
    told: dict[str, Told] = {}
    for log in (log for logs in theirs.values() for log in logs):
        kept = placed.get(id(log))
        call = kept.call if kept else linkedid(log.call)
        told.setdefault(call, Told(by_call.get(call))).visits.append((kept.place if kept else None, log))
    return list(told.values())


def _by_queue(items: Iterable[tuple[K, T]]) -> dict[K, list[T]]:
    out: dict[K, list[T]] = defaultdict(list)
    for key, item in items:
        out[key].append(item)
    return out


def _in_order(ours: list[_Kept], logs: list[LoggedVisit]) -> list[tuple[_Kept, LoggedVisit]]:
    """The visits of one call to one queue: as many on both sides are the same ones, whatever a clock did."""
    ours = sorted(ours, key=lambda kept: kept.visit.entered_at)
    logs = sorted(logs, key=lambda log: log.entered_at)
    return list(zip(ours, logs, strict=True)) if len(ours) == len(logs) else _nearest(ours, logs, NEAR_S)


def _by_moment(
    ours: dict[tuple[str, str], list[_Kept]],
    theirs: dict[tuple[str, str], list[LoggedVisit]],
    found: list[tuple[_Kept, LoggedVisit]],
) -> list[tuple[_Kept, LoggedVisit]]:
    """Those that are logged under another channel than the call's first one."""
    kept_ids, log_ids = {id(kept) for kept, _ in found}, {id(log) for _, log in found}
    left = _by_queue((key[1], kept) for key, all_ in ours.items() for kept in all_ if id(kept) not in kept_ids)
    logs = _by_queue((key[1], log) for key, all_ in theirs.items() for log in all_ if id(log) not in log_ids)
    return [pair for queue, free in logs.items() for pair in _nearest(left.get(queue, []), free, SAME_S)]


def _nearest(ours: Sequence[_Kept], logs: Sequence[LoggedVisit], within_s: float) -> list[tuple[_Kept, LoggedVisit]]:
    """Pairs no further apart than ``within_s`` and not of two known numbers, the nearest first."""
    near = [
        (gap, n, m)
        for n, kept in enumerate(ours)
        for m, log in enumerate(logs)
        if (gap := abs(kept.visit.entered_at - log.entered_at)) <= within_s and _may_be(kept, log)
    ]
    return [(ours[n], logs[m]) for n, m in matched(near)]


def _may_be(kept: _Kept, log: LoggedVisit) -> bool:
    return not (kept.number and log.number) or kept.number == log.number or kept.call == log.call


def matched(near: Iterable[tuple[float, int, int]]) -> list[tuple[int, int]]:
    """Pairs of places, the smallest distance first; each place is taken once."""
    left: set[int] = set()
    right: set[int] = set()
    out = []
    for _, n, m in sorted(near):
        if n not in left and m not in right:
            left.add(n)
            right.add(m)
            out.append((n, m))
    return out

"""Do our figures equal the PBX's own queue_log? Pure: two sets of visits in, the differences out.

Only the time that both sides tell of is compared, and within it everything: both are taken as they stood at its end,
so a caller who waits then is open on both sides. queue_log has whole seconds, so the borders are whole seconds too, at
which nothing of ours happened: there a millisecond decides on which side of the border each of the two writes it.
Nor does the time reach over a caller who has just left by a key or the like: queue_log says why at once, AMI only when
he goes on in the dialplan.
"""

from __future__ import annotations

import math
from bisect import bisect
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import msgspec

from callcenter.floor.records import REFUSALS, CallRecord, Outcome, Visit
from callcenter.queue_log import ENDS, TALKS, Line, LoggedVisit, add, counts, fold

COUNTS = (
    "offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "open", "ring_no_answer",
    "transferred",
)  # fmt: skip
SUMS = {"wait_answered_s": "answered", "wait_abandoned_s": "abandoned", "talk_s": "answered"}
"""Sum of seconds → the count of calls it is over: queue_log cuts whole seconds, so a second a call may differ."""

OF_VISITS = frozenset({"ENTERQUEUE", "RINGNOANSWER", *ENDS, *TALKS})
TRIED = 60
"""So many seconds are looked at for a quiet border, …"""
QUIET_S = (0.25, 0.1, 0.05, 0.02, 0.0)
"""… for one as quiet as the first of these, else as the next."""
UNTOLD_S = 60
"""So long AMI may take to tell why a caller left: a key, say, is known by what the caller does next."""
UNTOLD = frozenset({Outcome.TIMED_OUT, Outcome.EXITED, Outcome.LEFT_EMPTY, Outcome.WITHDRAWN})

Range = tuple[float, float]
"""From (included) to (not included), seconds since the epoch."""


@dataclass(frozen=True, slots=True)
class Difference:
    queue: str
    name: str
    ours: float
    theirs: float
    calls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """``rows``: queue → name → (ours, theirs)."""

    rows: dict[str, dict[str, tuple[float, float]]]
    differences: tuple[Difference, ...]


def verdict(records: Iterable[CallRecord], told: Range, lines: Sequence[Line]) -> tuple[Range, Verdict]:
    """Compare over the time that both tell of. ``told``: the first and the newest moment that our side knows of."""
    kept = list(records)
    since, until = both(kept, told, lines)
    logged = fold(line for line in lines if line.at < until)
    return (since, until), compare(kept, [v for v in logged if v.entered_at >= since], since, until)


def both(records: Iterable[CallRecord], told: Range, lines: Sequence[Line]) -> Range:
    """The time that both tell of; empty (from >= to) when there is none.

    Where both begin with the same happening there is nothing to cut off; nor where both end with the same one and
    nobody waits or talks any more.
    """
    kept = list(visits(records))
    mine = [v for _, v in kept]
    ours = sorted(moment for v in mine for moment in moments(v))
    log = [line.at for line in lines if line.event in OF_VISITS]
    met = bool(ours and log)
    seen = [moment for moment in ours if moment % 1]  # what was repaired has the log's own seconds: no border parts it
    since = _quiet(max(lines[0].at, math.ceil(told[0])), 1, seen)
    if met and _same(ours[0], log[0]) and log[0] >= math.floor(told[0]):
        since = min(lines[0].at, math.floor(ours[0]))
    until = _quiet(_decided(kept, min(lines[-1].at, math.floor(told[1])), lines), -1, seen)
    if met and _same(ours[-1], log[-1]) and not (any(map(_open, mine)) or any(v.outcome is None for v in fold(lines))):
        until = max(lines[-1].at, math.ceil(ours[-1])) + 1
    return since, until


def _decided(kept: Iterable[tuple[str, Visit]], until: float, lines: Iterable[Line]) -> float:
    """``until``, or before it when a caller left whom queue_log knows to be out and AMI has not told why."""
    waiting = {(call, v.queue) for call, v in kept if v.outcome is None}
    logged = fold(line for line in lines if (line.call, line.queue) in waiting)
    left = (v.left_at for v in logged if v.left_at is not None and v.outcome in UNTOLD)
    return min((at for at in left if until - UNTOLD_S <= at < until), default=until)


def _open(v: Visit) -> bool:
    return v.outcome is None or (v.outcome is Outcome.ANSWERED and v.talk_s is None)


def _same(ours: float, log: float) -> bool:
    return abs(math.floor(ours) - log) <= 1


def _quiet(border: float, step: int, ours: list[float]) -> float:
    """The nearest whole second from ``border`` on at which nothing happened; on a busy PBX one that is quiet enough."""

    def gap(at: float) -> float:
        n = bisect(ours, at)
        return min((abs(at - moment) for moment in ours[max(0, n - 1) : n + 1]), default=math.inf)

    tried = [border + step * n for n in range(TRIED)]
    return next(at for quiet_s in QUIET_S for at in tried if gap(at) >= quiet_s)


def visits(records: Iterable[CallRecord]) -> Iterator[tuple[str, Visit]]:
    """(linkedid, visit) of all that queue_log has too: refusals are not in it."""
    return ((r.linkedid, v) for r in records for v in r.visits if v.outcome not in REFUSALS)


def moments(v: Visit) -> Iterator[float]:
    """When queue_log gets a line about a visit."""
    yield v.entered_at
    yield from (a.at + (a.rang_s or 0.0) for a in v.attempts if a.unanswered)
    if v.left_at is not None:
        yield v.left_at
        if v.talk_s is not None:
            yield v.left_at + v.talk_s


def as_of(v: Visit, until: float) -> Visit:
    """The visit as it stood at ``until``. One that the PBX's death ended stays open: nobody was left to log it."""
    if v.outcome is Outcome.PBX_LOST or v.left_at is None or v.left_at >= until:
        open_ = {"outcome": None, "wait_s": None, "talk_s": None, "transferred": False}
        v = msgspec.structs.replace(v, **open_)
    elif v.talk_s is None or v.left_at + v.talk_s >= until:
        v = msgspec.structs.replace(v, talk_s=None, transferred=False)
    rung = tuple(a for a in v.attempts if a.at + (a.rang_s or 0.0) < until)
    return v if len(rung) == len(v.attempts) else msgspec.structs.replace(v, attempts=rung)


def compare(records: Iterable[CallRecord], logged: list[LoggedVisit], since: float, until: float) -> Verdict:
    """Of the visits that entered in [since, until): counts must be equal, sums of seconds within one a call."""
    kept = [(call, as_of(v, until)) for call, v in visits(records) if since <= v.entered_at < until]
    ours, theirs = _counts(kept), counts(logged)
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    differences: list[Difference] = []
    for queue in sorted(ours.keys() | theirs.keys()):
        mine, log = ours.get(queue, Counter()), theirs.get(queue, Counter())
        rows[queue] = {name: (mine[name], log[name]) for name in (*COUNTS, *SUMS)}
        differences += _differences(queue, mine, log, partial(_calls, kept, logged, queue))
    return Verdict(rows, tuple(differences + _strangers(kept, logged)))


def _strangers(kept: Iterable[tuple[str, Visit]], logged: Iterable[LoggedVisit]) -> list[Difference]:
    """Equal counts of other calls are no agreement: the queue_log of another PBX.

    Some ids differ by right: a caller that was handed on by a consultation is logged under that channel.
    """
    ids = {v.call for v in logged}
    known = ids & {call for call, _ in kept}
    if 2 * len(known) >= len(ids):
        return []
    return [Difference("all queues", "calls known", len(known), len(ids), tuple(sorted(ids - known)[:10]))]


def _counts(kept: Iterable[tuple[str, Visit]]) -> dict[str, Counter[str]]:
    out: dict[str, Counter[str]] = {}
    for _, v in kept:
        row = out.setdefault(v.queue, Counter())
        add(row, v.outcome, v.wait_s or 0.0, v.talk_s or 0.0, v.transferred, _unanswered(v))
    return out


def _unanswered(v: Visit) -> int:
    return sum(a.unanswered for a in v.attempts)


def _differences(
    queue: str, mine: Counter[str], log: Counter[str], calls: Callable[[], tuple[str, ...]]
) -> Iterator[Difference]:
    for name in COUNTS:
        if mine[name] != log[name]:
            yield Difference(queue, name, mine[name], log[name], calls())
    for name, over in SUMS.items():
        if abs(mine[name] - log[name]) > max(1, log[over]):
            yield Difference(queue, name, mine[name], log[name])


def _calls(kept: Iterable[tuple[str, Visit]], logged: Iterable[LoggedVisit], queue: str) -> tuple[str, ...]:
    """The calls whose visits to a queue the two tell differently."""
    mine = Counter((call, f"{v.outcome} {_unanswered(v)} {v.transferred}") for call, v in kept if v.queue == queue)
    log = Counter((v.call, f"{v.outcome} {v.ring_no_answer} {v.transferred}") for v in logged if v.queue == queue)
    return tuple(sorted({call for call, _ in ((mine - log) + (log - mine))})[:10])

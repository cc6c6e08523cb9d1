"""Do our counts equal queue_log's, queue by queue and quarter of an hour by quarter of an hour? Pure.

Compared is what was decided some time ago on both sides; a visit that waits then is open on both. Borders are moved to
where no visit of either side is near, since the log cuts whole seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from callcenter.floor.records import Outcome, Visit
from callcenter.queue_log.visits import LoggedVisit

INTERVAL_S = 900.0
TRIED = 60
"""So many seconds are looked at for a quiet border."""
QUIET_S = 0.25


class Counted(NamedTuple):
    """A visit as the figures count it; ``left_at`` is when its outcome was decided, ``outcome`` None before."""

    queue: str
    entered_at: float
    outcome: Outcome | None
    left_at: float | None
    ring_no_answer: int


class Gap(NamedTuple):
    """``ours`` and ``theirs`` are counts of ``name`` of the visits that entered ``queue`` in [from_, to)."""

    queue: str
    from_: float
    to: float
    name: str
    ours: int
    theirs: int
    calls: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, float, str, int]:
        """What makes it the same one though its interval has grown since."""
        return self.queue, self.from_ // INTERVAL_S, self.name, self.theirs - self.ours


def audit(ours: Iterable[Counted], logged: Iterable[LoggedVisit], since: float, until: float) -> list[Gap]:
    """The differences between visits that entered from ``since`` on, as they stood at ``until``."""
    mine = _by_queue(_as_of(visit, until) for visit in ours)
    theirs = _by_queue(_as_of(_counted(visit), until) for visit in logged)
    gaps: list[Gap] = []
    for queue in sorted(mine.keys() | theirs.keys()):
        own, log = mine.get(queue, []), theirs.get(queue, [])
        moments = sorted([v.entered_at for v in own] + [v.entered_at + 0.5 for v in log])
        for from_, to in _intervals(moments, since, until):
            counts = _counts(own, from_, to), _counts(log, from_, to)
            names = sorted(counts[0].keys() | counts[1].keys())
            differing = [name for name in names if counts[0][name] != counts[1][name]]
            gaps += [Gap(queue, from_, to, name, counts[0][name], counts[1][name]) for name in differing]
    return gaps


def _counted(visit: LoggedVisit) -> Counted:
    return Counted(visit.queue, visit.entered_at, visit.outcome, visit.left_at, visit.ring_no_answer)


def _as_of(visit: Counted, until: float) -> Counted:
    if visit.outcome is Outcome.PBX_LOST or visit.left_at is None or visit.left_at >= until:
        return visit._replace(outcome=None, ring_no_answer=0)
    return visit


def _by_queue(visits: Iterable[Counted]) -> dict[str, list[Counted]]:
    out: dict[str, list[Counted]] = defaultdict(list)
    for visit in visits:
        out[visit.queue].append(visit)
    return out


def _counts(visits: Iterable[Counted], from_: float, to: float) -> Counter[str]:
    out: Counter[str] = Counter()
    for v in visits:
        if from_ <= v.entered_at < to:
            out.update({"offered": 1, str(v.outcome or "open"): 1})
            if v.ring_no_answer:
                out["ring_no_answer"] += v.ring_no_answer
    return out


def _intervals(moments: Sequence[float], since: float, until: float) -> Iterator[tuple[float, float]]:
    border = _quiet(moments, since)
    while border < until:
        following = _quiet(moments, (border // INTERVAL_S + 1) * INTERVAL_S)
        if following > until:
            following = _quiet(moments, until - TRIED)
            if following <= border:
                return
            yield border, following
            return
        yield border, following
        border = following


def _quiet(moments: Sequence[float], border: float) -> float:
    """The first whole second from ``border`` on that no visit is near; on a busy PBX the quietest."""

    def gap(at: float) -> float:
        n = bisect_left(moments, at)
        return min([QUIET_S, *(abs(at - moment) for moment in moments[max(0, n - 1) : n + 1])])

    return max((border // 1 + n for n in range(TRIED)), key=gap)


def counted(visit: Visit) -> Counted:
    rings = sum(attempt.unanswered for attempt in visit.attempts)
    return Counted(visit.queue, visit.entered_at, visit.outcome, visit.left_at, rings)


def named(gap: Gap, ours: Iterable[tuple[str, Counted]], logged: Iterable[LoggedVisit]) -> Gap:
    """The same with the calls (at most ten) that the two tell differently; ``ours``: (Linkedid, visit)."""

    def within(v: Counted) -> bool:
        return v.queue == gap.queue and gap.from_ <= v.entered_at < gap.to

    mine = Counter((call, v.outcome, v.ring_no_answer) for call, v in ours if within(v))
    log = Counter((v.call, v.outcome, v.ring_no_answer) for v in logged if within(_counted(v)))
    return gap._replace(calls=tuple(sorted({call for call, *_ in (mine - log) + (log - mine)})[:10]))

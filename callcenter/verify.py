"""Do our figures equal the PBX's own queue_log? Pure: two sets of visits in, the differences out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from callcenter.floor.records import REFUSALS, CallRecord
from callcenter.queue_log import LoggedVisit, add, counts

COUNTS = (
    "offered", "answered", "abandoned", "timed_out", "exited", "left_empty", "withdrawn", "open", "ring_no_answer",
    "transferred",
)  # fmt: skip
SUMS = {"wait_answered_s": "answered", "wait_abandoned_s": "abandoned", "talk_s": "answered"}
"""Sum of seconds → the count of calls it is over: queue_log cuts whole seconds, so a second a call may differ."""


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


def of_records(records: Iterable[CallRecord], since: float, until: float) -> dict[str, Counter[str]]:
    """Our counts and sums of the visits that entered in [since, until]. Refusals are in no queue_log."""
    out: dict[str, Counter[str]] = {}
    for record in records:
        for v in record.visits:
            if v.outcome not in REFUSALS and since <= v.entered_at <= until:
                rna = sum(a.unanswered for a in v.attempts)
                row = out.setdefault(v.queue, Counter())
                add(row, v.outcome, v.wait_s or 0.0, v.talk_s or 0.0, v.transferred, rna)
    return out


def compare(records: Iterable[CallRecord], logged: list[LoggedVisit], since: float, until: float) -> Verdict:
    """Counts must be equal, sums of seconds within one a call."""
    kept = list(records)
    ours, theirs = of_records(kept, since, until), counts(logged)
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    differences: list[Difference] = []
    for queue in sorted(ours.keys() | theirs.keys()):
        mine, log = ours.get(queue, Counter()), theirs.get(queue, Counter())
        rows[queue] = {name: (mine[name], log[name]) for name in (*COUNTS, *SUMS)}
        differences += _differences(queue, mine, log, partial(_calls, kept, logged, queue))
    return Verdict(rows, tuple(differences))


def _differences(
    queue: str, mine: Counter[str], log: Counter[str], calls: Callable[[], tuple[str, ...]]
) -> Iterator[Difference]:
    for name in COUNTS:
        if mine[name] != log[name]:
            yield Difference(queue, name, mine[name], log[name], calls())
    for name, over in SUMS.items():
        if abs(mine[name] - log[name]) > max(1, log[over]):
            yield Difference(queue, name, mine[name], log[name])


def _calls(records: Iterable[CallRecord], logged: Iterable[LoggedVisit], queue: str) -> tuple[str, ...]:
    """The calls whose visits to a queue the two tell differently."""
    mine: Counter[tuple[str, str]] = Counter()
    log: Counter[tuple[str, str]] = Counter()
    for record in records:
        for v in record.visits:
            if v.queue == queue and v.outcome not in REFUSALS:
                rna = sum(a.unanswered for a in v.attempts)
                mine[record.linkedid, f"{v.outcome} {rna} {v.transferred}"] += 1
    for row in logged:
        if row.queue == queue:
            log[row.call, f"{row.outcome} {row.ring_no_answer} {row.transferred}"] += 1
    return tuple(sorted({call for call, _ in ((mine - log) + (log - mine))})[:10])

"""What a daemon tells of each call beside the PBX's queue_log, visit by visit. Pure.

It shares no code with ``callcenter verify`` on purpose, and names each call: a sum may be right by chance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from .truth import Truth, Visit

WITHIN_S = 1.05
"""queue_log cuts both moments to whole seconds."""

Span = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Difference:
    """``id``: the daemon's id of the call, '' for one that it does not know. ``touched``: a hole lies within it."""

    call: str
    id: str
    queue: str
    what: str
    touched: bool


def epoch(told: str) -> float:
    """Seconds since the epoch of a time of the API."""
    return datetime.fromisoformat(told).timestamp()


def holes_of(seen: dict[str, Any], now: float) -> list[Span]:
    """The times in which nothing was seen, of what ``/api/v1/kpis`` says."""
    return [(epoch(hole["from"]), epoch(hole["to"]) if hole["to"] else now) for hole in seen["holes"]]


def differences(calls: Iterable[dict[str, Any]], truth: Truth, holes: Iterable[Span] = ()) -> list[Difference]:
    """Each visit that the two tell differently. ``calls`` are those of the API."""
    ours: dict[tuple[str, str], list[tuple[str, dict[str, Any]]]] = defaultdict(list)
    for call in calls:
        for visit in call["visits"]:
            if not str(visit["outcome"]).startswith("refused"):
                ours[call["linkedid"], visit["queue"]].append((call["id"], visit))
    logged: dict[tuple[str, str], list[Visit]] = defaultdict(list)
    for entry in truth.visits:
        logged[entry.call, entry.queue].append(entry)
    dark, found = list(holes), []
    for key in sorted(ours.keys() | logged.keys()):
        mine = sorted(ours[key], key=lambda one: str(one[1]["entered_at"]))
        theirs = sorted(logged[key], key=lambda one: one.entered_at)
        for n in range(max(len(mine), len(theirs))):
            id_, visit = mine[n] if n < len(mine) else ("", None)
            entry_ = theirs[n] if n < len(theirs) else None
            if what := _differs(visit, entry_):
                found.append(Difference(*key[:1], id_, key[1], what, _touched(visit, entry_, dark)))
    return found


def _differs(visit: dict[str, Any] | None, logged: Visit | None) -> str:
    if visit is None or logged is None:
        told = logged.outcome if logged else visit and visit["outcome"]
        return f"{'not known to us' if visit is None else 'not in queue_log'}: {told}"
    if (visit["outcome"] or "") != logged.outcome:
        return f"outcome {visit['outcome']}, logged {logged.outcome or 'none'}"
    if logged.outcome == "answered" and visit["agent"] != logged.agent:
        return f"agent {visit['agent']}, logged {logged.agent}"
    pairs = [("wait_s", visit["wait_s"], logged.wait_s)]
    if logged.ended_by or logged.transfer:
        pairs += [("talk_s", visit["talk_s"], logged.talk_s)]
    if bool(logged.transfer) != visit["transferred"]:
        return f"transferred {visit['transferred']}, logged {logged.transfer or 'none'}"
    told = [f"{name} {mine}, logged {log}" for name, mine, log in pairs if mine is None or abs(mine - log) > WITHIN_S]
    return "; ".join(told)


def _touched(visit: dict[str, Any] | None, logged: Visit | None, dark: list[Span]) -> bool:
    """Whether a hole lies in the visit's time, by either side's telling; a second is granted at both ends."""
    spans = []
    if logged is not None:
        spans.append((logged.entered_at - 1, logged.entered_at + logged.wait_s + logged.talk_s + 2))
    if visit is not None:
        left = epoch(visit["left_at"]) if visit["left_at"] else float("inf")
        spans.append((epoch(visit["entered_at"]) - 1, left + (visit["talk_s"] or 0) + 1))
    return any(since < b and until > a for a, b in spans for since, until in dark)

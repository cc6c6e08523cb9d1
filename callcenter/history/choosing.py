"""Which of two tellings counts: what the store saw, or what an imported queue_log has of it. Pure.

Where the store saw all of a visit it alone is believed. A visit that any of was not seen is told by the log, where
that has it; one that entered unseen and the store knows nothing of is in the log alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from callcenter.history.folding import table
from callcenter.history.matching import Tables, in_calls_of, numbers, rows_of, same_visits
from callcenter.history.ranges import Ranges, holds, union
from callcenter.history.tables import CALLS
from callcenter.queue_log.pairing import NEAR_S
from kpi import Outcome
from kpi.columns import REFUSED, Bools, Floats

EDGE_S = 2.0
"""So near to an end of what was seen either may tell of it: the log has other moments than the events, and cuts them.
"""
UNDECIDED = (Outcome.WAITING, Outcome.UNKNOWN)


def chosen(seen: Tables, imported: Tables, known: Ranges) -> tuple[Tables, Tables]:
    """Of either side the visits, attempts and calls that count. ``known``: the time that was seen."""
    own, log = seen["visits"], imported["visits"]
    if not len(log):
        return seen, imported
    blind = _blind(own, known)
    pairs = same_visits(seen, imported, _doubtful(own, known, blind))
    sure = union((since + EDGE_S, until - EDGE_S) for since, until in known)
    gone, keep = np.zeros(len(own), np.bool_), _not_in(sure, log, "entered_at")
    for n, m in _told(own, log, blind, pairs, keep):
        gone[n] = keep[m] = True
    imported = _named(imported, own, pairs)
    visits = {"own": own.filter(pa.array(~gone)), "log": _with_parts(imported["visits"], own, pairs).filter(keep)}
    calls = imported["calls"]
    calls = calls.filter(pa.array(_not_in(sure, calls, "started_at")))
    return (
        seen | {"visits": visits["own"], "attempts": _rings(seen["attempts"], own, ~gone),
                "calls": _amended(seen["calls"], visits["own"], visits["log"])},
        imported | {"visits": visits["log"], "attempts": _rings(imported["attempts"], imported["visits"], keep),
                    "calls": calls.filter(pa.array(~in_calls_of(calls, seen["calls"])))},
    )  # fmt: skip


def _not_in(covered: Ranges, rows: pa.Table, column: str) -> Bools:
    outside: Bools = ~holds(covered, numbers(rows[column]))
    return outside


# ---- what was not seen -----------------------------------------------------------------------------------------


def _over(visits: pa.Table) -> Floats:
    """When each was over, infinite where nobody knows."""
    talk_s = numbers(visits["talk_s"])
    talk_s = np.where(numbers(visits["outcome"]) == Outcome.ANSWERED, talk_s, 0.0)
    over: Floats = np.nan_to_num(numbers(visits["entered_at"]) + numbers(visits["wait_s"]) + talk_s, nan=np.inf)
    return over


def _cut_through(visits: pa.Table, known: Ranges, edge_s: float) -> Bools:
    """Which of them do not lie in one part of ``known`` as a whole. What is under way goes on for as long as it."""
    if not known:
        return np.ones(len(visits), np.bool_)
    since, until = np.array(known).T
    entered = numbers(visits["entered_at"])
    over = np.maximum(entered, np.minimum(_over(visits), until[-1] - edge_s))
    part = np.searchsorted(since + edge_s, entered, "right") - 1
    cut: Bools = (part < 0) | (over > until[part] - edge_s)
    return cut


def _blind(visits: pa.Table, known: Ranges) -> Bools:
    """Which of them a time that was not seen touches."""
    return _cut_through(visits, known, EDGE_S)


def _undecided(visits: pa.Table) -> Bools:
    outcome = numbers(visits["outcome"])
    open_: Bools = np.isin(outcome, UNDECIDED) | (outcome == Outcome.ANSWERED) & np.isnan(numbers(visits["talk_s"]))
    return open_


def _doubtful(visits: pa.Table, known: Ranges, blind: Bools) -> Bools:
    """Those of which the log may have to tell, and those so near to them that one is taken for the other."""
    some = blind | _undecided(visits) | _cut_through(visits, known, EDGE_S + NEAR_S)
    return some & ~np.isin(numbers(visits["outcome"]), REFUSED)


# ---- what counts -----------------------------------------------------------------------------------------------


def _told(
    own: pa.Table, log: pa.Table, blind: Bools, pairs: list[tuple[int, int]], keep: Bools
) -> list[tuple[int, int]]:
    """The pairs in which the log is believed; ``keep`` is taken from the others. A log that was read before the visit
    was over tells less than the store."""
    outcome, talk_s = numbers(own["outcome"]), numbers(own["talk_s"])
    ended, talked_s = numbers(log["outcome"]), numbers(log["talk_s"])
    wanted, out = blind | _undecided(own), []
    for n, m in pairs:
        keep[m] = False
        both = outcome[n] == ended[m] == Outcome.ANSWERED
        more = not both or not np.isnan(talked_s[m]) or (blind[n] and not talk_s[n] > 0)
        if wanted[n] and ended[m] not in UNDECIDED and more:
            out.append((n, m))
    return out


def _named(imported: Tables, own: pa.Table, pairs: list[tuple[int, int]]) -> Tables:
    """With the store's name of each call that it knows by another."""
    ours, theirs = (
        side["call"].take(pa.array([pair[n] for pair in pairs], pa.int64())).to_pylist()
        for n, side in enumerate((own, imported["visits"]))
    )
    names = {log: call for log, call in zip(theirs, ours, strict=True) if log != call}
    return {kind: _renamed(rows, names) if "call" in rows.column_names else rows for kind, rows in imported.items()}


def _renamed(rows: pa.Table, names: Mapping[str, str]) -> pa.Table:
    if not names:
        return rows
    call = rows["call"].combine_chunks()
    which = pc.is_in(call, pa.array(names, pa.string()))
    new = pa.array([names[name] for name in call.filter(which).to_pylist()], pa.string())
    return rows.set_column(rows.column_names.index("call"), "call", pc.replace_with_mask(call, which, new))


def _with_parts(log: pa.Table, own: pa.Table, pairs: list[tuple[int, int]]) -> pa.Table:
    """Hold and after-call work, which queue_log has not, as they were seen of the same conversation."""
    n, m = np.array(pairs, np.intp).reshape(-1, 2).T
    same = np.abs(numbers(own["talk_s"])[n] - numbers(log["talk_s"])[m]) <= EDGE_S
    for name in ("hold_s", "wrap_up_s"):
        values = np.full(len(log), np.nan)
        values[m[same]] = numbers(own[name])[n[same]]
        log = log.set_column(log.column_names.index(name), name, pa.array(values, from_pandas=True))
    return log


def _rings(rings: pa.Table, visits: pa.Table, counts: Bools) -> pa.Table:
    """Those of the visits that count. A ring is of its call's last visit to the queue that had begun."""
    if counts.all():
        return rings
    yes, no = in_calls_of(rings, visits.filter(pa.array(counts))), in_calls_of(rings, visits.filter(pa.array(~counts)))
    begun: dict[tuple[str, str], list[tuple[float, bool]]] = defaultdict(list)
    both = np.flatnonzero(yes & no)
    some = rings.take(both)
    for row in rows_of(visits, in_calls_of(visits, some)):
        begun[row.call, row.queue].append((row.entered_at, bool(counts[row.place])))
    keep = yes & ~no
    for ring, call, queue, at in zip(both, *(some[c].to_pylist() for c in ("call", "queue", "at")), strict=True):
        of = sorted(begun[call, queue])
        keep[ring] = max((visit for visit in of if visit[0] <= at + EDGE_S), default=of[0] if of else (0.0, False))[1]
    return rings.filter(pa.array(keep))


def _amended(calls: pa.Table, own: pa.Table, log: pa.Table) -> pa.Table:
    """The store's calls; of those that the log tells some visits of as all their visits are."""
    which = in_calls_of(calls, log)
    some = calls.filter(pa.array(which))
    visits: dict[str, list[tuple[float, str, bool, str | None]]] = defaultdict(list)
    for side in (own, log):
        side = side.filter(pa.array(in_calls_of(side, some)))
        answered = (numbers(side["outcome"]) == Outcome.ANSWERED).tolist()
        columns = [side[name].to_pylist() for name in ("call", "entered_at", "queue", "agent")]
        for call, at, queue, agent, by in zip(*columns, answered, strict=True):
            visits[call].append((at, queue, by, agent))
    rows = []
    for call, _, customer, started_at, spoke, agent in zip(*(c.to_pylist() for c in some.columns), strict=True):
        of = sorted(visits[call], key=lambda visit: visit[0])
        by = [visit[3] for visit in of if visit[2]]
        rows.append((call, of[-1][1], customer, started_at, spoke or bool(by), agent or (by[-1] if by else None)))
    return pa.concat_tables([calls.filter(pa.array(~which)), table(CALLS, rows)])

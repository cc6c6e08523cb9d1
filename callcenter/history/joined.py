"""What was seen and what was imported, put together as the columns of a range. Pure.

Where the store saw what happened (or had it repaired), it alone is believed; elsewhere the imported log is. A visit at
the border of the two is in both and counts once: as it was seen, unless it was not seen how it ended.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter.history.columns import Attempts, Columns, Range
from callcenter.history.ranges import Ranges, holds, union, within
from callcenter.history.tables import TABLES
from kpi import Calls, Outcome, Spans, Visits
from kpi.columns import Bools, Floats, Integers

NEAR_S = 3.0
"""queue_log has whole seconds; a visit that only a snapshot told of began when the PBX's seconds of waiting say."""
EDGE_S = 2.0
"""So near to an end of what was seen either may tell of it: the log has other moments than the events, and cuts them.
"""
GAP_S = 86_400.0
"""A longer time of which nothing is known may hide calls again."""
UNDECIDED = (Outcome.WAITING, Outcome.UNKNOWN)

Tables = dict[str, pa.Table]
Key = tuple[str, str]
"""Call and queue."""


@dataclass(frozen=True, slots=True)
class Known:
    """``seen`` and ``imported``: of which time each of them tells. ``until``: up to when anything is told."""

    seen: Ranges
    imported: Ranges
    until: float


def stacked(days: Iterable[Tables]) -> Tables:
    """The tables of some days as one of each kind."""
    every = list(days)
    return {
        kind: pa.concat_tables([schema.empty_table(), *(day[kind] for day in every if kind in day)])
        for kind, schema in TABLES.items()
    }


def join(seen: Tables, imported: Tables, known: Known, asked: Range, margin_s: float) -> Columns:
    """The columns of ``asked``. Both hold all calls that touch it or began ``margin_s`` around it."""
    sure = union((since + EDGE_S, until - EDGE_S) for since, until in known.seen)
    own, other = _decided(seen["visits"], imported["visits"], sure)
    visits = _cut(pa.concat_tables([own, other]), "entered_at", asked)
    rings = imported["attempts"]
    of_other = pc.is_in(rings["call"], other["call"].combine_chunks())
    rings = rings.filter(pc.and_(of_other, _not_in(sure, rings, "at")))
    attempts = _cut(pa.concat_tables([seen["attempts"], rings]), "at", asked)
    old = imported["calls"]
    old = old.filter(_not_in(sure, old, "started_at"))
    if len(old):
        old = old.filter(pc.invert(pc.is_in(old["call"], seen["calls"]["call"].combine_chunks())))
    wide = asked[0] - margin_s, asked[1] + margin_s
    calls = _cut(pa.concat_tables([seen["calls"], old]), "started_at", wide)
    spans = _cut(seen["spans"], "from", asked, last="to")
    return _columns({"visits": visits, "attempts": attempts, "calls": calls, "spans": spans}, known, asked, margin_s)


def _decided(seen: pa.Table, imported: pa.Table, covered: Ranges) -> tuple[pa.Table, pa.Table]:
    """Of either side the visits that count."""
    if not len(imported):
        return seen, imported
    undecided = seen.filter(pc.is_in(seen["outcome"], pa.array(UNDECIDED, pa.int8())))
    outside = _not_in(covered, imported, "entered_at")
    some = imported.filter(pc.or_(outside, pc.is_in(imported["call"], undecided["call"].combine_chunks())))
    free = _numbers(_not_in(covered, some, "entered_at"))
    keep, drop = free.copy(), np.zeros(len(seen), np.bool_)
    places: dict[Key, list[int]] = {}
    both = np.flatnonzero(_numbers(pc.is_in(seen["call"], some["call"].combine_chunks())))
    moments, outcomes = _numbers(seen["entered_at"]), _numbers(seen["outcome"])
    for place, key in zip(both, _keys(seen.take(both)), strict=True):
        places.setdefault(key, []).append(int(place))
    entered, ended = _numbers(some["entered_at"]), _numbers(some["outcome"])
    met = np.flatnonzero(_numbers(pc.is_in(some["call"], seen["call"].combine_chunks())))
    for n, key in zip(met, _keys(some.take(met)), strict=True):
        near = [p for p in places.get(key, []) if abs(moments[p] - entered[n]) <= NEAR_S and not drop[p]]
        if near:
            same = min(near, key=lambda p: abs(moments[p] - entered[n]))
            keep[n] = drop[same] = outcomes[same] in UNDECIDED and ended[n] not in UNDECIDED
            places[key].remove(same)
    return seen.filter(pa.array(~drop)), some.filter(pa.array(keep))


def _keys(visits: pa.Table) -> Iterable[Key]:
    return zip(visits["call"].to_pylist(), visits["queue"].to_pylist(), strict=True)


def _not_in(covered: Ranges, rows: pa.Table, column: str) -> pa.Array:
    return pa.array(~holds(covered, _numbers(rows[column])))


def _cut(rows: pa.Table, first: str, asked: Range, last: str | None = None) -> pa.Table:
    """The rows that touch ``asked``, by the moments of ``first`` and ``last``; days that lie within are not copied."""
    parts = []
    for part in rows.to_batches():
        begins, ends = _numbers(part[first]), _numbers(part[last or first])
        inside = (begins < asked[1]) & (ends > asked[0] if last else ends >= asked[0])
        parts.append(part if inside.all() else part.filter(pa.array(inside)))
    return pa.Table.from_batches(parts, rows.schema)


def _numbers(column: pa.ChunkedArray | pa.Array) -> NDArray[Any]:
    """Nulls of fractions become NaN."""
    values: NDArray[Any] = column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(False)
    return values


class _Names:
    """One list of names for the dictionary columns of several tables."""

    def __init__(self, columns: Iterable[pa.ChunkedArray]) -> None:
        found: set[str] = set()
        for column in columns:
            for chunk in column.chunks:
                found.update(name for name in chunk.dictionary.take(pc.unique(chunk.indices.drop_null())).to_pylist())
        self.all = tuple(sorted(found))
        self._codes = {name: n for n, name in enumerate(self.all)}

    def codes(self, column: pa.ChunkedArray) -> Integers:
        """-1 for null."""
        parts = [np.zeros(0, np.int32)]
        for chunk in column.chunks:
            code_of = np.array([*(self._codes.get(name, -1) for name in chunk.dictionary.to_pylist()), -1], np.int32)
            parts.append(code_of[chunk.indices.fill_null(len(code_of) - 1).to_numpy(zero_copy_only=False)])
        return np.concatenate(parts)


def _columns(tables: Tables, known: Known, asked: Range, margin_s: float) -> Columns:
    visits, attempts, calls, spans = (tables[kind] for kind in ("visits", "attempts", "calls", "spans"))
    queues = _Names(table["queue"] for table in tables.values())
    agents = _Names(table["agent"] for table in (visits, attempts, calls, spans))
    rung = Attempts(
        queues.codes(attempts["queue"]), agents.codes(attempts["agent"]), _numbers(attempts["at"]),
        _numbers(attempts["unanswered"]).astype(np.bool_),
    )  # fmt: skip
    at_work = _spans(spans, queues, agents)
    return Columns(
        range=asked, queues=queues.all, agents=agents.all, visits=_visits(visits, queues, known.until),
        answered_by=agents.codes(visits["agent"]), source=_numbers(visits["source"]), attempts=rung, spans=at_work,
        memberships=_memberships(len(agents.all), len(queues.all), rung, at_work), calls=_calls(calls, queues),
        margin_s=margin_s, known=within(union(known.seen, known.imported), *asked), until=known.until,
        calls_answered_by=agents.codes(calls["agent"]), followed_until=_followed(known, asked),
    )  # fmt: skip


def _followed(known: Known, asked: Range) -> float:
    """The end of what is known on from the range, past gaps of a night or so."""
    until = asked[0]
    for since, end in union(known.seen, known.imported, gap_s=GAP_S):
        if since < asked[1]:
            until = max(until, end)
    return until


def _visits(rows: pa.Table, queues: _Names, until: float) -> Visits:
    entered, outcome = _numbers(rows["entered_at"]), _numbers(rows["outcome"])
    wait_s = np.where(outcome == Outcome.WAITING, np.maximum(until - entered, 0.0), _numbers(rows["wait_s"]))
    names = ("talk_s", "hold_s", "wrap_up_s", "transferred", "attempts", "ring_no_answer")
    return Visits(queue=queues.codes(rows["queue"]), entered_at=entered, wait_s=wait_s, outcome=outcome,
                  **{name: _numbers(rows[name]) for name in names})  # fmt: skip


def _spans(rows: pa.Table, queues: _Names, agents: _Names) -> Spans:
    agent = agents.codes(rows["agent"])
    return Spans(
        agent=agent, queue=queues.codes(rows["queue"]), membership=agent, state=_numbers(rows["state"]),
        start=_numbers(rows["from"]), end=_numbers(rows["to"]),
    )  # fmt: skip


def _memberships(agents: int, queues: int, rung: Attempts, spans: Spans) -> Bools:
    """Memberships are not kept: an agent is taken for a member of the queues whose calls rang there in this range."""
    member = np.zeros((max(agents, 1), queues), np.bool_)
    member[rung.agent, rung.queue] = True
    of_queue = spans.queue >= 0
    member[spans.agent[of_queue], spans.queue[of_queue]] = True
    return member


def _calls(rows: pa.Table, queues: _Names) -> Calls:
    customers = pc.fill_null(rows["customer"].combine_chunks().dictionary_encode().indices, -1)
    none, nobody = np.zeros(len(rows), np.bool_), np.full(len(rows), -1, np.int8)
    zeros: Floats = np.zeros(len(rows))
    return Calls(
        queue=queues.codes(rows["queue"]), customer=_numbers(customers), started_at=_numbers(rows["started_at"]),
        answered=_numbers(rows["answered"]).astype(np.bool_), resolved=nobody, survey_resolved=nobody, surveyed=none,
        rating=np.zeros(len(rows), np.int8), points=zeros, points_possible=zeros, in_ivr=none, self_served=none,
        callback_requested=none, callback_done=none,
    )  # fmt: skip

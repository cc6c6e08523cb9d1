"""What was seen and what was imported, put together as the columns of a range. Pure.

Which of the two is believed of what is in :mod:`callcenter.history.choosing`.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from callcenter.history.choosing import chosen
from callcenter.history.columns import Attempts, Columns, Range
from callcenter.history.folding import MARGIN_S
from callcenter.history.matching import Tables, numbers
from callcenter.history.ranges import Ranges, union, within
from callcenter.history.tables import TABLES
from kpi import Calls, Outcome, Spans, Visits
from kpi.columns import Bools, Floats, Integers

GAP_S = 86_400.0
"""A longer time of which nothing is known may hide calls again."""


@dataclass(frozen=True, slots=True)
class Known:
    """``seen`` and ``imported``: of which time each of them tells. ``until``: up to when anything is told."""

    seen: Ranges
    imported: Ranges
    until: float


def stacked(days: Iterable[Tables], without: Container[str] = ()) -> Tables:
    """The tables of some days as one of each kind, but for some columns."""
    every, out = list(days), Tables()
    for kind, schema in TABLES.items():
        names = [name for name in schema.names if name not in without]
        some = (schema.empty_table(), *(day[kind] for day in every if kind in day))
        out[kind] = pa.concat_tables([table.select(names) for table in some])
    return out


def join(seen: Tables, imported: Tables, known: Known, asked: Range, margin_s: float) -> Columns:
    """The columns of ``asked``. Both hold all calls that touch it or began ``margin_s`` around it; where nothing was
    imported the names of the calls are not needed."""
    own, log = chosen(seen, imported, known.seen)
    wide = asked[0] - margin_s, asked[1] + margin_s
    tables = {
        kind: _cut(pa.concat_tables([own[kind], log[kind]]), column, within)
        for kind, column, within in (("visits", "entered_at", asked), ("attempts", "at", asked),
                                     ("calls", "started_at", wide))
    }  # fmt: skip
    spans = _cut(seen["spans"], "from", asked, last="to")
    return _columns(tables | {"spans": spans}, known, asked, margin_s)


def _cut(rows: pa.Table, first: str, asked: Range, last: str | None = None) -> pa.Table:
    """The rows that touch ``asked``, by the moments of ``first`` and ``last``; days that lie within are not copied."""
    parts = []
    for part in rows.to_batches():
        begins, ends = numbers(part[first]), numbers(part[last or first])
        inside = (begins < asked[1]) & (ends > asked[0] if last else ends >= asked[0])
        parts.append(part if inside.all() else part.filter(pa.array(inside)))
    return pa.Table.from_batches(parts, rows.schema)


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
    with ThreadPoolExecutor(2) as pool:  # much of it lets others go on meanwhile
        told, worked = pool.submit(_calls, calls, queues), pool.submit(_spans, spans, queues, agents)
        entered = _visits(visits, queues, known.until)
    at_work = worked.result()
    rung = Attempts(
        queues.codes(attempts["queue"]), agents.codes(attempts["agent"]), numbers(attempts["at"]),
        numbers(attempts["unanswered"]).astype(np.bool_),
    )  # fmt: skip
    return Columns(
        range=asked, queues=queues.all, agents=agents.all, visits=entered,
        answered_by=agents.codes(visits["agent"]), source=numbers(visits["source"]), attempts=rung, spans=at_work,
        memberships=_memberships(len(agents.all), len(queues.all), rung, at_work), calls=told.result(),
        margin_s=margin_s, known=within(union(known.seen, known.imported), *asked), until=known.until,
        calls_answered_by=agents.codes(calls["agent"]),
        calls_followed_until=_followed(known, numbers(calls["started_at"])), known_before=_before(known, asked[0]),
    )  # fmt: skip


def _before(known: Known, start: float) -> float:
    """Since when all is known up to ``start``, but for gaps of a night or so."""
    stretches = union(known.seen, known.imported, gap_s=GAP_S)
    return next((since for since, until in stretches if since <= start <= until + GAP_S), start)


def _followed(known: Known, started_at: Floats) -> Floats:
    """Up to when each call is followed: to the next time of which nothing is known, but for gaps of a night or so."""
    stretches = np.array(union(known.seen, known.imported, gap_s=GAP_S)).reshape(-1, 2)
    since, until = np.vstack([[-np.inf, -np.inf], stretches]).T
    followed: Floats = np.maximum(until[np.searchsorted(since, started_at, "right") - 1], started_at)
    return followed


def _visits(rows: pa.Table, queues: _Names, until: float) -> Visits:
    """Who would be waiting for longer than anybody does is one whose end is not known."""
    entered, outcome = numbers(rows["entered_at"]), numbers(rows["outcome"])
    lost = (outcome == Outcome.WAITING) & (until - entered >= MARGIN_S)
    outcome = np.where(lost, np.int8(Outcome.UNKNOWN), outcome)
    wait_s = np.where(outcome == Outcome.WAITING, np.maximum(until - entered, 0.0), numbers(rows["wait_s"]))
    names = ("talk_s", "hold_s", "wrap_up_s", "transferred", "attempts", "ring_no_answer")
    return Visits(queue=queues.codes(rows["queue"]), entered_at=entered, wait_s=wait_s, outcome=outcome,
                  **{name: _or_zero(numbers(rows[name])) for name in names})  # fmt: skip


def _or_zero(column: NDArray[Any]) -> NDArray[Any]:
    """Zero for what is not known."""
    return np.where(np.isnan(column), 0.0, column) if column.dtype.kind == "f" else column


def _spans(rows: pa.Table, queues: _Names, agents: _Names) -> Spans:
    agent = agents.codes(rows["agent"])
    return Spans(
        agent=agent, queue=queues.codes(rows["queue"]), membership=agent, state=numbers(rows["state"]),
        start=numbers(rows["from"]), end=numbers(rows["to"]),
    )  # fmt: skip


def _memberships(agents: int, queues: int, rung: Attempts, spans: Spans) -> Bools:
    """Memberships are not kept: an agent is taken for a member of the queues whose calls rang there in this range."""
    member = np.zeros((max(agents, 1), queues), np.bool_)
    for rows in (rung, spans):
        place = np.where((rows.agent >= 0) & (rows.queue >= 0), rows.agent.astype(np.intp) * queues + rows.queue, -1)
        member |= (np.bincount(place + 1, minlength=member.size + 1)[1:] > 0).reshape(member.shape)
    return member


def _calls(rows: pa.Table, queues: _Names) -> Calls:
    customers = pc.fill_null(rows["customer"].combine_chunks().dictionary_encode().indices, -1)
    none, nobody = np.zeros(len(rows), np.bool_), np.full(len(rows), -1, np.int8)
    zeros: Floats = np.zeros(len(rows))
    return Calls(
        queue=queues.codes(rows["queue"]), customer=numbers(customers), started_at=numbers(rows["started_at"]),
        answered=numbers(rows["answered"]).astype(np.bool_), resolved=nobody, survey_resolved=nobody, surveyed=none,
        rating=np.zeros(len(rows), np.int8), points=zeros, points_possible=zeros, in_ivr=none, self_served=none,
        callback_requested=none, callback_done=none,
    )  # fmt: skip

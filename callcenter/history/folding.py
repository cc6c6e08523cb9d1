"""The lines of a queue_log folded into the tables of one day. Pure: the same lines give the same tables.

queue_log has neither hold nor after-call work, and callers that were refused are not in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import pyarrow as pa

from callcenter.history.columns import Source
from callcenter.history.lines import DAY_S, Second, in_order
from callcenter.history.tables import ATTEMPTS, CALLS, VISITS
from callcenter.queue_log import Book, LoggedVisit
from kpi import Outcome

MARGIN_S = 6 * 3600
"""So long before and behind a day is looked at: no caller waits or talks for longer."""

_OUTCOMES = {outcome.name.lower(): int(outcome) for outcome in Outcome}


def window(day: int) -> tuple[int, int]:
    """The seconds whose lines decide what the visits of ``day`` come to."""
    return day * DAY_S - MARGIN_S, (day + 1) * DAY_S + MARGIN_S


def fold_day(lines: Mapping[int, Second], day: int, e164: Callable[[str], str | None]) -> dict[str, pa.Table]:
    """``lines`` of :func:`window`, in order; ``e164`` reads a number as in the site's country."""
    book = Book()
    for line in in_order(dict(lines)):
        book.take(line)
    calls: dict[str, list[LoggedVisit]] = {}
    for visit in book.visits:
        calls.setdefault(visit.call, []).append(visit)
    own = [of for of in calls.values() if int(of[0].entered_at) // DAY_S == day]
    visits = [visit for of in own for visit in of]
    return {
        "visits": _visits(visits, book.newest_at),
        "attempts": _attempts(visits),
        "calls": _calls(own, e164),
    }


def _outcome(visit: LoggedVisit, newest_at: float) -> int:
    if visit.outcome is not None:
        return _OUTCOMES[visit.outcome]
    if visit.lost_at is not None:
        return Outcome.PBX_LOST
    return Outcome.WAITING if newest_at - visit.entered_at < MARGIN_S else Outcome.UNKNOWN


def _visits(visits: Iterable[LoggedVisit], newest_at: float) -> pa.Table:
    rows = [
        (v.call, v.queue, v.entered_at, None if v.outcome is None else v.wait_s, _outcome(v, newest_at),
         v.agent or None, v.talk_s, 0.0, 0.0, v.transferred, len(v.rings) + bool(v.agent), v.ring_no_answer,
         int(Source.IMPORTED))
        for v in visits
    ]  # fmt: skip
    return table(VISITS, rows)


def _attempts(visits: Iterable[LoggedVisit]) -> pa.Table:
    rows = []
    for v in visits:
        rows += [(v.call, v.queue, ring.agent, ring.began_at, ring.unanswered) for ring in v.rings]
        if v.agent and v.left_at is not None:
            rows.append((v.call, v.queue, v.agent, v.left_at - v.ring_s, False))
    return table(ATTEMPTS, rows)


def _calls(calls: Iterable[list[LoggedVisit]], e164: Callable[[str], str | None]) -> pa.Table:
    rows = []
    for of in calls:
        by = [visit.agent for visit in of if visit.agent]
        number = next((visit.number for visit in of if visit.number), "")
        rows.append((of[0].call, of[-1].queue, e164(number) if number else None, of[0].entered_at, bool(by),
                     by[-1] if by else None))  # fmt: skip
    return table(CALLS, rows)


def table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Rows of plain values as columns."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _array(column: Iterable[object], type: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(type):
        return pa.array(list(column), type.value_type).dictionary_encode()
    return pa.array(list(column), type)

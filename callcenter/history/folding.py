"""The lines of a queue_log folded into the tables of one day. Pure: the same lines give the same tables.

queue_log has neither hold nor after-call work, and callers that were refused are not in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from callcenter.history.columns import Source
from callcenter.history.lines import DAY_S, Second, in_order
from callcenter.history.tables import ATTEMPTS, CALLS, VISITS
from callcenter.queue_log import Book, LoggedVisit
from kpi import Outcome

MARGIN_S = 6 * 3600
"""So long before a visit and behind its beginning is looked at, or longer: an agent may be in a conversation from
before, and a visit that is open for so long has lost its end."""
DAYS = (-1, 0, 1, 2)
"""Whose lines decide what a day's visits come to, from that day on."""

_CREATED = re.compile(r"(?:.*-)?(\d{9,10})\.\d+")
"""Asterisk's name of a channel: when it was created, behind the system's name if there is one (``main/channel.c``)."""
_OUTCOMES = {outcome.name.lower(): int(outcome) for outcome in Outcome}


def window(day: int) -> tuple[int, int]:
    """The seconds whose lines decide what the visits of ``day`` come to."""
    return day * DAY_S - MARGIN_S, (day + 2) * DAY_S + MARGIN_S


def own_day(call: str, entered_at: float) -> int:
    """The day that a visit is told by: that in which its call began, when this was the day before the visit's or the
    same. It depends on the visit alone: whatever lines are looked at, it is told by one day."""
    entered = int(entered_at) // DAY_S
    created = _CREATED.fullmatch(call)
    began = int(created[1]) // DAY_S if created else entered
    return began if began == entered - 1 else entered


def fold_day(
    lines: Mapping[int, Second], day: int, e164: Callable[[str], str | None], until: float
) -> dict[str, pa.Table]:
    """``lines`` of :func:`window`, in order; ``e164`` reads a number as in the site's country. ``until``: the end of
    the log, or of the window when that is before."""
    book = Book()
    for line in in_order(dict(lines)):
        book.take(line)
    visits = [visit for visit in book.visits if own_day(visit.call, visit.entered_at) == day]
    calls: dict[str, list[LoggedVisit]] = {}
    for visit in visits:
        calls.setdefault(visit.call, []).append(visit)
    return {"visits": _visits(visits, until), "attempts": _attempts(visits), "calls": _calls(calls.values(), e164)}


def _outcome(visit: LoggedVisit, until: float) -> int:
    if visit.outcome is not None:
        return _OUTCOMES[visit.outcome]
    if visit.lost_at is not None:
        return Outcome.PBX_LOST
    return Outcome.WAITING if until - visit.entered_at < MARGIN_S else Outcome.UNKNOWN


def _talk_s(visit: LoggedVisit) -> float | None:
    """None: the log ends before the conversation, which may have been over within its first second."""
    return None if visit.agent and visit.completed_at is None else visit.talk_s


def _visits(visits: Iterable[LoggedVisit], until: float) -> pa.Table:
    rows = [
        (v.call, v.queue, v.entered_at, None if v.outcome is None else v.wait_s, _outcome(v, until),
         v.agent or None, _talk_s(v), 0.0, 0.0, v.transferred, len(v.rings) + bool(v.agent), v.ring_no_answer,
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
        customer = e164(number) if number else None
        rows.append((of[0].call, of[-1].queue, int(customer) if customer else None, of[0].entered_at, bool(by),
                     by[-1] if by else None))  # fmt: skip
    return table(CALLS, rows)


def table(schema: pa.Schema, rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """Rows of plain values as columns; a Boolean may be 0 or 1."""
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(schema)
    arrays = [_array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)


def _array(column: Iterable[object], type: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(type):
        return pa.array(list(column), type.value_type).dictionary_encode()
    if pa.types.is_boolean(type):
        return pa.array(np.array(column, np.bool_))
    return pa.array(list(column), type)

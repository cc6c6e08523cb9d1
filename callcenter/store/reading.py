"""Questions to the store, each answered over one connection in one transaction, so from one state. A shell."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Select, Table, and_, exists, func, or_, select, tuple_, union
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.crm.ticket import Kind, Ticket
from callcenter.floor.records import CallRecord, Conversation, Hole, Span, Transfer, Visit
from callcenter.store import digests, paging
from callcenter.store.rows import checked_call, line_of_row, plain_of_row, record, ticket_of_row, visits_of_rows
from callcenter.store.schema import (
    agent_span,
    attempt,
    call,
    conversation,
    hole,
    journal,
    meta,
    ticket,
    transfer,
    visit,
)
from callcenter.store.values import JournalRow, Page, StoredCall

Filter = Mapping[str, Any]
"""Condition name → value; None is no condition."""

# A merged call shows the ticket of the call that it went into.
_CALLS: Select[Any] = select(call, ticket.c.number.label("ticket_number")).outerjoin(
    ticket, ticket.c.call == func.coalesce(call.c.merged_into, call.c.id)
)

_STATES: dict[str, ColumnElement[bool]] = {
    "open": call.c.ended_at.is_(None),
    "ended": call.c.ended_at.is_not(None),
}


def _talked_to(agent: str) -> ColumnElement[bool]:
    by = or_(conversation.c.agent == agent, conversation.c.interface == agent)
    return exists().where(and_(conversation.c.call == call.c.id, by))


def _of_number(number: str) -> ColumnElement[bool]:
    """From or to this number, as it was dialled or as E.164. A union lets each part use an index of its own."""
    dialled = [select(call.c.id).where(column == number) for column in (call.c.number, call.c.called)]
    return call.c.id.in_(union(*dialled, select(ticket.c.call).where(ticket.c.e164 == number)))


def _in_state(state: str) -> ColumnElement[bool]:
    if state not in _STATES:
        raise ValueError(f"state: {' or '.join(_STATES)}, not {state!r}")
    return _STATES[state]


_CALL_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "ids": call.c.id.in_,
    "queue": lambda queue: exists().where(and_(visit.c.call == call.c.id, visit.c.queue == queue)),
    "agent": _talked_to,
    "number": _of_number,
    "state": _in_state,
    "since": lambda at: call.c.started_at >= at,
    "until": lambda at: call.c.started_at < at,
}

_TICKET_CONDITIONS: dict[str, Callable[[Any], ColumnElement[bool]]] = {
    "kind": lambda kind: ticket.c.kind == Kind(kind),
    "status": lambda status: ticket.c.status == status,
    "number": lambda n: or_(ticket.c.e164 == n, ticket.c.caller == n, ticket.c.called == n),
}


async def calls(connection: AsyncConnection, which: Filter, cursor: str | None, limit: int) -> Page[StoredCall]:
    """Newest first. Raises ValueError for a cursor, a state or a limit that is none."""
    query = _CALLS.where(*_conditions(_CALL_CONDITIONS, which))
    if cursor is not None:
        query = query.where(tuple_(call.c.started_at, call.c.id) < tuple_(*paging.decode(cursor, tuple[float, str])))
    query = query.order_by(call.c.started_at.desc(), call.c.id.desc()).limit(paging.checked(limit) + 1)
    found = (await connection.execute(query)).all()
    items = await _with_parts(connection, found[:limit], [row.id for row in found[:limit]])
    if len(found) <= limit:
        return Page(items)
    last = items[-1].record
    return Page(items, paging.encode(last.started_at, last.id))


async def tickets(connection: AsyncConnection, which: Filter, cursor: str | None, limit: int) -> Page[Ticket]:
    """Newest number first. Raises ValueError for a cursor, a kind or a limit that is none."""
    query = select(ticket).where(*_conditions(_TICKET_CONDITIONS, which))
    if cursor is not None:
        query = query.where(ticket.c.number < paging.decode(cursor, tuple[int])[0])
    found = (await connection.execute(query.order_by(ticket.c.number.desc()).limit(paging.checked(limit) + 1))).all()
    items = tuple(ticket_of_row(row) for row in found[:limit])
    return Page(items, paging.encode(items[-1].number) if len(found) > limit else None)


async def one_call(connection: AsyncConnection, id: str) -> StoredCall | None:
    found = (await connection.execute(_CALLS.where(call.c.id == id))).all()
    return next(iter(await _with_parts(connection, found, [id])), None)


async def open_calls(connection: AsyncConnection) -> list[CallRecord]:
    """Oldest first."""
    found = (await connection.execute(_CALLS.where(_STATES["open"]).order_by(call.c.started_at, call.c.id))).all()
    return [stored.record for stored in await _with_parts(connection, found, select(call.c.id).where(_STATES["open"]))]


async def timeline(connection: AsyncConnection, id: str) -> list[JournalRow]:
    """Of the call and of those that were merged into it (each row names its own), in the order of arrival.

    That order is the truth: Asterisk's own times go backwards now and then.
    """
    merged = select(call.c.id).where(call.c.merged_into == id)
    which = or_(journal.c.call == id, journal.c.call.in_(merged))
    found = await connection.execute(select(journal).where(which).order_by(journal.c.id))
    return [line_of_row(row) for row in found]


async def visits_since(connection: AsyncConnection, at: float) -> list[tuple[str, Visit]]:
    """(call id, visit) of all that entered at or after ``at``, in that order.

    They are read with the whole of their calls: a digest is over all of it.
    """
    ids = select(visit.c.call).where(visit.c.entered_at >= at)
    found = (await connection.execute(_CALLS.where(call.c.id.in_(ids)))).all()
    stored = [one.record for one in await _with_parts(connection, found, ids)]
    visits = [(record.id, visit) for record in stored for visit in record.visits if visit.entered_at >= at]
    return sorted(visits, key=lambda of: (of[1].entered_at, of[0]))


async def spans_since(connection: AsyncConnection, at: float) -> list[Span]:
    """All that ended after ``at``, by beginning."""
    found = await connection.execute(select(agent_span).where(agent_span.c.to > at).order_by(agent_span.c.from_))
    return [plain_of_row(Span, row, agent_span) for row in found]


async def holes_since(connection: AsyncConnection, at: float) -> list[Hole]:
    """All that ended after ``at`` or are still open, by beginning."""
    lasting = or_(hole.c.to.is_(None), hole.c.to > at)
    found = await connection.execute(select(hole).where(lasting).order_by(hole.c.from_, hole.c.pbx))
    return [plain_of_row(Hole, row, hole) for row in found]


async def counts(connection: AsyncConnection) -> dict[str, int]:
    """Rows of each; reads an index from end to end, so seconds for a journal of tens of millions of lines."""
    questions = {
        "calls": select(func.count()).select_from(call),
        "open_calls": select(func.count()).select_from(call).where(_STATES["open"]),
        "tickets": select(func.count()).select_from(ticket),
        "journal": select(func.count()).select_from(journal),
    }
    return {name: (await connection.execute(question)).scalar_one() for name, question in questions.items()}


async def get_meta(connection: AsyncConnection, key: str) -> str | None:
    found = (await connection.execute(select(meta).where(meta.c.key == key))).one_or_none()
    if found is None:
        return None
    digests.check(found.digest, digests.of_text(key, found.value), f"meta {key}")
    return str(found.value)


def _conditions(table: Mapping[str, Callable[[Any], ColumnElement[bool]]], which: Filter) -> list[ColumnElement[bool]]:
    return [table[name](value) for name, value in which.items() if value is not None]


async def _with_parts(
    connection: AsyncConnection, found: Sequence[Any], ids: Sequence[str] | Select[tuple[str]]
) -> tuple[StoredCall, ...]:
    """The calls of these rows; ``ids`` names the same calls, for the tables of their parts."""

    async def parts(table: Table) -> Sequence[Any]:
        query = select(table).where(table.c.call.in_(ids)).order_by(*table.primary_key.columns)
        return (await connection.execute(query)).all()

    async def plain(kind: type[Conversation | Transfer], table: Table) -> dict[str, list[Any]]:
        return _by_call((row.call, record(kind, row, table)) for row in await parts(table))

    of_call = {
        "visits": _by_call(visits_of_rows(await parts(visit), await parts(attempt))),
        "conversations": await plain(Conversation, conversation),
        "transfers": await plain(Transfer, transfer),
    }

    def whole(row: Any) -> CallRecord:
        its = {name: tuple(by[row.id]) for name, by in of_call.items()}
        return checked_call(record(CallRecord, row, call, **its), row)

    return tuple(StoredCall(whole(row), row.ticket_number) for row in found)


def _by_call(parts: Iterable[tuple[str, Any]]) -> dict[str, list[Any]]:
    grouped: dict[str, list[Any]] = defaultdict(list)
    for id, part in parts:
        grouped[id].append(part)
    return grouped

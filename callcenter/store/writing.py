"""What one transaction writes. A shell over one connection; the statements are made once, when the module loads."""

from __future__ import annotations

from typing import Any

from sqlalchemy import and_, bindparam, delete, exists, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.floor.records import Hole, Span
from callcenter.store.rows import Row, call_row, part_rows, row, ticket_row
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
from callcenter.store.values import Batch, JournalRow

ALIVE = "alive"
"""Key in ``meta``: the PBX's time up to which everything that was seen is committed."""

_PARTS = (attempt, visit, conversation, transfer)
_CLEAR = [delete(part).where(part.c.call == bindparam("of")) for part in _PARTS]

_put_call = upsert(call)
PUT_CALL = _put_call.on_conflict_do_update(
    index_elements=[call.c.id],
    set_={c.key: _put_call.excluded[c.key] for c in call.c if c.key not in ("id", "merged_into")},
)

# A state that lasted no time has the same beginning as the next one: the longer span is the one that tells something.
_put_span = upsert(agent_span)
PUT_SPAN = _put_span.on_conflict_do_update(
    index_elements=[agent_span.c.agent, agent_span.c.from_],
    set_={c.key: _put_span.excluded[c.key] for c in agent_span.c if not c.primary_key},
    where=_put_span.excluded.to > agent_span.c.to,
)

_put_hole = upsert(hole)
PUT_HOLE = _put_hole.on_conflict_do_update(
    index_elements=[hole.c.pbx, hole.c.from_],
    set_={c.key: _put_hole.excluded[c.key] for c in hole.c if not c.primary_key},
)

_put_meta = upsert(meta)
PUT_META = _put_meta.on_conflict_do_update(index_elements=[meta.c.key], set_={"value": _put_meta.excluded["value"]})

# Two statements and no upsert: an upsert takes a new number off the sequence each time, and tickets would have gaps.
_TICKET = [c for c in ticket.c if c.key != "number"]
CHANGE_TICKET = update(ticket).where(ticket.c.call == bindparam("of"))
OPEN_TICKET = insert(ticket).from_select(
    [c.key for c in _TICKET],
    select(*(bindparam(c.key, type_=c.type) for c in _TICKET)).where(
        ~exists().where(ticket.c.call == bindparam("of")),
        ~exists().where(and_(call.c.id == bindparam("of"), call.c.merged_into.is_not(None))),
    ),
)

# A call that turned out to be internal has no ticket any more, unless it took over that of a call merged into it.
_into = call.alias("into")
DROP_TICKET = delete(ticket).where(
    ticket.c.call == bindparam("of"), ~exists().where(_into.c.merged_into == bindparam("of"))
)

# A call whose legs went over into another: its ticket goes with them, unless the other call has one already.
_other = ticket.alias("other")
MERGE = (
    update(call).where(call.c.id == bindparam("of")).values(merged_into=bindparam("into")),
    update(call).where(call.c.merged_into == bindparam("of")).values(merged_into=bindparam("into")),
    update(ticket)
    .where(
        ticket.c.call == bindparam("of"),
        exists().where(call.c.id == bindparam("into")),
        ~exists().where(_other.c.call == bindparam("into")),
    )
    .values({"call": bindparam("into")}),
    delete(ticket).where(ticket.c.call == bindparam("of"), exists().where(_other.c.call == bindparam("into"))),
)


async def write(connection: AsyncConnection, batch: Batch) -> None:
    """Everything of ``batch``: calls before their parts and tickets, merges last."""
    await _write_calls(connection, batch)
    tickets = [ticket_row(t) for t in batch.tickets]
    await _many(connection, CHANGE_TICKET, [_of(row) for row in tickets])
    await _many(connection, OPEN_TICKET, [row | {"of": row["call"]} for row in tickets])
    with_ticket = {ticket.call for ticket in batch.tickets}
    await _many(connection, DROP_TICKET, [{"of": c.id} for c in batch.calls if c.id not in with_ticket])
    for statement in MERGE:
        await _many(connection, statement, [{"of": merged, "into": into} for merged, into in batch.merged])
    await _many(connection, PUT_SPAN, [row(span, Span.__struct_fields__) for span in batch.spans])
    await _many(connection, insert(journal), [row(line, JournalRow.__struct_fields__) for line in batch.journal])
    await _many(connection, PUT_HOLE, [row(one, Hole.__struct_fields__) for one in batch.holes])
    if batch.alive:
        await set_meta(connection, ALIVE, repr(batch.alive))


async def _write_calls(connection: AsyncConnection, batch: Batch) -> None:
    await _many(connection, PUT_CALL, [call_row(record) for record in batch.calls])
    for statement in _CLEAR:
        await _many(connection, statement, [{"of": record.id} for record in batch.calls])
    for table, rows in part_rows(batch.calls).items():
        await _many(connection, insert(table), rows)


def _of(ticket: Row) -> Row:
    changed = dict(ticket)
    changed["of"] = changed.pop("call")
    return changed


async def _many(connection: AsyncConnection, statement: Any, rows: list[Row]) -> None:
    if rows:
        await connection.execute(statement, rows)


async def prune_journal(connection: AsyncConnection, before: float, most: int) -> int:
    """Removes those of the ``most`` oldest lines that are older than ``before``; returns how many."""
    oldest = select(journal.c.id, journal.c.at).order_by(journal.c.id).limit(most).subquery()
    old = select(oldest.c.id).where(oldest.c.at < literal(before))
    return (await connection.execute(delete(journal).where(journal.c.id.in_(old)))).rowcount


async def set_meta(connection: AsyncConnection, key: str, value: str) -> None:
    await connection.execute(PUT_META, [{"key": key, "value": value}])

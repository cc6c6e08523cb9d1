"""What one transaction writes. A shell over one connection; the statements are made once, when the module loads."""

from __future__ import annotations

from collections.abc import Sequence
from random import getrandbits
from typing import Any

from msgspec.structs import replace
from sqlalchemy import (
    Double,
    Select,
    Text,
    and_,
    bindparam,
    column,
    delete,
    exists,
    func,
    insert,
    literal,
    select,
    text,
    update,
    values,
)
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.crm.ticket import Ticket
from callcenter.store import digests
from callcenter.store.rows import (
    Row,
    call_row,
    line_row,
    meta_row,
    part_rows,
    plain_row,
    ticket_of_row,
    ticket_row,
)
from callcenter.store.schema import (
    agent_span,
    attempt,
    call,
    conversation,
    day,
    hole,
    hour,
    journal,
    meta,
    ticket,
    transfer,
    visit,
)
from callcenter.store.values import Batch, JournalRow

BOOT = "boot"
"""Key in ``meta``: when the PBX booted, as the ids of its calls have it."""
ALIVE = "alive"
"""Key in ``meta``: the PBX's time up to which everything that was seen is committed."""
SINCE = "since"
"""Key in ``meta``: the PBX's time from which on something was seen. Written once: no later clock moves it."""
CLOCK_SET = 915_148_800.0
"""1999, Asterisk's first year: a time of before is of a clock that nobody has set yet."""

_PARTS = (attempt, visit, conversation, transfer)
_CLEAR = [delete(part).where(part.c.call == bindparam("of")) for part in _PARTS]

_put_call = upsert(call)
PUT_CALL = _put_call.on_conflict_do_update(
    index_elements=[call.c.id],
    set_={c.key: _put_call.excluded[c.key] for c in call.c if c.key not in ("id", "merged_into", "merged_digest")},
)

# A state that lasted no time has the same beginning as the next one: the longer span is the one that tells something.
_put_span = upsert(agent_span)
PUT_SPAN = _put_span.on_conflict_do_update(
    index_elements=[agent_span.c.agent, agent_span.c.from_],
    set_={c.key: _put_span.excluded[c.key] for c in agent_span.c if not c.primary_key},
    where=_put_span.excluded.to > agent_span.c.to,
)

DROP_SPAN = delete(agent_span).where(agent_span.c.agent == bindparam("of"), agent_span.c.from_ == bindparam("since"))

_put_hole = upsert(hole)
PUT_HOLE = _put_hole.on_conflict_do_update(
    index_elements=[hole.c.pbx, hole.c.from_],
    set_={c.key: _put_hole.excluded[c.key] for c in hole.c if not c.primary_key},
)

_put_meta = upsert(meta)
PUT_META = _put_meta.on_conflict_do_update(
    index_elements=[meta.c.key], set_={key: _put_meta.excluded[key] for key in ("value", "digest")}
)
FIRST_META = upsert(meta).on_conflict_do_nothing(index_elements=[meta.c.key])

DAY_S, HOUR_S = 86_400, 3600
AT_ONCE = 10_000
"""Spans of which a statement asks: it has two parameters of each."""
# A version was never there before: a backup that is restored brings back old ones, but with what they stood for.
_put_day, _put_hour = upsert(day), upsert(hour)
PUT_DAY = _put_day.on_conflict_do_update(
    index_elements=[day.c.day], set_={"version": _put_day.excluded.version}
)
PUT_HOUR = _put_hour.on_conflict_do_update(
    index_elements=[hour.c.hour], set_={"version": _put_hour.excluded.version}
)

LAST_NUMBER = text("SELECT max(seq) FROM (SELECT seq FROM sqlite_sequence WHERE name = 'ticket'"
                   " UNION ALL SELECT max(number) FROM ticket)")  # fmt: skip
OPEN_TICKET = insert(ticket)
CHANGE_TICKET = update(ticket).where(ticket.c.number == bindparam("of"))

# A call that turned out to be internal has no ticket any more, unless it took over that of a call merged into it.
_into = call.alias("into")
DROP_TICKET = delete(ticket).where(
    ticket.c.call == bindparam("of"), ~exists().where(_into.c.merged_into == bindparam("of"))
)

# A call whose legs went over into another: its ticket goes with them, unless the other call has one already.
_other = ticket.alias("other")
_merged: dict[str, Any] = {"merged_into": bindparam("into"), "merged_digest": bindparam("into_digest")}
MERGE = (
    update(call).where(call.c.id == bindparam("of")).values(_merged),
    update(call).where(call.c.merged_into == bindparam("of")).values(_merged),
    update(ticket)
    .where(
        ticket.c.call == bindparam("of"),
        exists().where(call.c.id == bindparam("into")),
        ~exists().where(_other.c.call == bindparam("into")),
    )
    .values({"call": bindparam("into"), "digest": bindparam("moved_digest")}),
    delete(ticket).where(ticket.c.call == bindparam("of"), exists().where(_other.c.call == bindparam("into"))),
)


async def write(connection: AsyncConnection, batch: Batch) -> None:
    """Everything of ``batch``: calls before their parts and tickets, merges last."""
    days, hours = await _touched(connection, batch)
    await _write_calls(connection, batch)
    await _write_tickets(connection, batch.tickets)
    with_ticket = {ticket.call for ticket in batch.tickets}
    await _many(connection, DROP_TICKET, [{"of": c.id} for c in batch.calls if c.id not in with_ticket])
    for of, into in batch.merged:
        await _merge(connection, of, into)
    version = getrandbits(62)
    await _many(connection, PUT_DAY, [{"day": n, "version": version} for n in days])
    await _many(connection, PUT_HOUR, [{"hour": n, "version": version} for n in hours])
    await _many(connection, DROP_SPAN, [{"of": agent, "since": from_} for agent, from_ in batch.moved])
    await _many(connection, PUT_SPAN, [plain_row(span) for span in batch.spans])
    await _write_journal(connection, batch.journal)
    await _many(connection, PUT_HOLE, [plain_row(one) for one in batch.holes])
    if batch.boot:
        await set_meta(connection, BOOT, str(batch.boot))
    if batch.alive:
        await set_meta(connection, ALIVE, repr(batch.alive))
        await _begin(connection, batch)


async def _begin(connection: AsyncConnection, batch: Batch) -> None:
    """The first calls that were seen as a whole are written with the moment up to which they were seen."""
    whole = (record.started_at for record in batch.calls if record.seen == "whole")
    since = min((at for at in (batch.alive, *whole) if at >= CLOCK_SET), default=None)
    if since is not None:
        await connection.execute(FIRST_META, meta_row(SINCE, repr(since)))


async def _write_calls(connection: AsyncConnection, batch: Batch) -> None:
    await _many(connection, PUT_CALL, [call_row(record) for record in batch.calls])
    for statement in _CLEAR:
        await _many(connection, statement, [{"of": record.id} for record in batch.calls])
    for table, rows in part_rows(batch.calls).items():
        await _many(connection, insert(table), rows)


async def _touched(connection: AsyncConnection, batch: Batch) -> tuple[set[int], set[int]]:
    """The days and hours of which ``batch``, which is not written yet, changes something: those in which a call began,
    and those that a span touches; of an hour only if it ends there."""
    began = await _began(connection, batch)
    days, hours = {int(at // DAY_S) for at in began}, {int(at // HOUR_S) for at in began}
    spans = [span for span in batch.spans if span.from_ >= CLOCK_SET]
    long = [(span.agent, span.from_) for span in spans if span.from_ // HOUR_S != span.to // HOUR_S]
    there = await _there(connection, long)
    for span in spans:
        changed_from = span.from_
        if old := there.get((span.agent, span.from_)):
            hours.add(int(old.to // HOUR_S))
            if (old.name, old.state, old.queue) == (span.name, span.state, span.queue):
                changed_from = min(old.to, span.to)  # who is away for weeks changes nothing of the weeks each minute
        days.update(range(int(changed_from // DAY_S), int(span.to // DAY_S) + 1))
        hours.add(int(span.to // HOUR_S))
    for old in (await _there(connection, [key for key in batch.moved if key[1] >= CLOCK_SET])).values():
        days.update(range(int(old.from_ // DAY_S), int(old.to // DAY_S) + 1))
        hours.add(int(old.to // HOUR_S))
    return days, hours


async def _began(connection: AsyncConnection, batch: Batch) -> list[float]:
    """When the calls began of which ``batch`` changes something: where a call is said to have begun at another time,
    that of before too."""
    ids = {record.id for record in batch.calls} | {ticket.call for ticket in batch.tickets}
    ids.update(id for merged in batch.merged for id in merged)
    at = [record.started_at for record in batch.calls]
    if ids:
        at += (await connection.execute(select(call.c.started_at).where(call.c.id.in_(ids)))).scalars()
    return at


async def _there(connection: AsyncConnection, keys: Sequence[tuple[str, float]]) -> dict[tuple[str, float], Any]:
    """(agent, beginning) → the row that is there already."""
    out = dict[tuple[str, float], Any]()
    for n in range(0, len(keys), AT_ONCE):
        found = await connection.execute(spans_of(keys[n : n + AT_ONCE]))
        out |= {(row.agent, row.from_): row for row in found}
    return out


def spans_of(keys: Sequence[tuple[str, float]]) -> Select[Any]:
    """A join is a search by the whole key; of "(agent, from_at) IN (…)" SQLite makes a walk through all spans."""
    s, asked = agent_span.c, values(column("agent", Text), column("at", Double), name="asked").data(keys).cte()
    by_key = and_(s.agent == asked.c.agent, s.from_ == asked.c.at)
    return select(s.agent, s.from_, s.to, s.name, s.state, s.queue).join_from(asked, agent_span, by_key)


async def _write_tickets(connection: AsyncConnection, tickets: Sequence[Ticket]) -> None:
    """A call that has a ticket keeps its number; a new number is one higher than any there ever was.

    A call whose legs went over into another one gets none: its ticket went with them.
    """
    ids = [t.call for t in tickets]
    if not ids:
        return
    there = select(ticket.c.call, ticket.c.number).where(ticket.c.call.in_(ids))
    numbers = {row.call: row.number for row in await connection.execute(there)}
    gone = select(call.c.id).where(call.c.id.in_(ids), call.c.merged_into.is_not(None))
    merged = set((await connection.execute(gone)).scalars())
    last = await _last_number(connection)
    new = [t for t in tickets if t.call not in numbers and t.call not in merged]
    changed = [ticket_row(t, numbers[t.call]) for t in tickets if t.call in numbers]
    await _many(connection, CHANGE_TICKET, [row | {"of": row.pop("number")} for row in changed])
    await _many(connection, OPEN_TICKET, [ticket_row(t, last + n) for n, t in enumerate(new, 1)])


async def _last_number(connection: AsyncConnection) -> int:
    """The highest number that a ticket ever had: that of a ticket that is gone is not given again."""
    return int((await connection.execute(LAST_NUMBER)).scalar() or 0)


async def _merge(connection: AsyncConnection, of: str, into: str) -> None:
    moved = (await connection.execute(select(ticket).where(ticket.c.call == of))).one_or_none()
    digest = moved and digests.of(replace(ticket_of_row(moved), call=into))
    given = {"of": of, "into": into, "into_digest": digests.of_text(into), "moved_digest": digest}
    for statement in MERGE:
        await connection.execute(statement, {key: given[key] for key in statement.compile().params if key in given})


async def _write_journal(connection: AsyncConnection, lines: Sequence[JournalRow]) -> None:
    if lines:
        last = (await connection.execute(select(func.max(journal.c.id)))).scalar() or 0
        await _many(connection, insert(journal), [line_row(last + n, line) for n, line in enumerate(lines, 1)])


async def _many(connection: AsyncConnection, statement: Any, rows: list[Row]) -> None:
    if rows:
        await connection.execute(statement, rows)


async def prune_journal(connection: AsyncConnection, before: float, most: int) -> int:
    """Removes those of the ``most`` oldest lines that are older than ``before``; returns how many."""
    oldest = select(journal.c.id, journal.c.at).order_by(journal.c.id).limit(most).subquery()
    old = select(oldest.c.id).where(oldest.c.at < literal(before))
    return (await connection.execute(delete(journal).where(journal.c.id.in_(old)))).rowcount


async def set_meta(connection: AsyncConnection, key: str, value: str) -> None:
    await connection.execute(PUT_META, [meta_row(key, value)])

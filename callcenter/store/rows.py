"""Records to rows and back. Pure. A column's key is the name of the record's field, so no mapping is written down."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from operator import itemgetter
from typing import Any, TypeVar

import msgspec
from sqlalchemy import Row as DbRow
from sqlalchemy import Table

from callcenter.crm.ticket import Ticket
from callcenter.floor.records import Attempt, CallRecord, Conversation, Hole, Span, Transfer, Visit
from callcenter.store import digests, schema
from callcenter.store.values import JournalRow

Row = dict[str, Any]
S = TypeVar("S", bound=msgspec.Struct)
P = TypeVar("P", Span, Hole)


@cache
def fields(kind: type[msgspec.Struct], table: Table) -> tuple[str, ...]:
    """The fields of a record that are columns of ``table``."""
    return tuple(name for name in kind.__struct_fields__ if name in table.c)


_CALL = fields(CallRecord, schema.call)
_VISIT = fields(Visit, schema.visit)
_TICKET = tuple(name for name in fields(Ticket, schema.ticket) if name != "number")


def row(record: msgspec.Struct, names: Iterable[str], **keys: Any) -> Row:
    return keys | {name: getattr(record, name) for name in names}


def call_row(record: CallRecord) -> Row:
    return row(record, _CALL, digest=digests.before_storing(record))


def ticket_row(ticket: Ticket, number: int) -> Row:
    digest = digests.before_storing(msgspec.structs.replace(ticket, number=number))
    return row(ticket, _TICKET, number=number, digest=digest)


def plain_row(record: Span | Hole) -> Row:
    return row(record, record.__struct_fields__, digest=digests.before_storing(record))


def meta_row(key: str, value: str) -> Row:
    return {"key": key, "value": value, "digest": digests.of_text(key, value)}


def line_row(id: int, line: JournalRow) -> Row:
    data = msgspec.json.encode(line.data)
    digest = digests.of_line(id, line.call, line.at, line.source, line.name, data)
    return {
        "id": id, "call": line.call, "at": line.at, "source": line.source, "name": line.name,
        "data": msgspec.Raw(data), "digest": digest,
    }  # fmt: skip


def part_rows(records: Iterable[CallRecord]) -> dict[Table, list[Row]]:
    """What belongs to the calls, by table, parents first. ``seq`` numbers the parts of one call in their order."""
    rows: dict[Table, list[Row]] = {t: [] for t in (schema.visit, schema.attempt, schema.conversation, schema.transfer)}
    for record in records:
        call = record.id
        for seq, visit in enumerate(record.visits):
            rows[schema.visit].append(row(visit, _VISIT, call=call, seq=seq))
            rows[schema.attempt] += (
                row(attempt, Attempt.__struct_fields__, call=call, visit=seq, seq=n)
                for n, attempt in enumerate(visit.attempts)
            )
        rows[schema.conversation] += _numbered(call, record.conversations)
        rows[schema.transfer] += _numbered(call, record.transfers)
    return rows


def _numbered(call: str, parts: Sequence[Conversation | Transfer]) -> Iterable[Row]:
    return (row(part, part.__struct_fields__, call=call, seq=seq) for seq, part in enumerate(parts))


def record(kind: type[S], found: DbRow[Any], table: Table, **more: Any) -> S:
    """The record in one row, which begins with the columns of ``table``."""
    names, values = _places(kind, table)
    return kind(**dict(zip(names, values(found), strict=True)), **more)


@cache
def _places(kind: type[msgspec.Struct], table: Table) -> tuple[tuple[str, ...], Callable[[Any], tuple[Any, ...]]]:
    """By place, not by name: a day has a million of these, and looking each column up took most of the start."""
    names, keys = fields(kind, table), table.c.keys()
    return names, itemgetter(*map(keys.index, names))




def plain_of_row(kind: type[P], found: DbRow[Any], table: Table) -> P:
    """Raises StoreDamaged."""
    made = record(kind, found, table)
    key = " ".join(str(getattr(made, column.key)) for column in table.primary_key.columns)
    digests.check(found.digest, digests.of(made), f"{table.name} {key}")
    return made


def line_of_row(found: DbRow[Any]) -> JournalRow:
    """Raises StoreDamaged."""
    made = record(JournalRow, found, schema.journal)
    data = msgspec.json.encode(made.data)
    digest = digests.of_line(found.id, made.call, made.at, made.source, made.name, data)
    digests.check(found.digest, digest, f"journal line {found.id}")
    return made


def checked_call(made: CallRecord, found: DbRow[Any]) -> CallRecord:
    """``made`` itself. Raises StoreDamaged."""
    into, what = found.merged_into, f"call {made.id}"
    digests.check(found.digest, digests.of(made), what)
    digests.check(found.merged_digest, None if into is None else digests.of_text(into), what)
    return made


def visits_of_rows(visit_rows: Iterable[DbRow[Any]], attempt_rows: Iterable[DbRow[Any]]) -> list[tuple[str, Visit]]:
    """(call, visit) in the order of the visit rows, each with its attempts in theirs."""
    attempts: dict[tuple[str, int], list[Attempt]] = defaultdict(list)
    for a in attempt_rows:
        attempts[a.call, a.visit].append(record(Attempt, a, schema.attempt))
    return [
        (v.call, record(Visit, v, schema.visit, attempts=tuple(attempts[v.call, v.seq]))) for v in visit_rows
    ]


def ticket_of_row(found: DbRow[Any]) -> Ticket:
    """Raises StoreDamaged."""
    made = record(Ticket, found, schema.ticket)
    digests.check(found.digest, digests.of(made), f"ticket {made.number}")
    return msgspec.structs.replace(made, agents=tuple(made.agents))

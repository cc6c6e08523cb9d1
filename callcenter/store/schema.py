"""The tables, as they are in the newest schema version. Pure description; how a file gets there is in ``migrations``.

A column's ``key`` is the name of the field that it holds in :mod:`callcenter.floor.records` or
:mod:`callcenter.crm.ticket`, so that rows and records turn into each other without a mapping of their own. Times
are seconds since the epoch, durations seconds. Only types that SQLite and PostgreSQL both have are used.
"""

from __future__ import annotations

import enum
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Double,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    text,
)

from callcenter.crm.ticket import Kind, Stage
from callcenter.floor.records import AgentState, Direction, Outcome, Result


class Json(TypeDecorator[Any]):
    """Any JSON value as text: both databases have it, and msgspec is faster than either's own."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return msgspec.json.encode(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else msgspec.json.decode(value)


def word(kind: type[enum.StrEnum]) -> Enum:
    """The values of an enum as plain text, without a constraint: a new value needs no migration."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda e: [member.value for member in e])


def _call_id() -> Column[str]:
    return Column("call", Text, ForeignKey("call.id", ondelete="CASCADE"), primary_key=True)


def _digest() -> Column[int]:
    """See :mod:`callcenter.store.digests`."""
    return Column("digest", BigInteger)


metadata = MetaData()

call = Table(
    "call",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pbx", Text, nullable=False),
    Column("linkedid", Text, nullable=False),
    Column("direction", word(Direction), nullable=False),
    Column("number", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("answered_at", Double),
    Column("ended_at", Double),
    Column("ended_by", Text),
    Column("hangup_cause", Integer),
    Column("recording", Text),
    Column("seen", Text, nullable=False),
    Column("merged_into", Text),
    _digest(),
    Column("merged_digest", BigInteger),
)
Index("call_started", call.c.started_at, call.c.id)
Index("call_number", call.c.number)
Index("call_called", call.c.called)
# Few rows of many: those that are up, and those whose legs went over into another call.
Index("call_open", call.c.started_at, call.c.id, sqlite_where=call.c.ended_at.is_(None),
      postgresql_where=call.c.ended_at.is_(None))
Index("call_merged", call.c.merged_into, sqlite_where=call.c.merged_into.is_not(None),
      postgresql_where=call.c.merged_into.is_not(None))

visit = Table(
    "visit",
    metadata,
    _call_id(),
    Column("seq", Integer, primary_key=True),
    Column("queue", Text, nullable=False),
    Column("entered_at", Double, nullable=False),
    Column("position", Integer, nullable=False),
    Column("left_at", Double),
    Column("wait_s", Double),
    Column("outcome", word(Outcome)),
    Column("agent", Text),
    Column("interface", Text),
    Column("talk_s", Double),
    Column("hold_s", Double),
    Column("wrap_up_s", Double),
    Column("transferred", Boolean, nullable=False),
    Column("ended_by", Text),
    Column("repaired", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
Index("visit_entered", visit.c.entered_at)

attempt = Table(
    "attempt",
    metadata,
    Column("call", Text, primary_key=True),
    Column("visit", Integer, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("agent", Text, nullable=False),
    Column("interface", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("rang_s", Double),
    Column("result", word(Result)),
    Column("unanswered", Boolean, nullable=False),
    ForeignKeyConstraint(["call", "visit"], ["visit.call", "visit.seq"], ondelete="CASCADE"),
    sqlite_with_rowid=False,
)

conversation = Table(
    "conversation",
    metadata,
    _call_id(),
    Column("seq", Integer, primary_key=True),
    Column("interface", Text, nullable=False),
    Column("agent", Text),
    Column("peer", Text, nullable=False),
    Column("queue", Text),
    Column("from_at", Double, key="from_", nullable=False),
    Column("to_at", Double, key="to"),
    Column("talk_s", Double),
    Column("hold_s", Double, nullable=False),
    Column("ended_by", Text),
    sqlite_with_rowid=False,
)

transfer = Table(
    "transfer",
    metadata,
    _call_id(),
    Column("seq", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("from_party", Text, key="from_", nullable=False),
    Column("to_party", Text, key="to", nullable=False),
    Column("at", Double, nullable=False),
    sqlite_with_rowid=False,
)

agent_span = Table(
    "agent_span",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("from_at", Double, key="from_", primary_key=True),
    Column("to_at", Double, key="to", nullable=False),
    Column("name", Text, nullable=False),
    Column("state", word(AgentState), nullable=False),
    Column("reason", Text, nullable=False),
    Column("queue", Text),
    _digest(),
    sqlite_with_rowid=False,
)
Index("agent_span_to", agent_span.c.to)
OVER_MIDNIGHT = "CAST(from_at / 86400 AS INTEGER) <> CAST(to_at / 86400 AS INTEGER)"
# One a night and agent: those that touch a day and end on a later one.
Index("agent_span_over_midnight", agent_span.c.to, sqlite_where=text(OVER_MIDNIGHT),
      postgresql_where=text(OVER_MIDNIGHT))

ticket = Table(
    "ticket",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=True),
    Column("call", Text, ForeignKey("call.id"), nullable=False, unique=True),
    Column("kind", word(Kind), nullable=False),
    Column("stage", word(Stage), nullable=False),
    Column("status", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("caller", Text, nullable=False),
    Column("e164", Text),
    Column("name", Text, nullable=False),
    Column("called", Text, nullable=False),
    Column("queue", Text),
    Column("agents", Json, nullable=False),
    Column("wait_s", Double, nullable=False),
    Column("talk_s", Double, nullable=False),
    Column("outcome", Text),
    Column("opened_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("closed_at", Double),
    _digest(),
    sqlite_autoincrement=True,
)
Index("ticket_e164", ticket.c.e164)
Index("ticket_status", ticket.c.status, ticket.c.kind)

journal = Table(
    "journal",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("call", Text, nullable=False),
    Column("at", Double, nullable=False),
    Column("source", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("data", Json, nullable=False),
    _digest(),
)
Index("journal_call", journal.c.call, journal.c.id)

hole = Table(
    "hole",
    metadata,
    Column("pbx", Text, primary_key=True),
    Column("from_at", Double, key="from_", primary_key=True),
    Column("to_at", Double, key="to"),
    Column("reason", Text, nullable=False),
    Column("repaired", Boolean, nullable=False),
    _digest(),
    sqlite_with_rowid=False,
)

day = Table(
    "day",
    metadata,
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""Days since the epoch (UTC) on which a call began, or which a span touches; ``version`` is another number after each
change of them: what is made of a day elsewhere says of which version."""

hour = Table(
    "hour",
    metadata,
    Column("hour", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)
"""The same of hours since the epoch in which a call began or a span ended; there is none of before version 0004."""

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
    _digest(),
)

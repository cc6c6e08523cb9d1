"""Version 0001: calls with their parts, tickets, agent spans, the journal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    _calls()
    _parts_of_calls()
    _agents()
    _tickets()
    _journal()


def _calls() -> None:
    op.create_table(
        "call",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("direction", sa.String(16), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("started_at", sa.Double(), nullable=False),
        sa.Column("answered_at", sa.Double()),
        sa.Column("ended_at", sa.Double()),
        sa.Column("ended_by", sa.Text()),
        sa.Column("hangup_cause", sa.Integer()),
        sa.Column("recording", sa.Text()),
        sa.Column("seen", sa.Text(), nullable=False),
        sa.Column("merged_into", sa.Text()),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("call_called", "call", ["called"])
    op.create_index(
        "call_merged", "call", ["merged_into"],
        sqlite_where=sa.text("merged_into IS NOT NULL"),
        postgresql_where=sa.text("merged_into IS NOT NULL"),
    )
    op.create_index("call_number", "call", ["number"])
    op.create_index(
        "call_open", "call", ["started_at", "id"],
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_index("call_started", "call", ["started_at", "id"])


def _parts_of_calls() -> None:
    op.create_table(
        "visit",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("queue", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.Double(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("left_at", sa.Double()),
        sa.Column("wait_s", sa.Double()),
        sa.Column("outcome", sa.String(16)),
        sa.Column("agent", sa.Text()),
        sa.Column("interface", sa.Text()),
        sa.Column("talk_s", sa.Double()),
        sa.Column("hold_s", sa.Double()),
        sa.Column("wrap_up_s", sa.Double()),
        sa.Column("transferred", sa.Boolean(), nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.ForeignKeyConstraint(["call"], ["call.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_index("visit_entered", "visit", ["entered_at"])
    op.create_table(
        "attempt",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("visit", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("rang_s", sa.Double()),
        sa.Column("result", sa.String(16)),
        sa.Column("unanswered", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["call", "visit"], ["visit.call", "visit.seq"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "visit", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "conversation",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("interface", sa.Text(), nullable=False),
        sa.Column("agent", sa.Text()),
        sa.Column("peer", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("from_at", sa.Double(), nullable=False),
        sa.Column("to_at", sa.Double()),
        sa.Column("talk_s", sa.Double()),
        sa.Column("hold_s", sa.Double(), nullable=False),
        sa.Column("ended_by", sa.Text()),
        sa.ForeignKeyConstraint(["call"], ["call.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "transfer",
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("from_party", sa.Text(), nullable=False),
        sa.Column("to_party", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["call"], ["call.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call", "seq"),
        sqlite_with_rowid=False,
    )


def _agents() -> None:
    op.create_table(
        "agent_span",
        sa.Column("agent", sa.Text(), nullable=False),
        sa.Column("from_at", sa.Double(), nullable=False),
        sa.Column("to_at", sa.Double(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.PrimaryKeyConstraint("agent", "from_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("agent_span_to", "agent_span", ["to_at"])


def _tickets() -> None:
    op.create_table(
        "ticket",
        sa.Column("number", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("direction", sa.Text(), nullable=False),
        sa.Column("caller", sa.Text(), nullable=False),
        sa.Column("e164", sa.Text()),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("called", sa.Text(), nullable=False),
        sa.Column("queue", sa.Text()),
        sa.Column("agents", sa.Text(), nullable=False),
        sa.Column("wait_s", sa.Double(), nullable=False),
        sa.Column("talk_s", sa.Double(), nullable=False),
        sa.Column("outcome", sa.Text()),
        sa.Column("opened_at", sa.Double(), nullable=False),
        sa.Column("updated_at", sa.Double(), nullable=False),
        sa.Column("closed_at", sa.Double()),
        sa.ForeignKeyConstraint(["call"], ["call.id"]),
        sa.PrimaryKeyConstraint("number"),
        sa.UniqueConstraint("call"),
        sqlite_autoincrement=True,
    )
    op.create_index("ticket_e164", "ticket", ["e164"])
    op.create_index("ticket_status", "ticket", ["status", "kind"])


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("call", sa.Text(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("journal_call", "journal", ["call", "id"])
    op.create_table(
        "meta",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )

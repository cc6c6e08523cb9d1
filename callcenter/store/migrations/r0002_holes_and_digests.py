"""Version 0002: times in which nothing was seen, visits that queue_log told of, a digest with each record."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

UNCHECKED = -1
"""Rows of before cannot be checked; no digest at all would say that they are damaged."""


def upgrade() -> None:
    op.add_column("visit", sa.Column("repaired", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "hole",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("from_at", sa.Double(), nullable=False),
        sa.Column("to_at", sa.Double()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.BigInteger()),
        sa.PrimaryKeyConstraint("pbx", "from_at"),
        sqlite_with_rowid=False,
    )
    for table in ("call", "ticket", "agent_span", "journal", "meta"):
        op.add_column(table, sa.Column("digest", sa.BigInteger()))
        op.execute(f'UPDATE "{table}" SET digest = {UNCHECKED}')
    op.add_column("call", sa.Column("merged_digest", sa.BigInteger()))
    op.execute(f"UPDATE call SET merged_digest = {UNCHECKED} WHERE merged_into IS NOT NULL")

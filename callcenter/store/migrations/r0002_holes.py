"""Version 0002: the times in which nothing was seen, and the visits that queue_log told of."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("visit", sa.Column("repaired", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "hole",
        sa.Column("pbx", sa.Text(), nullable=False),
        sa.Column("from_at", sa.Double(), nullable=False),
        sa.Column("to_at", sa.Double()),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("repaired", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("pbx", "from_at"),
        sqlite_with_rowid=False,
    )

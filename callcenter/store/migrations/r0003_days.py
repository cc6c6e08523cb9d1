"""Version 0003: of which days something changed, for what is made of them elsewhere."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "day",
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    days = " UNION ".join(
        f"SELECT DISTINCT CAST({at} / 86400 AS INTEGER), 0 FROM {table}"
        for table, at in (("call", "started_at"), ("agent_span", "from_at"))
    )
    op.execute(f"INSERT INTO day (day, version) {days}")

"""Version 0003: of which days something changed, for what is made of them elsewhere; since when anything was seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CLOCK_SET = 915_148_800
"""1999: an earlier time is of a clock that nobody had set."""
UNCHECKED = -1
"""A row of before has no digest that could be checked."""


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
    first = f"SELECT min(started_at) AS at FROM call WHERE seen = 'whole' AND started_at >= {CLOCK_SET}"
    op.execute(
        f"INSERT INTO meta (key, value, digest) SELECT 'since', CAST(at AS TEXT), {UNCHECKED} FROM ({first}) AS first"
        " WHERE at IS NOT NULL ON CONFLICT DO NOTHING"
    )

"""Version 0003: of which days something changed, for what is made of them elsewhere; since when anything was seen."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

CLOCK_SET = 915_148_800
"""1999: an earlier time is of a clock that nobody had set."""
OVER_MIDNIGHT = "CAST(from_at / 86400 AS INTEGER) <> CAST(to_at / 86400 AS INTEGER)"
UNCHECKED = -1
"""A row of before has no digest that could be checked."""


def upgrade() -> None:
    op.create_table(
        "day",
        sa.Column("day", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )
    op.create_index(
        "agent_span_over_midnight", "agent_span", ["to_at"],
        sqlite_where=sa.text(OVER_MIDNIGHT), postgresql_where=sa.text(OVER_MIDNIGHT),
    )  # fmt: skip
    op.execute(
        "INSERT INTO day (day, version) WITH RECURSIVE touched (day, last) AS ("
        " SELECT CAST(started_at / 86400 AS INTEGER), CAST(started_at / 86400 AS INTEGER) FROM call UNION"
        " SELECT CAST(from_at / 86400 AS INTEGER), CAST(to_at / 86400 AS INTEGER) FROM agent_span"
        f" WHERE from_at >= {CLOCK_SET} UNION"
        " SELECT day + 1, last FROM touched WHERE day < last"
        ") SELECT day, abs(random() / 2) FROM (SELECT DISTINCT day FROM touched) AS days"
    )
    first = f"SELECT min(started_at) AS at FROM call WHERE seen = 'whole' AND started_at >= {CLOCK_SET}"
    op.execute(
        f"INSERT INTO meta (key, value, digest) SELECT 'since', CAST(at AS TEXT), {UNCHECKED} FROM ({first}) AS first"
        " WHERE at IS NOT NULL ON CONFLICT DO NOTHING"
    )

"""Version 0004: of which hours something changed, for what is made of them before their day is over."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """No row for an hour of before: nobody knows which version it would be."""
    op.create_table(
        "hour",
        sa.Column("hour", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
    )

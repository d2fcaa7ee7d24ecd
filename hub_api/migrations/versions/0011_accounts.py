"""Tokens that no longer count, what a person knows of a key, and from where a change came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the tables and columns."""
    op.create_table(
        "ended_tokens",
        sa.Column("user_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("before_s", sa.BigInteger(), nullable=False),
        sa.Column("kept", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("user_id"),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("until_s", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_index(op.f("ix_revoked_tokens_until_s"), "revoked_tokens", ["until_s"], unique=False)
    op.add_column("api_keys", sa.Column("prefix", sa.String(length=16), nullable=True))
    op.add_column("api_keys", sa.Column("used_at", sa.BigInteger(), nullable=True))
    op.add_column("audit", sa.Column("address", sa.String(length=64), nullable=True))


def downgrade() -> None:
    """Takes them away."""
    op.drop_column("audit", "address")
    op.drop_column("api_keys", "used_at")
    op.drop_column("api_keys", "prefix")
    op.drop_index(op.f("ix_revoked_tokens_until_s"), table_name="revoked_tokens")
    op.drop_table("revoked_tokens")
    op.drop_table("ended_tokens")

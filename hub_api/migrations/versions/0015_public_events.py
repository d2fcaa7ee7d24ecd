"""What callers are told of what is recorded."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

    op.create_table(
        "public_events",
        sa.Column("id", key, autoincrement=False, nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("chat", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_public_events_tenant", "public_events", ["cliente_id", "id"], unique=False)
    op.create_table(
        "pending_public_events",
        sa.Column("id", key, nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("chat", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("pending_public_events")
    op.drop_table("public_events")

"""Profile stores, events that could not be recorded, when the stream was last read, an index of open messages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0001"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("status IN ('queued', 'sending')")


def upgrade() -> None:
    """Adds what upkeep needs."""

    op.create_table(
        "session_stores",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("store_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cliente_id"),
    )
    op.create_table(
        "unrecorded_events",
        sa.Column("event_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_id"),
    )
    op.add_column("drain_state", sa.Column("read_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_messages_open",
        "messages",
        ["accepted_at", "message_id"],
        unique=False,
        sqlite_where=_IS_OPEN,
        postgresql_where=_IS_OPEN,
    )


def downgrade() -> None:
    """Takes it away again."""

    op.drop_index("ix_messages_open", table_name="messages")
    op.drop_column("drain_state", "read_at")
    op.drop_table("unrecorded_events")
    op.drop_table("session_stores")

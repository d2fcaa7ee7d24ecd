"""The idempotency keys of the last 24 hours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds their table."""
    op.create_table(
        "idempotency_keys",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key_digest", sa.String(length=64), nullable=False),
        sa.Column("body_digest", sa.String(length=64), nullable=False),
        sa.Column("message_id", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cliente_id", "key_digest"),
    )
    op.create_index("ix_idempotency_keys_message_id", "idempotency_keys", ["message_id"])
    op.create_index("ix_idempotency_keys_at", "idempotency_keys", ["at"])


def downgrade() -> None:
    """Takes it away again."""
    op.drop_table("idempotency_keys")

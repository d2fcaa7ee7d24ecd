"""A message of ours is found by WhatsApp's key of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

_HAS_KEY = sa.text("whatsapp_id IS NOT NULL")


def upgrade() -> None:
    """Creates the index."""
    op.create_index(
        "ix_messages_key",
        "messages",
        ["cliente_id", "whatsapp_id"],
        sqlite_where=_HAS_KEY,
        postgresql_where=_HAS_KEY,
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_index("ix_messages_key", table_name="messages")

"""Indexes by which what is old is found."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

_HAS_ENDED = sa.text("status NOT IN ('queued', 'sending', 'uncertain')")
_BY_AGE = (
    ("ix_inbound_at", "inbound_messages", "at"),
    ("ix_session_events_at", "session_events", "at"),
    ("ix_bulks_created_at", "bulks", "created_at"),
    ("ix_campaign_imports_ended_at", "campaign_imports", "ended_at"),
    ("ix_unrecorded_events_at", "unrecorded_events", "at"),
)


def upgrade() -> None:
    """Creates them."""

    op.create_index(
        "ix_messages_ended", "messages", ["accepted_at"], sqlite_where=_HAS_ENDED, postgresql_where=_HAS_ENDED
    )
    for name, table, column in _BY_AGE:
        op.create_index(name, table, [column])


def downgrade() -> None:
    """Drops them."""

    for name, table, _ in _BY_AGE:
        op.drop_index(name, table_name=table)
    op.drop_index("ix_messages_ended", table_name="messages")

"""Deliveries that failed for good are counted by an index."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_HAS_FAILED = sa.text("status = 'failed'")


def upgrade() -> None:
    op.create_index(
        "ix_webhook_failed",
        "webhook_deliveries",
        ["ended_at"],
        sqlite_where=_HAS_FAILED,
        postgresql_where=_HAS_FAILED,
    )


def downgrade() -> None:
    op.drop_index("ix_webhook_failed", "webhook_deliveries")

"""Which life of the ledger the recorded events belong to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; the next look of the background worker fills it."""
    op.add_column("drain_state", sa.Column("incarnation", sa.String(length=32), nullable=True))


def downgrade() -> None:
    """Takes it away again."""
    op.drop_column("drain_state", "incarnation")

"""What is done to messages: reactions, edits, deletions, each with its outcome."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("status = 'asked'")


def upgrade() -> None:
    op.create_table(
        "message_acts",
        sa.Column("act_id", sa.String(64), primary_key=True),
        sa.Column("cliente_id", sa.Integer, nullable=False),
        sa.Column("message", sa.String(200), nullable=False),
        sa.Column("whatsapp_id", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("emoji", sa.String(64), nullable=False),
        sa.Column("status", sa.String(12), nullable=False),
        sa.Column("error", sa.String(60)),
        sa.Column("asked_at", sa.BigInteger, nullable=False),
        sa.Column("ended_at", sa.BigInteger),
    )
    op.create_index("ix_message_acts_message", "message_acts", ["cliente_id", "message"])
    op.create_index("ix_message_acts_asked", "message_acts", ["asked_at"])
    op.create_index(
        "ix_message_acts_open", "message_acts", ["asked_at"], sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
    )


def downgrade() -> None:
    op.drop_table("message_acts")

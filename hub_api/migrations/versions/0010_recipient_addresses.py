"""The addresses that WhatsApp answered for recipients, and opt-outs of which nobody knows the number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Creates the tables."""

    op.create_table(
        "recipient_addresses",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cliente_id", "address"),
    )
    op.create_index("ix_addresses_number", "recipient_addresses", ["cliente_id", "number"], unique=False)
    op.create_table(
        "unattributed_optouts",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("address", sa.String(length=100), nullable=False),
        sa.Column("whatsapp_id", sa.String(length=200), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cliente_id", "address"),
    )


def downgrade() -> None:
    """Drops them."""

    op.drop_table("unattributed_optouts")
    op.drop_table("recipient_addresses")

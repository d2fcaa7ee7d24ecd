"""Webhooks: endpoints, their lanes, deliveries and attempts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_IS_WAITING = sa.text("status = 'waiting'")


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("webhook_id", sa.String(length=26), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("events", sa.Text(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("secret", sa.String(length=100), nullable=False),
        sa.Column("previous_secret", sa.String(length=100), nullable=True),
        sa.Column("previous_until", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger(), nullable=True),
        sa.Column("disabled_reason", sa.String(length=20), nullable=True),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("slow", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("webhook_id"),
    )
    op.create_index(op.f("ix_webhook_endpoints_cliente_id"), "webhook_endpoints", ["cliente_id"])
    op.create_table(
        "webhook_lanes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.Integer(), nullable=False),
        sa.Column("number", sa.SmallInteger(), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_by", sa.String(length=32), nullable=True),
        sa.Column("taken_until", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["endpoint"], ["webhook_endpoints.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_webhook_lanes", "webhook_lanes", ["endpoint", "number"], unique=True)
    op.create_index("ix_webhook_lanes_due", "webhook_lanes", ["next_at"])
    op.create_index("ix_webhook_lanes_taken", "webhook_lanes", ["taken_until"])
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("delivery_id", sa.String(length=40), nullable=False),
        sa.Column("endpoint", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=40), nullable=False),
        sa.Column("chat", sa.String(length=200), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("tried", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["endpoint"], ["webhook_endpoints.id"]),
        sa.ForeignKeyConstraint(["lane"], ["webhook_lanes.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    for name, columns in (
        ("ix_webhook_due", ["lane", "next_at", "id"]),
        ("ix_webhook_chat", ["endpoint", "chat", "id"]),
    ):
        op.create_index(name, "webhook_deliveries", columns, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING)
    op.create_index("ux_webhook_deliveries", "webhook_deliveries", ["endpoint", "delivery_id"], unique=True)
    op.create_index("ix_webhook_log", "webhook_deliveries", ["endpoint", "id"])
    op.create_index("ix_webhook_ended", "webhook_deliveries", ["ended_at"])
    op.create_table(
        "webhook_attempts",
        sa.Column("delivery", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.SmallInteger(), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["delivery"], ["webhook_deliveries.id"]),
        sa.PrimaryKeyConstraint("delivery", "number"),
    )


def downgrade() -> None:
    """Drops them."""
    for table in ("webhook_attempts", "webhook_deliveries", "webhook_lanes", "webhook_endpoints"):
        op.drop_table(table)

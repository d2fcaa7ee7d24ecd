"""Campaigns, schedules, recipients, opt-outs; audit entries name their subject."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Creates the tables."""

    op.create_table(
        "campaign_tenants",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("country", sa.String(length=2), nullable=True),
        sa.Column("keywords", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("switched_on", sa.Boolean(), nullable=True),
        sa.Column("outcomes", sa.String(length=60), nullable=False),
        sa.Column("held_code", sa.String(length=40), nullable=True),
        sa.Column("held_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("cliente_id"),
    )
    op.create_table(
        "schedules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("schedule_id", sa.String(length=26), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("weekdays", sa.String(length=7), nullable=False),
        sa.Column("start_minute", sa.SmallInteger(), nullable=False),
        sa.Column("end_minute", sa.SmallInteger(), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=True),
        sa.Column("last_day", sa.String(length=10), nullable=True),
        sa.Column("daily_quota", sa.Integer(), nullable=True),
        sa.Column("delay_min_ms", sa.Integer(), nullable=False),
        sa.Column("delay_max_ms", sa.Integer(), nullable=False),
        sa.Column("warmup_first", sa.Integer(), nullable=True),
        sa.Column("warmup_step", sa.Integer(), nullable=True),
        sa.Column("warmup_since", sa.String(length=10), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("schedule_id"),
    )
    op.create_index(op.f("ix_schedules_cliente_id"), "schedules", ["cliente_id"], unique=False)
    op.create_table(
        "schedule_comments",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("schedule", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["schedule"], ["schedules.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_schedule_comments_schedule"), "schedule_comments", ["schedule"], unique=False)
    op.create_table(
        "campaigns",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.String(length=26), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("templates", sa.Text(), nullable=False),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("schedule", sa.Integer(), nullable=True),
        sa.Column("take_back", sa.Boolean(), nullable=False),
        sa.Column("import_done", sa.Integer(), nullable=False),
        sa.Column("import_total", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=False),
        sa.Column("released_recipient", sa.BigInteger(), nullable=True),
        sa.Column("released_turn", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["schedule"], ["schedules.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("campaign_id"),
    )
    op.create_index("ix_campaigns_tenant", "campaigns", ["cliente_id", "id"], unique=False)
    op.create_index(op.f("ix_campaigns_schedule"), "campaigns", ["schedule"], unique=False)
    op.create_index(op.f("ix_campaigns_state"), "campaigns", ["state"], unique=False)
    op.create_index(op.f("ix_campaigns_take_back"), "campaigns", ["take_back"], unique=False)
    op.create_table(
        "campaign_recipients",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("values", sa.Text(), nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("turn", sa.SmallInteger(), nullable=False),
        sa.Column("message_id", sa.String(length=26), nullable=True),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.Column("released_day", sa.Integer(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_recipients_next", "campaign_recipients", ["campaign", "state", "position"], unique=False)
    op.create_index("ux_recipients_number", "campaign_recipients", ["campaign", "number"], unique=True)
    op.create_index("ix_recipients_message", "campaign_recipients", ["message_id"], unique=False)
    op.create_table(
        "optouts",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("answer_to", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("cliente_id", "number"),
    )
    op.create_index(op.f("ix_optouts_answer_to"), "optouts", ["answer_to"], unique=False)
    op.create_table(
        "not_on_whatsapp",
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("number", "cliente_id"),
    )
    op.add_column("audit", sa.Column("subject", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_audit_subject"), "audit", ["subject"], unique=False)


def downgrade() -> None:
    """Drops them."""

    op.drop_index(op.f("ix_audit_subject"), table_name="audit")
    op.drop_column("audit", "subject")
    for table in (
        "not_on_whatsapp", "optouts", "campaign_recipients", "campaigns", "schedule_comments", "schedules",
        "campaign_tenants",
    ):  # fmt: skip
        op.drop_table(table)

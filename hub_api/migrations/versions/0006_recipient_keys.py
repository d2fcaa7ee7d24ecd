"""Opt-outs, recipients and numbers not on WhatsApp are known by the key of their phone (`shared.recipient_key`)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# The rule as it stood when this was written: Argentina's mobile 9, Brazil's ninth digit, Mexico's 1 are left out.
_KEY = (
    "CASE"
    " WHEN number LIKE '549%' AND length(number) = 13 THEN '54' || substr(number, 4)"
    " WHEN number LIKE '55__9%' AND length(number) = 13 AND substr(number, 6, 1) NOT IN ('2', '3', '4', '5')"
    " THEN substr(number, 1, 4) || substr(number, 6)"
    " WHEN number LIKE '521%' AND length(number) = 13 THEN '52' || substr(number, 4)"
    " ELSE number END"
)
_TWICE = (
    "SELECT id FROM (SELECT id, row_number() OVER (PARTITION BY campaign, recipient_key"
    " ORDER BY CASE WHEN state = 0 THEN 1 ELSE 0 END, position, id) AS place FROM campaign_recipients) AS ranked"
    " WHERE place > 1"
)


def upgrade() -> None:
    """Gives each row its key. Of two rows for one phone one stays, with the key."""

    op.create_table(
        "optouts_by_key",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recipient_key", sa.String(length=100), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("answer_to", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("cliente_id", "recipient_key", name="pk_optouts"),
    )
    op.execute(
        "INSERT INTO optouts_by_key SELECT cliente_id, recipient_key, number, at, source, who, note, answer_to FROM"
        " (SELECT keyed.*, row_number() OVER (PARTITION BY cliente_id, recipient_key ORDER BY at, number) AS place"
        f" FROM (SELECT optouts.*, {_KEY} AS recipient_key FROM optouts) AS keyed) AS ranked WHERE place = 1"
    )
    op.drop_table("optouts")
    op.rename_table("optouts_by_key", "optouts")
    op.create_index(op.f("ix_optouts_answer_to"), "optouts", ["answer_to"], unique=False)

    op.add_column("campaign_recipients", sa.Column("recipient_key", sa.String(length=20), nullable=True))
    op.execute(f"UPDATE campaign_recipients SET recipient_key = {_KEY}")
    op.drop_index("ux_recipients_number", table_name="campaign_recipients")
    # The same phone twice in one campaign: who was not written to yet goes, what happened stays on record.
    op.execute(
        f"DELETE FROM campaign_recipients WHERE state = 0 AND id IN ({_TWICE})"
        " AND id NOT IN (SELECT released_recipient FROM campaigns WHERE released_recipient IS NOT NULL)"
    )
    op.execute(f"UPDATE campaign_recipients SET recipient_key = NULL WHERE id IN ({_TWICE})")
    op.execute(
        "UPDATE campaign_counts SET recipients = (SELECT COUNT(*) FROM campaign_recipients AS one"
        " WHERE one.campaign = campaign_counts.campaign AND one.state = 0 AND COALESCE(one.error, '') = of_code)"
        " WHERE of_state = 0"
    )
    op.create_index("ux_recipients_key", "campaign_recipients", ["campaign", "recipient_key"], unique=True)

    # What was tried under one form only says nothing of the phone.
    op.execute("DELETE FROM not_on_whatsapp WHERE substr(number, 1, 2) IN ('52', '54', '55')")
    op.execute("ALTER TABLE not_on_whatsapp RENAME COLUMN number TO recipient_key")


def downgrade() -> None:
    """Drops the keys."""

    op.execute("ALTER TABLE not_on_whatsapp RENAME COLUMN recipient_key TO number")
    op.drop_index("ux_recipients_key", table_name="campaign_recipients")
    op.create_index("ux_recipients_number", "campaign_recipients", ["campaign", "number"], unique=True)
    op.drop_column("campaign_recipients", "recipient_key")
    op.create_table(
        "optouts_by_number",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("who", sa.String(length=120), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=True),
        sa.Column("answer_to", sa.String(length=200), nullable=True),
        sa.PrimaryKeyConstraint("cliente_id", "number", name="pk_optouts_by_number"),
    )
    op.execute("INSERT INTO optouts_by_number SELECT cliente_id, number, at, source, who, note, answer_to FROM optouts")
    op.drop_table("optouts")
    op.rename_table("optouts_by_number", "optouts")
    op.create_index(op.f("ix_optouts_answer_to"), "optouts", ["answer_to"], unique=False)

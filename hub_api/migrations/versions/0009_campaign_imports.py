"""Imports of recipients: the list in pieces, how far its job is, which rows were refused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Creates the tables."""

    op.create_table(
        "campaign_imports",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("import_id", sa.String(length=26), nullable=False),
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("keys", sa.Text(), nullable=True),
        sa.Column("columns", sa.Text(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("known", sa.Integer(), nullable=False),
        sa.Column("merged", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column("first_position", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=40), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("taken_until", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sa.String(length=120), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("import_id"),
    )
    op.create_index(op.f("ix_campaign_imports_status"), "campaign_imports", ["status"], unique=False)
    op.create_index("ix_campaign_imports_campaign", "campaign_imports", ["campaign", "id"], unique=False)
    op.create_table(
        "campaign_import_pieces",
        sa.Column("of_import", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["of_import"], ["campaign_imports.id"]),
        sa.PrimaryKeyConstraint("of_import", "number"),
    )
    op.create_table(
        "campaign_import_refused",
        sa.Column("of_import", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("column", sa.String(length=60), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["of_import"], ["campaign_imports.id"]),
        sa.PrimaryKeyConstraint("of_import", "number"),
    )


def downgrade() -> None:
    """Drops them."""

    op.drop_table("campaign_import_refused")
    op.drop_table("campaign_import_pieces")
    op.drop_table("campaign_imports")

"""How many recipients a campaign has in each state is kept, not counted; where the next recipient of a list stands."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the counts and fills them."""

    op.create_table(
        "campaign_counts",
        sa.Column("campaign", sa.Integer(), nullable=False),
        sa.Column("of_state", sa.SmallInteger(), nullable=False),
        sa.Column("of_code", sa.String(length=60), nullable=False),
        sa.Column("recipients", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["campaign"], ["campaigns.id"]),
        sa.PrimaryKeyConstraint("campaign", "of_state", "of_code"),
    )
    op.execute(
        "INSERT INTO campaign_counts (campaign, of_state, of_code, recipients)"
        " SELECT campaign, state, COALESCE(error, ''), COUNT(*) FROM campaign_recipients"
        " GROUP BY campaign, state, COALESCE(error, '')"
    )
    op.add_column("campaigns", sa.Column("counted_at", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("campaigns", sa.Column("next_position", sa.Integer(), server_default="1", nullable=False))
    op.execute(
        "UPDATE campaigns SET next_position ="
        " 1 + COALESCE((SELECT MAX(position) FROM campaign_recipients WHERE campaign = campaigns.id), 0)"
    )
    op.create_index("ix_campaigns_counted", "campaigns", ["counted_at", "id"], unique=False)


def downgrade() -> None:
    """Drops them."""

    op.drop_index("ix_campaigns_counted", table_name="campaigns")
    op.drop_column("campaigns", "next_position")
    op.drop_column("campaigns", "counted_at")
    op.drop_table("campaign_counts")

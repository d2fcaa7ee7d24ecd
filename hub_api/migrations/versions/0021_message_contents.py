"""Messages of every type: their content and the file that it names; groups, where a tenant allows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_NAMES_A_FILE = sa.text("media_sha256 IS NOT NULL")
_NUMBER, _ADDRESS = sa.String(length=20), sa.String(length=64)


def upgrade() -> None:
    op.add_column("messages", sa.Column("content", sa.Text(), nullable=True))
    op.add_column("messages", sa.Column("media_sha256", sa.String(length=64), nullable=True))
    op.add_column("messages", sa.Column("media_size", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_messages_media",
        "messages",
        ["cliente_id", "media_sha256"],
        sqlite_where=_NAMES_A_FILE,
        postgresql_where=_NAMES_A_FILE,
    )
    op.add_column("tenants", sa.Column("allow_groups", sa.Boolean(), nullable=True))
    op.add_column("campaigns", sa.Column("content", sa.Text(), nullable=True))
    op.add_column("campaigns", sa.Column("media_sha256", sa.String(length=64), nullable=True))
    op.add_column("campaigns", sa.Column("media_size", sa.BigInteger(), nullable=True))
    _retype(_NUMBER, _ADDRESS)


def downgrade() -> None:
    """Contents are lost, and messages to groups with them."""
    op.execute("DELETE FROM messages WHERE to_number LIKE '%@%'")
    _retype(_ADDRESS, _NUMBER)
    op.drop_column("campaigns", "media_size")
    op.drop_column("campaigns", "media_sha256")
    op.drop_column("campaigns", "content")
    op.drop_column("tenants", "allow_groups")
    op.drop_index("ix_messages_media", "messages")
    op.drop_column("messages", "media_size")
    op.drop_column("messages", "media_sha256")
    op.drop_column("messages", "content")


def _retype(before: sa.String, after: sa.String) -> None:
    """A group's id is longer than a number. SQLite knows no lengths, and would copy the table."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("messages", "to_number", existing_type=before, type_=after, existing_nullable=False)

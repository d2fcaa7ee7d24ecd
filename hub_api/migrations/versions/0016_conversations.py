"""What comes in of every type, its media, changes of messages, and conversations with both directions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_BIG_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_IS_ABOUT = sa.text("about IS NOT NULL")
_IS_PENDING = sa.text("status = 'pending'")
_IS_UNJOINED = sa.text("joined = 0")

# A key of WhatsApp's is `false_<chat id>_<id>`; a row without one is of whom it is from.
_CHAT_OF = {
    "sqlite": "CASE WHEN instr(whatsapp_id, '@') > 0 AND instr(whatsapp_id, '_') > 0 THEN"
    " substr(substr(whatsapp_id, instr(whatsapp_id, '_') + 1), 1,"
    " instr(substr(whatsapp_id, instr(whatsapp_id, '_') + 1) || '_', '_') - 1) ELSE '' END",
    "postgresql": "CASE WHEN strpos(whatsapp_id, '@') > 0 THEN split_part(whatsapp_id, '_', 2) ELSE '' END",
}
_DIGITS = {"sqlite": "{0} <> '' AND {0} NOT GLOB '*[^0-9]*'", "postgresql": "{0} ~ '^[0-9]+$'"}
# The rule of recipients' keys as it stood when this was written (see 0006).
_KEY = (
    "CASE"
    " WHEN {0} LIKE '549%' AND length({0}) = 13 THEN '54' || substr({0}, 4)"
    " WHEN {0} LIKE '55__9%' AND length({0}) = 13 AND substr({0}, 6, 1) NOT IN ('2', '3', '4', '5')"
    " THEN substr({0}, 1, 4) || substr({0}, 6)"
    " WHEN {0} LIKE '521%' AND length({0}) = 13 THEN '52' || substr({0}, 4)"
    " ELSE {0} END"
)


def upgrade() -> None:
    """Adds them. What was recorded before was a person's text; it counts as read, for nobody counted."""

    for column in (
        sa.Column("chat", sa.String(length=100), server_default="", nullable=False),
        sa.Column("chat_id", sa.String(length=100), server_default="", nullable=False),
        sa.Column("author", sa.String(length=100), nullable=True),
        sa.Column("direction", sa.String(length=3), server_default="in", nullable=False),
        sa.Column("type", sa.String(length=12), server_default="text", nullable=False),
        sa.Column("raw_type", sa.String(length=60), nullable=True),
        sa.Column("push_name", sa.String(length=100), nullable=True),
        sa.Column("reply_to", sa.String(length=200), nullable=True),
        sa.Column("about", sa.String(length=200), nullable=True),
        sa.Column("parts", sa.Text(), nullable=True),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
    ):
        op.add_column("inbound_messages", column)
    _create_tables()
    _attribute_received()
    op.create_index("ix_inbound_chat", "inbound_messages", ["cliente_id", "chat", "at", "id"])
    op.create_index("ix_inbound_sender", "inbound_messages", ["cliente_id", "from_number", "at", "id"])
    op.create_index("ix_inbound_type", "inbound_messages", ["cliente_id", "type", "at", "id"])
    op.create_index(
        "ix_inbound_about",
        "inbound_messages",
        ["cliente_id", "about"],
        sqlite_where=_IS_ABOUT,
        postgresql_where=_IS_ABOUT,
    )
    op.drop_index("ix_messages_recipient", table_name="messages")
    op.create_index(
        "ix_messages_chat",
        "messages",
        ["cliente_id", "to_number", sa.text("coalesce(sent_at, accepted_at)"), "message_id"],
    )
    _begin_conversations()


def _create_tables() -> None:
    op.create_table(
        "inbound_media",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("whatsapp_id", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=10), nullable=False),
        sa.Column("mime_type", sa.String(length=100), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("error", sa.String(length=60), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("stored_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_inbound_media", "inbound_media", ["cliente_id", "whatsapp_id"], unique=True)
    op.create_index("ix_inbound_media_sha256", "inbound_media", ["sha256"])
    op.create_index("ix_inbound_media_at", "inbound_media", ["at"])
    op.create_index(
        "ix_inbound_media_pending",
        "inbound_media",
        ["cliente_id"],
        sqlite_where=_IS_PENDING,
        postgresql_where=_IS_PENDING,
    )
    op.create_table(
        "message_changes",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("whatsapp_id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column("edited_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_message_changes", "message_changes", ["cliente_id", "whatsapp_id"], unique=True)
    op.create_index("ix_message_changes_at", "message_changes", ["at"])
    op.create_table(
        "inbound_counts",
        sa.Column("cliente_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recorded", sa.BigInteger(), nullable=False),
        sa.Column("repeated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cliente_id"),
    )
    op.create_table(
        "conversations",
        sa.Column("id", _BIG_KEY, nullable=False),
        sa.Column("cliente_id", sa.Integer(), nullable=False),
        sa.Column("chat", sa.String(length=100), nullable=False),
        sa.Column("chat_id", sa.String(length=100), nullable=False),
        sa.Column("told_as", sa.String(length=100), nullable=True),
        sa.Column("number", sa.String(length=20), nullable=True),
        sa.Column("name", sa.String(length=100), nullable=True),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("last_inbound", sa.BigInteger(), nullable=True),
        sa.Column("last_message_id", sa.String(length=64), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("read_until", sa.BigInteger(), nullable=False),
        sa.Column("unread", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ux_conversations", "conversations", ["cliente_id", "chat"], unique=True)
    op.create_index("ix_conversations_last", "conversations", ["cliente_id", "last_at", "id"])
    op.create_index("ix_conversations_last_at", "conversations", ["last_at"])
    # Conversations begin with every address that is known by now.
    op.add_column("recipient_addresses", sa.Column("joined", sa.SmallInteger(), server_default="1", nullable=False))
    op.create_index(
        "ix_addresses_unjoined",
        "recipient_addresses",
        ["cliente_id"],
        sqlite_where=_IS_UNJOINED,
        postgresql_where=_IS_UNJOINED,
    )


def _attribute_received() -> None:
    """Gives what was received its chat: by the number it is from, or that was written to there; else as it was told."""
    kind = op.get_bind().dialect.name
    known = (
        "(SELECT number FROM recipient_addresses AS one"
        " WHERE one.cliente_id = inbound_messages.cliente_id AND one.address = inbound_messages.from_number)"
    )
    op.execute(f"UPDATE inbound_messages SET chat_id = {_CHAT_OF[kind]}")
    op.execute("UPDATE inbound_messages SET chat_id = from_number WHERE chat_id = ''")
    op.execute(f"UPDATE inbound_messages SET from_number = COALESCE({known}, from_number)")
    is_person = "chat_id NOT LIKE '%@g.us'"
    by_number = f"{_DIGITS[kind].format('from_number')} AND {is_person}"
    op.execute("UPDATE inbound_messages SET chat = chat_id")
    op.execute(
        f"UPDATE inbound_messages SET chat = {_KEY.format('from_number')}, chat_id = from_number || '@c.us'"
        f" WHERE {by_number}"
    )


def _begin_conversations() -> None:
    """One for each chat, with its last message."""
    kind = op.get_bind().dialect.name
    columns = (
        "cliente_id, chat, chat_id, number, last_at, last_inbound, last_message_id, received_at, read_until, unread"
    )
    number = f"CASE WHEN {_DIGITS[kind].format('from_number')} AND chat_id LIKE '%@c.us' THEN from_number END"
    received = (
        f"SELECT cliente_id, chat, chat_id, {number} AS number, at, id AS inbound, NULL AS message_id"
        " FROM inbound_messages"
    )
    sent = (
        f"SELECT cliente_id, {_KEY.format('to_number')} AS chat, to_number || '@c.us' AS chat_id, to_number AS number,"
        " sent_at AS at, NULL AS inbound, message_id FROM messages WHERE sent_at IS NOT NULL"
    )
    op.execute(
        f"INSERT INTO conversations ({columns}) SELECT cliente_id, chat, chat_id, number, at, inbound, message_id,"
        " COALESCE(received_at, 0), COALESCE(received_at, 0), 0 FROM (SELECT told.*,"
        " MAX(CASE WHEN inbound IS NOT NULL THEN at END) OVER (PARTITION BY cliente_id, chat) AS received_at,"
        " row_number() OVER (PARTITION BY cliente_id, chat ORDER BY at DESC, inbound DESC, message_id DESC) AS place"
        f" FROM ({received} UNION ALL {sent}) AS told) AS ranked WHERE place = 1"
    )


def downgrade() -> None:
    """Drops them."""

    op.drop_index("ix_addresses_unjoined", table_name="recipient_addresses")
    op.drop_column("recipient_addresses", "joined")
    for table in ("conversations", "inbound_counts", "message_changes", "inbound_media"):
        op.drop_table(table)
    op.drop_index("ix_messages_chat", table_name="messages")
    op.create_index("ix_messages_recipient", "messages", ["cliente_id", "to_number"])
    for index in ("about", "type", "sender", "chat"):
        op.drop_index(f"ix_inbound_{index}", table_name="inbound_messages")
    for column in (
        "chat", "chat_id", "author", "direction", "type", "raw_type", "push_name", "reply_to", "about", "parts",
        "edited_at", "revoked_at",
    ):  # fmt: skip
        op.drop_column("inbound_messages", column)

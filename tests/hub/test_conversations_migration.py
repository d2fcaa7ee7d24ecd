"""What an older database has of received and sent messages becomes conversations."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from hub_api.database import Database, migrate

PERSON, BRAZILIAN = "5491123456789", "5511987654321"


@pytest.fixture(params=["sqlite", "postgresql"])
def older_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'older.db'}"
    else:
        cluster = request.getfixturevalue("postgres")
        cluster.create("older_conversations")
        url = str(cluster.url("older_conversations"))
    migrate(url, "0015")
    return url


def test_received_and_sent_messages_become_conversations(older_url: str) -> None:
    # given a person by number and by a LID that is known, one by a LID that is not, one whose key names no chat; and
    # who was written to, one of them in vain
    database = Database(older_url)
    received = [
        (f"false_{PERSON}@c.us_3EB0_x", PERSON, 1_000),
        ("false_77@lid_B", "77@lid", 2_000),
        ("false_88@lid_C", "88@lid", 3_000),
        ("wa-1", BRAZILIAN, 500),
    ]
    sent = [("m1", PERSON, 4_000), ("m2", "5491100000000", 100), ("m3", "5491100000001", None)]
    with database.writing() as session:
        session.execute(
            text("INSERT INTO recipient_addresses (cliente_id, address, number, at) VALUES (51, '77@lid', :number, 1)"),
            {"number": PERSON},
        )
        for whatsapp_id, sender, at in received:
            session.execute(
                text(
                    "INSERT INTO inbound_messages (event_id, cliente_id, whatsapp_id, from_number, text, at)"
                    " VALUES ('1-1', 51, :whatsapp_id, :sender, 'hola', :at)"
                ),
                {"whatsapp_id": whatsapp_id, "sender": sender, "at": at},
            )
        for message_id, to, sent_at in sent:
            session.execute(
                text(
                    "INSERT INTO messages (message_id, cliente_id, to_number, text, status, lane, attempts,"
                    " accepted_at, expires_at, sent_at)"
                    " VALUES (:message_id, 51, :to, 'x', 'failed', 0, 1, 1, 2, :sent_at)"
                ),
                {"message_id": message_id, "to": to, "sent_at": sent_at},
            )
    # when
    migrate(older_url)
    # then
    with database.reading() as session:
        rows = session.execute(
            text("SELECT from_number, chat, chat_id, direction, type FROM inbound_messages ORDER BY id")
        )
        assert [tuple(row) for row in rows] == [
            (PERSON, "541123456789", f"{PERSON}@c.us", "in", "text"),
            (PERSON, "541123456789", f"{PERSON}@c.us", "in", "text"),
            ("88@lid", "88@lid", "88@lid", "in", "text"),
            (BRAZILIAN, "551187654321", f"{BRAZILIAN}@c.us", "in", "text"),
        ]
        columns = "chat, number, last_at, last_inbound IS NULL, last_message_id, received_at, read_until, unread"
        rows = session.execute(text(f"SELECT {columns} FROM conversations ORDER BY last_at"))
        assert [(*row[:3], bool(row[3]), *row[4:]) for row in rows] == [
            ("541100000000", "5491100000000", 100, True, "m2", 0, 0, 0),
            ("551187654321", BRAZILIAN, 500, False, None, 500, 500, 0),
            ("88@lid", None, 3_000, False, None, 3_000, 3_000, 0),
            ("541123456789", PERSON, 4_000, True, "m1", 2_000, 2_000, 0),
        ]
        assert session.scalar(text("SELECT joined FROM recipient_addresses")) == 1
    database.close()

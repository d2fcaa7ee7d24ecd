"""What comes in, in Redis: recorded once, and how far a page's rows were read (shared/ledger/receipts)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.receipts.row_cursors import Placeholder, Position, RowCursor
from shared.names import Keys
from shared.protocol.events import MessageInbound

CLIENTE = 51
NOW = 1_800_000_000_000


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


def test_nothing_is_recorded_of_nothing(ledger: Ledger) -> None:
    assert ledger.receipts.record_inbound(CLIENTE, [], NOW) == []


def test_inbound_is_recorded_once(ledger: Ledger) -> None:
    inbound = MessageInbound(sender="5491", message="hola", at=NOW, whatsapp_id="false_1")
    assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [True]
    assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [False]


def test_inbound_is_known_under_the_other_address_of_its_chat(ledger: Ledger) -> None:
    # given a message of a chat that WhatsApp moves from number to LID
    by_number = MessageInbound("5491123456789", "hola", NOW, "false_5491123456789@c.us_3EB0A1")
    by_lid = replace(by_number, whatsapp_id="false_77@lid_3EB0A1")
    of_another = replace(by_number, sender="5491123456780", whatsapp_id="false_5491123456780@c.us_3EB0A1")
    assert ledger.receipts.record_inbound(CLIENTE, [by_number, by_lid, of_another], NOW) == [True, False, True]


def test_where_reading_goes_on(ledger: Ledger) -> None:
    assert ledger.row_cursors.read(CLIENTE, "a") == Position(None, None, ())
    cursor, waiting = RowCursor(1_000_000_007, NOW), (Placeholder("k1", 5), Placeholder("k2", 6))
    ledger.row_cursors.keep(CLIENTE, "a", cursor, waiting)
    ledger.row_cursors.restore(CLIENTE, NOW)
    assert ledger.row_cursors.read(CLIENTE, "a") == Position(cursor, NOW, waiting)
    ledger.row_cursors.forget_placeholders(CLIENTE, ("k1",))
    # another login has rows of its own
    assert ledger.row_cursors.read(CLIENTE, "b") == Position(None, NOW, waiting[1:])
    assert ledger.row_cursors.read(CLIENTE + 1, "a") == Position(None, None, ())

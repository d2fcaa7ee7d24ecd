"""What comes in, in Redis: recorded once, and how far a page's rows were read (shared/ledger/receipts)."""

from __future__ import annotations

from dataclasses import replace

import pytest
import redis

from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.receipts.row_cursors import Placeholder, Position, RowCursor
from shared.names import Keys
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction

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


def test_only_who_writes_to_us_alone_is_heard_and_known_by_an_address(
    ledger: Ledger, client: redis.Redis, keys: Keys
) -> None:
    # given what a person wrote, what was said in a group, and what the owner wrote on the phone to a LID
    person = MessageInbound("5491123456789", "hola", NOW, "false_77@lid_3EB0A1", chat_id="77@lid")
    group = MessageInbound(
        "5491123456780", "hola", NOW, "false_1@g.us_3EB0A2_88@lid", chat_id="1@g.us", author="88@lid"
    )
    owner = MessageInbound("5491150000051", "x", NOW, "true_99@lid_3EB0A3", chat_id="99@lid", direction=Direction.OUT)
    # when
    assert ledger.receipts.record_inbound(CLIENTE, [person, group, owner], NOW) == [True, True, True]
    # then
    prefix = keys.heard_prefix(CLIENTE)
    assert {key.removeprefix(prefix) for key in client.keys(prefix + "*")} == {"541123456789", "77@lid"}
    assert client.hgetall(keys.addresses(CLIENTE)) == {"77@lid": "5491123456789"}


def test_each_is_counted_once(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    inbound = MessageInbound(sender="5491", message="hola", at=NOW, whatsapp_id="false_1")
    for _ in range(2):
        ledger.receipts.record_inbound(CLIENTE, [inbound, replace(inbound, whatsapp_id="false_2")], NOW)
    assert client.hget(keys.counts(CLIENTE), "received") == "2"


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

"""What comes in, in Redis: recorded once, and how far a page's rows were read (shared/ledger/receipts)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
import redis

from shared.instant import now_ms
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import PutKey
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import Draft, new_message_id
from shared.ledger.receipts.row_cursors import Placeholder, Position, RowCursor
from shared.ledger.restoring.incarnation import NotCompared
from shared.names import Keys
from shared.protocol.events import Body, Event, MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, Direction
from shared.sessions.lease import Leases
from shared.transitions.message import Lane
from support.claiming import claim, put_key
from testing.claims import open_claims

CLIENTE = 51
NOW = 1_800_000_000_000


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


def told_of(client: redis.Redis, keys: Keys) -> list[Body]:
    """What the hub is told, in order."""
    entries = cast("list[tuple[str, dict[str, str]]]", client.xrange(keys.events))
    return [Event.from_wire(at, entry).body for at, entry in entries]


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
    assert {key.removeprefix(prefix) for key in cast("list[str]", client.keys(prefix + "*"))} == {
        "541123456789",
        "77@lid",
    }
    assert client.hgetall(keys.addresses(CLIENTE)) == {"77@lid": "5491123456789"}


def test_each_is_counted_once(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    inbound = MessageInbound(sender="5491", message="hola", at=NOW, whatsapp_id="false_1")
    for _ in range(2):
        ledger.receipts.record_inbound(CLIENTE, [inbound, replace(inbound, whatsapp_id="false_2")], NOW)
    assert client.hget(keys.counts(CLIENTE), "received") == "2"


def test_a_change_is_recorded_once_whatever_its_chats_address(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    edit = MessageUpdated("false_5491@c.us_A1", Change.EDITED, NOW, "ya no", "false_5491@c.us_B1")
    by_lid = replace(edit, whatsapp_id="false_77@lid_A1", change_id="false_77@lid_B1", at=NOW + 1)
    again = replace(edit, message="sí", change_id="false_5491@c.us_B2")
    deletion = MessageUpdated("false_5491@c.us_A1", Change.REVOKED, NOW)
    told = [edit, by_lid, again, deletion, replace(deletion, at=NOW + 1, change_id="x")]
    assert ledger.receipts.record(CLIENTE, told, NOW) == [True, False, True, True, False]
    assert ledger.receipts.record(CLIENTE, told, NOW) == [False] * 5
    assert told_of(client, keys) == [edit, again, deletion]


def test_an_edit_without_a_key_of_its_own_is_known_by_its_text(ledger: Ledger) -> None:
    edit = MessageUpdated("false_5491@c.us_A1", Change.EDITED, NOW, "ya no")
    assert ledger.receipts.record(CLIENTE, [edit, replace(edit, at=NOW + 5)], NOW) == [True, False]
    assert ledger.receipts.record(CLIENTE, [replace(edit, message="sí")], NOW) == [True]


def test_messages_and_their_changes_keep_their_order(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    first = MessageInbound("5491", "uno", NOW, "false_5491@c.us_A1")
    edit = MessageUpdated("false_5491@c.us_A1", Change.EDITED, NOW, "dos", "false_5491@c.us_B1")
    second = MessageInbound("5491", "tres", NOW, "false_5491@c.us_A2")
    assert ledger.receipts.record(CLIENTE, [first, edit, second], NOW) == [True, True, True]
    assert told_of(client, keys) == [first, edit, second]


def test_the_author_of_a_group_is_named_by_a_number_that_is_known(
    ledger: Ledger, client: redis.Redis, keys: Keys
) -> None:
    client.hset(keys.addresses(CLIENTE), "88@lid", "5491123456780")
    told = MessageInbound("88@lid", "hola", NOW, "false_1@g.us_A1_88@lid", chat_id="1@g.us", author="88@lid")
    ledger.receipts.record(CLIENTE, [told], NOW)
    assert told_of(client, keys) == [replace(told, sender="5491123456780", author="5491123456780")]


@pytest.mark.parametrize("row", ["true_5491@c.us_3EB0A1", "true_77@lid_3EB0A1"])
def test_what_went_out_through_us_is_no_message_of_the_owner(
    ledger: Ledger, client: redis.Redis, keys: Keys, row: str
) -> None:
    # given a message that was given a key, and nothing more is known of it
    lease = Leases(client, keys, ttl_ms=60_000).take(CLIENTE, "token", "store", 1)
    assert lease is not None
    at = now_ms()
    draft = Draft(new_message_id(), CLIENTE, "5491", "hola", Lane.SINGLE, at, at + 600_000, wake=True)
    ledger.accepting.accept(draft, b"wake up", AcceptLimits(queue=1000, per_minute=0))
    assert put_key(ledger, lease, claim(ledger, lease), whatsapp_id="true_5491@c.us_3EB0A1") is PutKey.OK
    events = client.xlen(keys.events)
    # when its row is read, under either address of its chat, and one that the owner wrote
    ours = MessageInbound("5491150000051", "hola", NOW, row, direction=Direction.OUT)
    theirs = replace(ours, whatsapp_id="true_5491@c.us_3EB0A2")
    # then
    assert ledger.receipts.record(CLIENTE, [ours, theirs], NOW) == [False, True]
    assert ledger.receipts.record(CLIENTE, [ours], NOW) == [False]
    assert client.xlen(keys.events) == events + 1


def test_what_went_out_before_there_were_marks_is_known_by_the_ledger(
    ledger: Ledger, client: redis.Redis, keys: Keys
) -> None:
    client.set(keys.whatsapp_key_prefix(CLIENTE) + "true_5491@c.us_A1", "m1")
    ours = MessageInbound("5491150000051", "x", NOW, "true_5491@c.us_A1", direction=Direction.OUT)
    assert ledger.receipts.record(CLIENTE, [ours], NOW) == [False]


def test_where_reading_goes_on(ledger: Ledger) -> None:
    marker = ledger.incarnation.marker()
    assert marker is not None
    assert ledger.row_cursors.read(CLIENTE, "a") == Position(None, None, (), marker)
    cursor, waiting = RowCursor(1_000_000_007, NOW), (Placeholder("k1", 5), Placeholder("k2", 6))
    ledger.row_cursors.keep(CLIENTE, "a", cursor, waiting, marker=marker)
    ledger.row_cursors.restore(CLIENTE, NOW)
    assert ledger.row_cursors.read(CLIENTE, "a") == Position(cursor, NOW, waiting, marker)
    ledger.row_cursors.forget_placeholders(CLIENTE, ("k1",))
    # another login has rows of its own
    assert ledger.row_cursors.read(CLIENTE, "b") == Position(None, NOW, waiting[1:], marker)
    assert ledger.row_cursors.read(CLIENTE + 1, "a") == Position(None, None, (), marker)


@pytest.mark.parametrize("marker", ["", "before"])
@pytest.mark.parametrize("opened", [False, True])
def test_nothing_is_recorded_or_kept_in_a_redis_that_is_not_the_one_that_was_read(
    ledger: Ledger, client: redis.Redis, keys: Keys, marker: str, opened: bool
) -> None:
    # given one that was emptied since, and was compared with SQL, or not yet
    before = ledger.row_cursors.read(CLIENTE, "a").marker
    client.delete(*cast("list[str]", client.keys(keys.prefix + "*")))
    if opened:
        open_claims(client, keys)
    kept = set(cast("list[str]", client.keys(keys.prefix + "*")))
    known = before if marker else ""
    told = MessageInbound("5491", "hola", NOW, "false_5491@c.us_A1")
    edit = MessageUpdated("false_5491@c.us_A1", Change.EDITED, NOW, "ya no", "false_5491@c.us_B1")
    calls = (
        lambda: ledger.receipts.record(CLIENTE, [told], NOW, marker=known),
        lambda: ledger.receipts.record(CLIENTE, [edit], NOW, marker=known),
        lambda: ledger.row_cursors.keep(CLIENTE, "a", RowCursor(1_000_000_001), (Placeholder("k", 5),), marker=known),
    )
    # then nothing is done where it is another one, or nobody knows which
    for call in calls:
        if opened and not known:
            call()
        else:
            with pytest.raises(NotCompared):
                call()
    assert (set(cast("list[str]", client.keys(keys.prefix + "*"))) == kept) is not (opened and not known)
    if not opened:
        with pytest.raises(NotCompared):
            ledger.row_cursors.read(CLIENTE, "a")

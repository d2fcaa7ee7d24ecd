"""Two spellings of one phone are one recipient to the ledger: order, opt-outs, who was heard."""

from __future__ import annotations

from typing import cast

import pytest
import redis

from shared.errors import RecipientOptedOut
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Pause, PutKey
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import CampaignRelease, Draft, new_message_id
from shared.ledger.restoring.restoring import RestoreAs
from shared.names import Keys
from shared.protocol.events import MessageInbound
from shared.sessions.lease import Lease, Leases
from shared.transitions.message import Lane
from support import claiming
from support.claiming import stored
from support.phone_spellings import all_spellings

CLIENTE = 51
NOW = 1_800_000_000_000
LIMITS = AcceptLimits(queue=1000, per_minute=0)

# Two canonical numbers of the table that mean one phone.
TWINS = sorted(
    {
        (one.number, other.number)
        for one in all_spellings()
        for other in all_spellings()
        if one.key == other.key and one.number < other.number
    }
)


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


@pytest.fixture
def lease(client: redis.Redis, keys: Keys) -> Lease:
    taken = Leases(client, keys, ttl_ms=60_000).take(CLIENTE, "token", "store", 1)
    assert taken is not None
    return taken


def accept(ledger: Ledger, to: str, lane: Lane = Lane.BULK, release: CampaignRelease | None = None) -> str:
    draft = Draft(
        new_message_id(),
        CLIENTE,
        to,
        "hola",
        lane,
        NOW,
        NOW + 600_000,
        wake=True,
        campaign_id="c" if release else "",
        release=release,
    )
    return ledger.accepting.accept(draft, b"wake up", LIMITS).message_id


def hear(ledger: Ledger, sender: str) -> None:
    inbound = MessageInbound(sender=sender, message="¿hola?", at=NOW, whatsapp_id=f"false_{sender}@c.us_1")
    assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [True]


@pytest.mark.parametrize(("number", "twin"), [*TWINS, *((other, one) for one, other in TWINS)])
class TestTwins:
    def test_one_waits_for_the_other(self, ledger: Ledger, lease: Lease, number: str, twin: str) -> None:
        first, second = accept(ledger, number), accept(ledger, twin)
        assert claiming.claim(ledger, lease, at_ms=NOW).message_id == first
        assert isinstance(claiming.next_work(ledger, lease, at_ms=NOW), Pause)
        # nor may it overtake what a later browser run finds in flight
        assert claiming.claim(ledger, lease, at_ms=NOW, browser_run="b2").message_id == first
        assert stored(ledger, second).attempts == 0

    def test_order_holds_for_what_was_restored(
        self, ledger: Ledger, lease: Lease, client: redis.Redis, keys: Keys, number: str, twin: str
    ) -> None:
        first, second = accept(ledger, number), accept(ledger, twin)
        marker = ledger.incarnation.marker() or ""
        for message in (stored(ledger, second), stored(ledger, first)):
            client.delete(keys.message(message.message_id))
            assert ledger.restoring.restore(message, RestoreAs.QUEUED, NOW, marker) == "restored"
        assert claiming.claim(ledger, lease, at_ms=NOW).message_id == first
        assert isinstance(claiming.next_work(ledger, lease, at_ms=NOW), Pause)

    def test_an_opt_out_of_one_stops_the_other(self, ledger: Ledger, lease: Lease, number: str, twin: str) -> None:
        waiting = accept(ledger, twin)
        ledger.campaigns.opt_out([(CLIENTE, number)])
        with pytest.raises(RecipientOptedOut):
            accept(ledger, twin)
        with pytest.raises(RecipientOptedOut):
            accept(ledger, twin, Lane.SINGLE)
        assert isinstance(claiming.next_work(ledger, lease, at_ms=NOW), Pause)
        assert stored(ledger, waiting).error == "RECIPIENT_OPTED_OUT"
        assert ledger.campaigns.opted_out_among([(CLIENTE, twin)]) == {(CLIENTE, twin)}
        assert ledger.campaigns.opt_in(CLIENTE, twin)
        assert accept(ledger, number)

    def test_an_opt_out_just_before_the_key(self, ledger: Ledger, lease: Lease, number: str, twin: str) -> None:
        release = CampaignRelease("0.0.0", "1:0", 0, 20261120, None)
        accept(ledger, twin, Lane.CAMPAIGN, release)
        message = claiming.claim(ledger, lease, at_ms=NOW)
        ledger.campaigns.opt_out([(CLIENTE, number)])
        assert claiming.put_key(ledger, lease, message, at_ms=NOW) is PutKey.OPTED_OUT

    def test_who_was_heard_may_be_answered_under_any_form(self, ledger: Ledger, number: str, twin: str) -> None:
        ledger.campaigns.opt_out([(CLIENTE, number)])
        hear(ledger, twin)
        assert accept(ledger, number, Lane.SINGLE)


def test_a_landline_that_looks_like_a_mobile_is_another_recipient(ledger: Ledger, lease: Lease) -> None:
    accept(ledger, "551123456789")
    accept(ledger, "5511923456789")
    assert {claiming.claim(ledger, lease, at_ms=NOW).to for _ in range(2)} == {"551123456789", "5511923456789"}


def test_a_message_from_before_there_were_keys_is_claimed(
    ledger: Ledger, lease: Lease, client: redis.Redis, keys: Keys
) -> None:
    message_id = accept(ledger, "5491123456789")
    client.hdel(keys.message(message_id), "recipient_key")
    message = claiming.claim(ledger, lease, at_ms=NOW)
    assert message.message_id == message_id
    assert claiming.put_key(ledger, lease, message, at_ms=NOW) is PutKey.OK


LID = "123456789012345@lid"


class TestAddresses:
    def test_the_chat_that_whatsapp_answered_is_kept_with_the_key(self, ledger: Ledger, lease: Lease) -> None:
        accept(ledger, "5491123456789")
        message = claiming.claim(ledger, lease, at_ms=NOW)
        assert claiming.put_key(ledger, lease, message, chat_id=LID, at_ms=NOW) is PutKey.OK
        assert ledger.addresses.numbers(CLIENTE, [LID, "1@lid"]) == {LID: "5491123456789"}

    def test_a_chat_under_another_form_of_the_number_says_nothing_new(
        self, ledger: Ledger, lease: Lease, client: redis.Redis, keys: Keys
    ) -> None:
        accept(ledger, "5585988887777")
        message = claiming.claim(ledger, lease, at_ms=NOW)
        assert claiming.put_key(ledger, lease, message, chat_id="558588887777@c.us", at_ms=NOW) is PutKey.OK
        assert not client.exists(keys.addresses(CLIENTE))

    def test_who_writes_from_a_lid_is_who_was_written_to(self, ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
        ledger.addresses.learn({(CLIENTE, LID): "5491123456789"})
        ledger.campaigns.opt_out([(CLIENTE, "5491123456789")])
        inbound = MessageInbound(sender=LID, message="hola", at=NOW, whatsapp_id=f"false_{LID}_3EB0")
        assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [True]
        assert accept(ledger, "5491123456789", Lane.SINGLE)  # heard within 24 h
        [(_, told), *_] = cast("list[tuple[str, dict[str, str]]]", client.xrange(keys.events))
        assert '"from": "5491123456789"' in told["data"]

    def test_a_message_is_known_when_its_chat_gets_the_other_form(self, ledger: Ledger) -> None:
        told = [
            MessageInbound(sender=number, message="hola", at=NOW, whatsapp_id=f"false_{number}@c.us_3EB0")
            for number in ("558588887777", "5585988887777")
        ]
        assert ledger.receipts.record_inbound(CLIENTE, told, NOW) == [True, False]

    def test_an_inbound_message_tells_number_and_lid(self, ledger: Ledger) -> None:
        inbound = MessageInbound(sender="5491123456789", message="hola", at=NOW, whatsapp_id=f"false_{LID}_3EB0")
        assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [True]
        assert ledger.addresses.numbers(CLIENTE, [LID]) == {LID: "5491123456789"}

    def test_an_opt_out_of_a_lid_stops_whatever_number_has_its_chat(self, ledger: Ledger, lease: Lease) -> None:
        ledger.campaigns.opt_out([(CLIENTE, LID)])
        accept(ledger, "5491123456789", Lane.SINGLE)
        message = claiming.claim(ledger, lease, at_ms=NOW)
        assert claiming.put_key(ledger, lease, message, chat_id=LID, at_ms=NOW) is PutKey.OPTED_OUT
        # unless its owner wrote
        inbound = MessageInbound(sender=LID, message="hola", at=NOW, whatsapp_id=f"false_{LID}_3EB0")
        assert ledger.receipts.record_inbound(CLIENTE, [inbound], NOW) == [True]
        assert claiming.put_key(ledger, lease, message, chat_id=LID, at_ms=NOW) is PutKey.OK

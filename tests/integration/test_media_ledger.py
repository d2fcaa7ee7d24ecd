"""Which bytes of received messages are to be fetched, in Redis (shared/ledger/media)."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import pytest
import redis

from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.media.media import NextMedia
from shared.ledger.media.pending import PendingMedia
from shared.names import EventType, Keys
from shared.protocol.events import Event, MessageInbound, MessageMedia
from shared.protocol.inbound import InboundType, MediaSource, MediaStatus

CLIENTE = 51
NOW = 1_800_000_000_000
SOURCE = MediaSource("image", "image/jpeg", 1_000, direct_path="/v/1", media_key="a2V5", filehash="aGFzaA==")
PICTURE = MessageInbound(
    "5491123456789", "mira", NOW, "false_5491123456789@c.us_3EB0A1", type=InboundType.IMAGE, media=SOURCE
)
PENDING = PendingMedia(SOURCE, InboundType.IMAGE)


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


def _outcome(message: MessageInbound, status: MediaStatus = MediaStatus.AVAILABLE) -> MessageMedia:
    return MessageMedia(message.whatsapp_id, status, "image/jpeg", 1_000, "ab" * 32)


def test_bytes_are_to_be_fetched_from_the_moment_a_message_is_recorded(ledger: Ledger) -> None:
    text = MessageInbound("5491123456789", "hola", NOW, "false_5491123456789@c.us_3EB0A0")
    ledger.receipts.record_inbound(CLIENTE, [text], NOW)
    assert ledger.media.next(CLIENTE) is None
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    assert ledger.media.next(CLIENTE) == NextMedia(PICTURE.whatsapp_id, NOW, PENDING, 0)
    assert ledger.media.next(CLIENTE + 1) is None


def test_what_is_told_again_once_it_was_fetched_is_not_fetched_again(ledger: Ledger) -> None:
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    assert ledger.media.complete(CLIENTE, _outcome(PICTURE), 1_000, NOW + 1)
    assert ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW + 2) == [False]
    assert ledger.media.next(CLIENTE) is None


def test_an_outcome_is_an_event_and_told_once(ledger: Ledger, client: redis.Redis, keys: Keys) -> None:
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    assert ledger.media.complete(CLIENTE, _outcome(PICTURE), 1_000, NOW + 1)
    assert not ledger.media.complete(CLIENTE, _outcome(PICTURE, MediaStatus.FAILED), 0, NOW + 2)
    events = [Event.from_wire(*entry) for entry in cast("list[tuple[str, dict[str, str]]]", client.xrange(keys.events))]
    told = [event for event in events if event.type is EventType.MESSAGE_MEDIA]
    assert [(event.message_id, event.body, event.at) for event in told] == [
        (PICTURE.whatsapp_id, _outcome(PICTURE), NOW + 1)
    ]
    assert ledger.media.used(CLIENTE) == 1_000


def test_what_came_of_it_so_far_is_kept_and_the_next_one_is_due_first(ledger: Ledger) -> None:
    other = replace(PICTURE, whatsapp_id="false_5491123456789@c.us_3EB0A2")
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    ledger.receipts.record_inbound(CLIENTE, [other], NOW + 1)
    tried = replace(PENDING, tries=1, expiries=1)
    assert ledger.media.postpone(CLIENTE, PICTURE.whatsapp_id, NOW + 60_000, tried)
    assert ledger.media.next(CLIENTE) == NextMedia(other.whatsapp_id, NOW + 1, PENDING, 0)
    ledger.media.complete(CLIENTE, _outcome(other), 7, NOW)
    assert ledger.media.next(CLIENTE) == NextMedia(PICTURE.whatsapp_id, NOW + 60_000, tried, 7)


def test_what_was_completed_is_not_postponed(ledger: Ledger) -> None:
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    ledger.media.complete(CLIENTE, _outcome(PICTURE), 0, NOW)
    assert not ledger.media.postpone(CLIENTE, PICTURE.whatsapp_id, NOW, PENDING)
    assert ledger.media.next(CLIENTE) is None


def test_what_redis_lost_is_put_back_and_what_it_knows_stays(ledger: Ledger) -> None:
    ledger.receipts.record_inbound(CLIENTE, [PICTURE], NOW)
    tried = replace(PENDING, tries=3)
    ledger.media.postpone(CLIENTE, PICTURE.whatsapp_id, NOW + 5, tried)
    other = "false_5491123456789@c.us_3EB0A2"
    ledger.media.restore(CLIENTE, {PICTURE.whatsapp_id: PENDING, other: PENDING}, NOW + 9)
    ledger.media.restore(CLIENTE, {}, NOW)
    ledger.media.count_used(CLIENTE, 12)
    assert ledger.media.next(CLIENTE) == NextMedia(PICTURE.whatsapp_id, NOW + 5, tried, 12)
    ledger.media.complete(CLIENTE, _outcome(PICTURE), 0, NOW)
    assert ledger.media.next(CLIENTE) == NextMedia(other, NOW + 9, PENDING, 12)

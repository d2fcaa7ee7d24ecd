"""What WhatsApp tells of messages. It needs no lease: whoever saw it, it is true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import cast

import redis

from shared.ledger.addresses import Addresses
from shared.ledger.identity import identity, twin
from shared.ledger.media.pending import to_fetch
from shared.ledger.restoring.incarnation import NotCompared
from shared.ledger.script import HEARD_MS, ledger_script
from shared.names import Keys
from shared.protocol.events import MessageInbound, MessageUpdated, event_data
from shared.recipient_key import address_of, recipient_key
from shared.redis.scripts import Scripts

_ACKNOWLEDGE = ledger_script(__file__, "acknowledge")
_INBOUND = ledger_script(__file__, "inbound")
_UPDATED = ledger_script(__file__, "updated")


class Receipts:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)
        self._addresses = Addresses(client, keys)

    def acknowledge(self, cliente_id: int, whatsapp_id: str, ack: int, at_ms: int) -> str:
        """Records what WhatsApp says of a key: 1 sent, 2 delivered, 3 and above read; never goes back.

        Returns the new status, `same` where nothing changed, `unknown` where the key is not of ours.
        """
        keys = self._keys
        answer = self._scripts.run(
            _ACKNOWLEDGE,
            keys={
                "whatsapp_key": keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "held": keys.held(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "unread": keys.unread(cliente_id),
                "counts": keys.counts(cliente_id),
            },
            args={
                "ack": ack,
                "whatsapp_id": whatsapp_id,
                "now_ms": at_ms,
                "cliente_id": cliente_id,
                "message_prefix": keys.message_prefix,
                "changed_channel": keys.changed_channel(cliente_id),
            },
        )
        return str(answer)

    def record(
        self, cliente_id: int, heard: Sequence[MessageInbound | MessageUpdated], now_ms: int, *, marker: str = ""
    ) -> list[bool]:
        """Records messages and changes of messages, in their order. False for each that was known.

        marker: of the Redis by which the caller knows what came before them (`Position`); "" for whichever it is.
        Raises NotCompared where that is not the one that is here, or it was not compared with SQL yet: the rest is not
        recorded.
        """
        fresh: list[bool] = []
        for is_update, run in groupby(heard, lambda one: isinstance(one, MessageUpdated)):
            if is_update:
                updates = [one for one in run if isinstance(one, MessageUpdated)]
                fresh += self._record_updates(cliente_id, updates, now_ms, marker)
            else:
                messages = [one for one in run if isinstance(one, MessageInbound)]
                fresh += self.record_inbound(cliente_id, messages, now_ms, marker)
        return fresh

    def record_inbound(
        self, cliente_id: int, messages: Sequence[MessageInbound], now_ms: int, marker: str = ""
    ) -> list[bool]:
        """Records received messages as events, all in one step and in their order. See `record`."""
        if not messages:
            return []
        rest: list[str | int] = []
        for message in self._with_known_senders(cliente_id, messages):
            to_us = message.from_person  # nobody else asks for an answer, or shows whose address the chat is
            heard_ms = min(HEARD_MS, HEARD_MS - (now_ms - (message.at or now_ms))) if to_us else 0
            rest += [
                message.whatsapp_id,
                twin(message),
                recipient_key(message.sender),
                address_of(message.chat) if to_us else "",
                message.sender if message.sender.isdigit() else "",
                max(0, heard_ms),
                to_fetch(message),
                event_data(message),
            ]
        answer = self._scripts.run(
            _INBOUND,
            keys={
                "events": self._keys.events,
                "counts": self._keys.counts(cliente_id),
                "addresses": self._keys.addresses(cliente_id),
                "media_due": self._keys.media_due(cliente_id),
                "media_pending": self._keys.media_pending(cliente_id),
                "incarnation": self._keys.incarnation,
            },
            args={
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "seen_prefix": self._keys.inbound_seen_prefix(cliente_id),
                "heard_prefix": self._keys.heard_prefix(cliente_id),
                "whatsapp_key_prefix": self._keys.whatsapp_key_prefix(cliente_id),
                "arrived_channel": self._keys.arrived_channel,
                "marker": marker,
            },
            rest=rest,
        )
        return _fresh(answer)

    def _record_updates(
        self, cliente_id: int, updates: Sequence[MessageUpdated], now_ms: int, marker: str
    ) -> list[bool]:
        rest: list[str | int] = []
        for update in updates:
            rest += [update.whatsapp_id, identity(update), twin(update), event_data(update)]
        answer = self._scripts.run(
            _UPDATED,
            keys={"events": self._keys.events, "incarnation": self._keys.incarnation},
            args={
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "seen_prefix": self._keys.inbound_seen_prefix(cliente_id),
                "arrived_channel": self._keys.arrived_channel,
                "marker": marker,
            },
            rest=rest,
        )
        return _fresh(answer)

    def _with_known_senders(self, cliente_id: int, messages: Sequence[MessageInbound]) -> list[MessageInbound]:
        """Where WhatsApp told a LID alone: the number that was written to there, if one was."""
        lids = {message.sender for message in messages if message.sender.endswith("@lid")}
        numbers = self._addresses.numbers(cliente_id, lids)
        return [_with_number(message, numbers) for message in messages]


def _fresh(answer: object) -> list[bool]:
    if answer == "not_compared":
        raise NotCompared
    return [bool(one) for one in cast("list[int]", answer)]


def _with_number(message: MessageInbound, numbers: Mapping[str, str]) -> MessageInbound:
    number = numbers.get(message.sender)
    if number is None:
        return message
    return replace(message, sender=number, author=number if message.author == message.sender else message.author)

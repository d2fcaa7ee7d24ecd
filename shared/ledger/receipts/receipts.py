"""What WhatsApp tells of messages. It needs no lease: whoever saw it, it is true."""

from __future__ import annotations

import redis

from shared.ledger.script import HEARD_MS, ledger_script
from shared.names import Keys
from shared.protocol.events import MessageInbound, event_data
from shared.redis.scripts import Scripts

_ACKNOWLEDGE = ledger_script(__file__, "acknowledge")
_INBOUND = ledger_script(__file__, "inbound")


class Receipts:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

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
                "now_ms": at_ms,
                "cliente_id": cliente_id,
                "message_prefix": keys.message_prefix,
                "changed_channel": keys.changed_channel(cliente_id),
            },
        )
        return str(answer)

    def record_inbound(self, cliente_id: int, inbound: MessageInbound, now_ms: int) -> bool:
        """Records a received message as an event, once. False where it was known."""
        answer = self._scripts.run(
            _INBOUND,
            keys={
                "seen": self._keys.inbound_seen(cliente_id, inbound.whatsapp_id),
                "events": self._keys.events,
                "heard": self._keys.heard_prefix(cliente_id) + inbound.sender,
            },
            args={
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "whatsapp_id": inbound.whatsapp_id,
                "event": event_data(inbound),
                "heard_ms": max(0, min(HEARD_MS, HEARD_MS - (now_ms - (inbound.at or now_ms)))),
            },
        )
        return bool(answer)

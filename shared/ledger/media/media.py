"""Which bytes of received messages are to be fetched, in Redis, so that a killed worker's successor goes on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

import redis

from shared.ledger.media.pending import PendingMedia, pending_from, pending_text
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.protocol.events import MessageMedia, event_data
from shared.protocol.inbound import MediaStatus
from shared.redis.scripts import Scripts

_POSTPONE = ledger_script(__file__, "postpone")
_COMPLETE = ledger_script(__file__, "complete")
_REFETCH = ledger_script(__file__, "refetch")


@dataclass(frozen=True, slots=True)
class NextMedia:
    """The bytes to be fetched next. used_bytes: what the tenant's stored media take."""

    whatsapp_id: str
    due_ms: int
    pending: PendingMedia
    used_bytes: int


class MediaLedger:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def next(self, cliente_id: int) -> NextMedia | None:
        """What is due first, now or later; None: nothing is to be fetched."""
        keys = self._keys
        found = cast("list[tuple[str, float]]", self._client.zrange(keys.media_due(cliente_id), 0, 0, withscores=True))
        if not found:
            return None
        whatsapp_id, due_ms = found[0]
        pipeline = self._client.pipeline(transaction=False)
        pipeline.hget(keys.media_pending(cliente_id), whatsapp_id)
        pipeline.get(keys.media_used(cliente_id))
        entry, used = cast("tuple[str | None, str | None]", pipeline.execute())
        if entry is None:  # completed in between
            return None
        return NextMedia(whatsapp_id, int(due_ms), pending_from(entry), int(used or 0))

    def postpone(self, cliente_id: int, whatsapp_id: str, due_ms: int, pending: PendingMedia) -> bool:
        """Keeps what came of it so far. False: nothing is to be fetched of that message any more."""
        keys = self._keys
        answer = self._scripts.run(
            _POSTPONE,
            keys={"media_due": keys.media_due(cliente_id), "media_pending": keys.media_pending(cliente_id)},
            args={"whatsapp_id": whatsapp_id, "due_ms": due_ms, "pending": pending_text(pending)},
        )
        return bool(answer)

    def complete(self, cliente_id: int, outcome: MessageMedia, added_bytes: int, now_ms: int) -> bool:
        """Records what became of it. False: nothing was to be fetched of that message. added_bytes: see the script."""
        keys = self._keys
        answer = self._scripts.run(
            _COMPLETE,
            keys={
                "media_due": keys.media_due(cliente_id),
                "media_pending": keys.media_pending(cliente_id),
                "media_used": keys.media_used(cliente_id),
                "events": keys.events,
            },
            args={
                "whatsapp_id": outcome.whatsapp_id,
                "cliente_id": cliente_id,
                "now_ms": now_ms,
                "added_bytes": added_bytes,
                "arrived_channel": self._keys.arrived_channel,
                "event": event_data(outcome),
            },
        )
        return bool(answer)

    def refetch(self, cliente_id: int, whatsapp_id: str, pending: PendingMedia, now_ms: int) -> None:
        """Has bytes fetched once more, due at once and with all tries before it; the message is `pending` again."""
        keys = self._keys
        told = MessageMedia(whatsapp_id, MediaStatus.PENDING, pending.source.mime_type)
        self._scripts.run(
            _REFETCH,
            keys={
                "media_due": keys.media_due(cliente_id),
                "media_pending": keys.media_pending(cliente_id),
                "events": keys.events,
            },
            args={
                "whatsapp_id": whatsapp_id,
                "cliente_id": cliente_id,
                "now_ms": now_ms,
                "pending": pending_text(pending),
                "event": event_data(told),
                "arrived_channel": keys.arrived_channel,
            },
        )

    def restore(self, cliente_id: int, entries: Mapping[str, PendingMedia], due_ms: int) -> None:
        """Puts back what SQL knows as pending, by WhatsApp's key; what Redis still knows of it stays."""
        if not entries:
            return
        pipeline = self._client.pipeline(transaction=True)
        for whatsapp_id, pending in entries.items():
            pipeline.hsetnx(self._keys.media_pending(cliente_id), whatsapp_id, pending_text(pending))
            pipeline.zadd(self._keys.media_due(cliente_id), {whatsapp_id: due_ms}, nx=True)
        pipeline.execute()

    def count_used(self, cliente_id: int, used_bytes: int) -> None:
        """Says what a tenant's stored media take, counted anew."""
        self._client.set(self._keys.media_used(cliente_id), used_bytes)

    def add_used(self, cliente_id: int, added_bytes: int) -> None:
        """A tenant's media take so much more; what was not counted is, the next time that all is counted anew."""
        if added_bytes:
            self._client.incrby(self._keys.media_used(cliente_id), added_bytes)

    def used(self, cliente_id: int) -> int:
        """The bytes that a tenant's stored media take."""
        return int(cast("str | None", self._client.get(self._keys.media_used(cliente_id))) or 0)

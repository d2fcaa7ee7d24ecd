"""Reads of the ledger: single messages, a tenant's indexes, and how many stand where. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import redis

from shared.ledger.balance import FINAL, Balance
from shared.ledger.message import Message
from shared.names import Keys
from shared.transitions.message import MessageStatus

MessageRef = tuple[int, str]  # (cliente_id, message_id)


class Entries:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def read(self, message_id: str) -> Message | None:
        """One message, or None where the ledger has none (ended long ago, or never accepted)."""
        stored = cast(dict[str, str], self._client.hgetall(self._keys.message(message_id)))
        return Message.from_fields(stored) if "status" in stored else None

    def id_of_key(self, cliente_id: int, whatsapp_id: str) -> str | None:
        """Our id of the message that a tenant handed over under a key of WhatsApp's; None where the ledger has none."""
        found = self._client.get(self._keys.whatsapp_key_prefix(cliente_id) + whatsapp_id)
        return cast("str | None", found)

    def statuses(self, message_ids: Sequence[str]) -> dict[str, MessageStatus]:
        """The status of each that the ledger knows, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for message_id in message_ids:
            pipeline.hget(self._keys.message(message_id), "status")
        found = zip(message_ids, pipeline.execute(), strict=True)
        return {message_id: MessageStatus(status) for message_id, status in found if status is not None}

    def not_ended(self) -> list[str]:
        """The ids of all that waits or is on its way, of every tenant, in no order."""
        waiting = self._client.zrange(self._keys.deadlines, 0, -1)
        found = [str(member).partition(":")[2] for member in cast("list[str]", waiting)]
        for index in self._client.scan_iter(match=self._keys.in_flight_prefix + "*", count=1_000):
            found += self._range(str(index), 0, -1)
        return found

    def in_flight(self, cliente_id: int) -> list[Message]:
        """Messages in `sending`, in order."""
        return self._read_all(self._range(self._keys.in_flight(cliente_id), 0, -1))

    def unread(self, cliente_id: int, limit: int) -> list[Message]:
        """The latest messages that were sent and not read yet, oldest first, at most `limit`."""
        return self._read_all(self._range(self._keys.unread(cliente_id), -limit, -1))

    def held(self, cliente_id: int) -> list[str]:
        """Ids of held messages, in order."""
        return self._range(self._keys.held(cliente_id), 0, -1)

    def campaign_in_flight(self, cliente_id: int) -> Message | None:
        """The tenant's latest campaign message, in whatever status."""
        message_id = cast("str | None", self._client.get(self._keys.campaign_in_flight(cliente_id)))
        return None if message_id is None else self.read(message_id)

    def overdue(self, now_ms: int, limit: int) -> list[MessageRef]:
        """Queued messages of all tenants whose time is up, at most `limit`."""
        found = cast(list[str], self._client.zrangebyscore(self._keys.deadlines, 0, now_ms, start=0, num=limit))
        return [(int(cliente), message_id) for cliente, _, message_id in (member.partition(":") for member in found)]

    def depths(self, cliente_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
        """How many messages of each tenant are queued, and how many are in flight, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in cliente_ids:
            pipeline.zcard(self._keys.open(cliente_id))
            pipeline.zcard(self._keys.in_flight(cliente_id))
        answers: list[int] = pipeline.execute()
        return dict(zip(cliente_ids, zip(answers[::2], answers[1::2], strict=True), strict=True))

    def balance(self, cliente_id: int) -> Balance:
        """Counters and indexes at one moment."""
        keys = self._keys
        pipeline = self._client.pipeline(transaction=True)
        pipeline.hgetall(keys.counts(cliente_id))
        for index in (keys.open(cliente_id), keys.in_flight(cliente_id), keys.held(cliente_id)):
            pipeline.zcard(index)
        counts, queued, in_flight, held = pipeline.execute()
        return Balance(
            accepted=int(counts.get("accepted", 0)),
            final={name: int(counts.get(name, 0)) for name in FINAL},
            queued=queued,
            in_flight=in_flight,
            held=held,
        )

    def received(self, cliente_id: int) -> int:
        """How many messages came in, each time that this Redis did not know one."""
        return int(cast("str | None", self._client.hget(self._keys.counts(cliente_id), "received")) or 0)

    def _range(self, index: str, first: int, last: int) -> list[str]:
        return cast(list[str], self._client.zrange(index, first, last))

    def _read_all(self, message_ids: list[str]) -> list[Message]:
        return [message for message in map(self.read, message_ids) if message is not None]

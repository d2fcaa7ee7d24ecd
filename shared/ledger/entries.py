"""Reads of the ledger: single messages, a tenant's indexes, and how many stand where. Nothing here changes anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import redis

from shared.ledger.balance import FINAL, Balance
from shared.ledger.message import Message
from shared.names import Keys
from shared.transitions.message import MessageStatus

MessageRef = tuple[int, str]  # (cliente_id, message_id)


@dataclass(frozen=True, slots=True)
class Glance:
    """One message as the ledger has it at a glance. status: None where there is no entry."""

    status: str | None
    indexed: bool  # stands in exactly the indexes of its status


class Entries:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys

    def read(self, message_id: str) -> Message | None:
        """One message, or None where the ledger has none (ended long ago, or never accepted)."""
        stored = cast(dict[str, str], self._client.hgetall(self._keys.message(message_id)))
        return Message.from_fields(stored) if "status" in stored else None

    def statuses(self, message_ids: Sequence[str]) -> dict[str, MessageStatus]:
        """The status of each that the ledger knows, in one round trip."""
        pipeline = self._client.pipeline(transaction=False)
        for message_id in message_ids:
            pipeline.hget(self._keys.message(message_id), "status")
        found = zip(message_ids, pipeline.execute(), strict=True)
        return {message_id: MessageStatus(status) for message_id, status in found if status is not None}

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

    def index_pages(self, cliente_ids: Iterable[int], places: dict[str, int], page: int) -> list[MessageRef]:
        """The next page of every index of these tenants. places: how far each index was read; moved on by this."""
        keys = self._keys
        asked = [
            (cliente_id, index, places.get(index, 0))
            for cliente_id in cliente_ids
            for index in (keys.open(cliente_id), keys.in_flight(cliente_id), keys.held(cliente_id))
        ]
        pipeline = self._client.pipeline(transaction=False)
        for _, index, place in asked:
            pipeline.zrange(index, place, place + page - 1)
        found: list[MessageRef] = []
        for (cliente_id, index, place), ids in zip(asked, cast("list[list[str]]", pipeline.execute()), strict=True):
            places[index] = place + page if len(ids) == page else 0
            found += [(cliente_id, message_id) for message_id in ids]
        return found

    def glance(self, messages: Sequence[MessageRef]) -> list[Glance]:
        """How messages stand, in one round trip."""
        keys, pipeline = self._keys, self._client.pipeline(transaction=True)
        for cliente_id, message_id in messages:
            pipeline.hget(keys.message(message_id), "status")
            for index in (keys.open(cliente_id), keys.held(cliente_id), keys.in_flight(cliente_id)):
                pipeline.zscore(index, message_id)
        answers: list[Any] = pipeline.execute()
        found = []
        for at in range(0, len(answers), 4):
            status, *scores = answers[at : at + 4]
            waits, flies = sum(score is not None for score in scores[:2]), scores[2] is not None
            expected = {"queued": (1, False), "sending": (0, True)}.get(status or "", (0, False))
            found.append(Glance(status, (waits, flies) == expected))
        return found

    def _range(self, index: str, first: int, last: int) -> list[str]:
        return cast(list[str], self._client.zrange(index, first, last))

    def _read_all(self, message_ids: list[str]) -> list[Message]:
        return [message for message in map(self.read, message_ids) if message is not None]

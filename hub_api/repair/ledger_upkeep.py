"""Puts single ledger entries right: those in no index, and those that are gone but on record in SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import redis

from shared.ledger.message import Message
from shared.names import Keys
from shared.redis.scripts import Scripts

Gone = Literal["", "settled", "unknown"]


class Readmitted(StrEnum):
    """As what a message comes back whose ledger entry is gone."""

    QUEUED = "queued"  # certain that nothing went out
    HELD = "held"  # the same, and it waits for a person
    UNCERTAIN = "uncertain"  # it may have gone out: a person settles it
    EXPIRED = "expired"
    RESTORE = "restore"  # uncertain, and counted as such before


@dataclass(frozen=True, slots=True)
class Entry:
    """One message as the ledger has it at a glance. status: None where there is no entry."""

    status: str | None
    indexed: bool  # stands in exactly the indexes of its status


class LedgerUpkeep:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def glance(self, ids: list[tuple[int, str]]) -> list[Entry]:
        """How messages `(cliente_id, message_id)` stand, in one round trip; read only."""
        keys, pipeline = self._keys, self._client.pipeline(transaction=True)
        for cliente_id, message_id in ids:
            pipeline.hget(keys.message(message_id), "status")
            for index in (keys.open(cliente_id), keys.held(cliente_id), keys.in_flight(cliente_id)):
                pipeline.zscore(index, message_id)
        answers = pipeline.execute()
        found = []
        for at in range(0, len(answers), 4):
            status, *scores = answers[at : at + 4]
            waits, flies = sum(score is not None for score in scores[:2]), scores[2] is not None
            expected = {"queued": (1, False), "sending": (0, True)}.get(status or "", (0, False))
            found.append(Entry(status, (waits, flies) == expected))
        return found

    def readopt(self, cliente_id: int, message_id: str, now_ms: int, gone: Gone = "") -> str:
        """Makes the indexes say what the entry says.

        gone: what SQL has of a message without an entry, whose index entry is to be taken out; "" leaves it.
        Returns `ok`, `readopted`, `cleared`, `gone`, `dropped` or `foreign`.
        """
        keys = self._keys
        answer = self._scripts.run(
            "readopt",
            [
                keys.message(message_id),
                keys.open(cliente_id),
                keys.in_flight(cliente_id),
                keys.held(cliente_id),
                keys.deadlines,
                keys.events,
                keys.counts(cliente_id),
            ],
            [now_ms, message_id, cliente_id, gone],
        )
        return str(answer)

    def readmit(self, message: Message, way: Readmitted, now_ms: int, marker: str) -> str:
        """Brings back a message whose entry is gone, before all that waits in its lane: bring the newest first.

        marker: the rebuilt marker as the caller saw it before it looked, "" for none.
        Returns `readmitted`, `known` or `changed`; only the first changed anything.
        """
        keys, cliente_id = self._keys, message.cliente_id
        fields: dict[str, str | int] = {
            "message_id": message.message_id,
            "cliente_id": cliente_id,
            "to": message.to,
            "message": message.text,
            "lane": int(message.lane),
            "accepted_at": message.accepted_at_ms,
            "expires_at": message.expires_at_ms,
            "attempts": message.attempts,
            "bulk_id": message.bulk_id or "",
            "campaign_id": message.campaign_id or "",
        }
        data: dict[str, object] = {"cause": "ENTRY_LOST", "certain": way is not Readmitted.UNCERTAIN}
        if way is Readmitted.UNCERTAIN:
            data["error"] = "OUTCOME_UNKNOWN"
        elif way is Readmitted.EXPIRED:
            data["error"] = "EXPIRED"
        whatsapp_id = message.whatsapp_id or ""
        answer = self._scripts.run(
            "readmit",
            [
                keys.message(message.message_id),
                keys.open(cliente_id),
                keys.in_flight(cliente_id),
                keys.held(cliente_id),
                keys.deadlines,
                keys.events,
                keys.counts(cliente_id),
                keys.rebuilt,
                keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
            ],
            [
                now_ms,
                message.message_id,
                cliente_id,
                way.value,
                int(message.lane),
                message.expires_at_ms,
                marker,
                json.dumps(data),
                whatsapp_id,
                *(part for pair in fields.items() for part in pair),
            ],
        )
        return str(answer)

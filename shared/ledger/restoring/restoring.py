"""Puts single ledger entries right: those in no index, those that are gone but on record in SQL, and counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Literal, cast

import redis
from redis.client import Pipeline

from shared.ledger.identity import twin_of_own
from shared.ledger.message import Message
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.protocol.content import PLAIN
from shared.protocol.events import LedgerImbalance, MessageEnded, MessageRestored, event_data
from shared.recipient_key import recipient_key
from shared.redis.scripts import Scripts
from shared.transitions.message import OPEN_STATUSES

_RESTORE = ledger_script(__file__, "restore")
_REINDEX = ledger_script(__file__, "reindex")
_IMBALANCE = ledger_script(__file__, "imbalance")
_RECEIVED = ledger_script(__file__, "received")

Gone = Literal["", "final", "unknown"]


class RestoreAs(StrEnum):
    """As what a message comes back whose ledger entry is gone, or stands as it stood in an older Redis."""

    QUEUED = "queued"  # certain that nothing went out
    HELD = "held"  # the same, and it waits for a person
    UNCERTAIN = "uncertain"  # it may have gone out: a person resolves it
    EXPIRED = "expired"
    RECALL = "recall"  # uncertain, and counted as such before
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Restoring:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def restore(self, message: Message, way: RestoreAs, now_ms: int, marker: str, *, seen: str = "") -> str:
        """Brings a message to where SQL has it; one that waits, before all others in its lane: bring the newest first.

        marker: of the incarnation as the caller saw it before it looked, "" for none. seen: the entry's status as the
        caller saw it, "" where it is gone. Returns `restored`, `known` or `changed`; only the first changed anything.
        """
        keys, cliente_id = self._keys, message.cliente_id
        entry: dict[str, str | int] = {
            "message_id": message.message_id,
            "cliente_id": cliente_id,
            "to": message.to,
            "recipient_key": recipient_key(message.to),
            "message": message.whole_text(),
            "lane": int(message.lane),
            "accepted_at": message.accepted_at_ms,
            "expires_at": message.expires_at_ms,
            "attempts": message.attempts,
            "bulk_id": message.bulk_id or "",
            "campaign_id": message.campaign_id or "",
            "error": message.error or "",
            "sent_at": message.sent_at_ms or "",
            "delivered_at": message.delivered_at_ms or "",
            "read_at": message.read_at_ms or "",
        }
        if message.content != PLAIN:
            entry["content"] = message.content.to_text()
        whatsapp_id = message.whatsapp_id or ""
        on_record = way is RestoreAs.RECALL or (
            way.value == message.status.value and message.status not in OPEN_STATUSES
        )
        answer = self._scripts.run(
            _RESTORE,
            keys={
                "message": keys.message(message.message_id),
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "held": keys.held(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
                "incarnation": keys.incarnation,
                "whatsapp_key": keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
                "own_mark": keys.inbound_seen_prefix(cliente_id) + twin_of_own(whatsapp_id),
                "unread": keys.unread(cliente_id),
            },
            args={
                "now_ms": now_ms,
                "message_id": message.message_id,
                "cliente_id": cliente_id,
                "way": way.value,
                "lane": int(message.lane),
                "expires_at": message.expires_at_ms,
                "marker": marker,
                "seen": seen,
                "event": "" if on_record else event_data(_event(way)),
                "whatsapp_id": whatsapp_id,
                "changed_channel": keys.changed_channel(cliente_id),
            },
            rest=[part for pair in entry.items() for part in pair],
        )
        return str(answer)

    def reindex(self, cliente_id: int, message_id: str, now_ms: int, gone: Gone = "") -> str:
        """Makes the indexes say what the entry says.

        gone: what SQL has of a message without an entry, whose index entry is to be taken out; "" leaves it.
        Returns `ok`, `reindexed`, `cleared`, `gone`, `dropped` or `foreign`.
        """
        keys = self._keys
        answer = self._scripts.run(
            _REINDEX,
            keys={
                "message": keys.message(message_id),
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "held": keys.held(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
            },
            args={"now_ms": now_ms, "message_id": message_id, "cliente_id": cliente_id, "gone": gone},
        )
        return str(answer)

    def restore_counts(self, cliente_id: int, final: Mapping[str, int], incarnation: str) -> None:
        """Adds what SQL has of messages that have ended to a tenant's counters, once in an incarnation.

        final: how many, by counter. A hub may have accepted messages meanwhile.
        """
        key = self._keys.counts(cliente_id)

        def add(pipeline: Pipeline) -> None:
            done_in = pipeline.hget(key, "restored")
            pipeline.multi()
            if done_in != incarnation:
                pipeline.hset(key, "restored", incarnation)
                pipeline.hincrby(key, "accepted", sum(final.values()))
                for name, number in final.items():
                    pipeline.hincrby(key, name, number)

        self._client.transaction(add, key)

    def restore_received(self, taken_in: Mapping[int, int], since: str) -> None:
        """Says how many messages came in. taken_in: how many events of them SQL took in, by tenant.

        since: the last event that had been recorded when this state was current.
        """
        self._scripts.run(
            _RECEIVED,
            keys={"events": self._keys.events},
            args={"since": since, "counts_prefix": self._keys.counts_prefix},
            rest=[part for pair in taken_in.items() for part in pair],
        )

    def imbalances(self) -> dict[int, str]:
        """The tenants in alarm, each with its numbers as they were told."""
        stored = cast("dict[str, str]", self._client.hgetall(self._keys.imbalances))
        return {int(cliente_id): text for cliente_id, text in stored.items()}

    def clear_imbalances(self, cliente_ids: Iterable[int]) -> None:
        """The counters of these tenants add up again."""
        self._client.hdel(self._keys.imbalances, *map(str, cliente_ids))

    def report_imbalance(self, cliente_id: int, numbers: LedgerImbalance, now_ms: int) -> None:
        """Keeps and tells that a tenant's counters do not add up."""
        self._scripts.run(
            _IMBALANCE,
            keys={"imbalances": self._keys.imbalances, "events": self._keys.events},
            args={"now_ms": now_ms, "cliente_id": cliente_id, "numbers": event_data(numbers)},
        )


def _event(way: RestoreAs) -> MessageRestored | MessageEnded:
    if way is RestoreAs.UNCERTAIN:
        return MessageEnded(cause="ENTRY_LOST", certain=False, error="OUTCOME_UNKNOWN")
    if way is RestoreAs.EXPIRED:
        return MessageEnded(cause="ENTRY_LOST", certain=True, error="EXPIRED")
    return MessageRestored(cause="ENTRY_LOST", certain=True)

"""Accepts messages: the one way into a tenant's queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis

from shared.errors import (
    CampaignStopped,
    CampaignWaits,
    IdempotencyConflict,
    LeadMasterError,
    QueueFull,
    RateLimited,
    RecipientOptedOut,
    SessionNotReady,
)
from shared.ledger.message import Draft, key_digest
from shared.ledger.script import ledger_script
from shared.names import Keys, session_queue
from shared.protocol.content import PLAIN
from shared.protocol.events import MessageQueued
from shared.protocol.snapshot import Wanted
from shared.recipient_key import recipient_key
from shared.redis.group_commit import GroupCommit
from shared.redis.scripts import Argument, Scripts
from shared.texts import Language, send_refused_text
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus

_ACCEPT = ledger_script(__file__, "accept")


@dataclass(frozen=True, slots=True)
class AcceptLimits:
    """What a tenant may have. queue: open messages. per_minute: messages accepted in one minute, 0 for no limit.

    memory: bytes that its messages take until they have ended and are on record, 0 for no limit.
    """

    queue: int
    per_minute: int
    memory: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """message_id: of the new message, or of the first one under the same idempotency key.

    duplicate: nothing was written. woke: the session was not wanted before and is now.
    """

    message_id: str
    duplicate: bool
    woke: bool


class KeysNotRestored(Exception):
    """This Redis was not compared with SQL yet and may lack idempotency keys that SQL has: it is to be asked first."""


class Accepting:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys, language: Language) -> None:
        """language: of the text that says why a session is not ready."""
        self._keys = keys
        self._language: Language = language
        self._client = client
        self._scripts = Scripts(client)
        self._group_commit = GroupCommit(client, _ACCEPT)

    def accept(
        self, draft: Draft, notification: bytes, limits: AcceptLimits, *, keys_looked_up: bool = False
    ) -> Accepted:
        """Accepts one message in one step: ledger entry, open index, notification of the owner, and event.

        notification: the Celery message as kombu would push it. keys_looked_up: SQL does not know the draft's key.
        Raises IdempotencyConflict, SessionNotReady, RateLimited, QueueFull, RecipientOptedOut, and for a campaign's
        release CampaignStopped and CampaignWaits; then nothing was written. KeysNotRestored where the draft has a key
        and SQL must be asked for it.
        """
        keys, args = self._call(draft, notification, limits, keys_looked_up=keys_looked_up)
        return self._read(draft, limits, self._group_commit.run(keys, args))

    def find(self, draft: Draft) -> Accepted | None:
        """What became of a draft whose acceptance broke off; None where this Redis has neither it nor its key."""
        keys = self._keys
        pipeline = self._client.pipeline(transaction=True)
        pipeline.exists(keys.message(draft.message_id))
        pipeline.get(keys.idempotency(draft.cliente_id, key_digest(draft.idempotency_key or "")))
        found, known = pipeline.execute()
        if found:
            return Accepted(draft.message_id, duplicate=False, woke=False)
        body_digest, _, first_id = str(known or "").partition(":")
        if not draft.idempotency_key or not first_id:
            return None
        if body_digest != draft.body_digest:
            raise IdempotencyConflict(details={"field": "idempotency_key"})
        return Accepted(first_id, duplicate=True, woke=False)

    def accept_many(
        self, drafts: Sequence[tuple[Draft, bytes]], limits: AcceptLimits
    ) -> list[Accepted | LeadMasterError]:
        """Accepts several messages in one round trip, each by itself; what `accept` raises stands in its place."""
        answers = self._scripts.run_many(_ACCEPT, [self._call(draft, wake_up, limits) for draft, wake_up in drafts])
        found: list[Accepted | LeadMasterError] = []
        for (draft, _), answer in zip(drafts, answers, strict=True):
            try:
                found.append(self._read(draft, limits, answer))
            except LeadMasterError as error:
                found.append(error)
        return found

    def _call(
        self, draft: Draft, notification: bytes, limits: AcceptLimits, *, keys_looked_up: bool = False
    ) -> tuple[list[str], list[Argument]]:
        keys, cliente_id, now_ms, release = self._keys, draft.cliente_id, draft.accepted_at_ms, draft.release
        quota_key = keys.campaign_quota(cliente_id, release.day) if release is not None else ""
        queued = _event(draft).to_wire()
        recipient = recipient_key(draft.to)
        entry = {**queued, "recipient_key": recipient, "quota_key": quota_key}
        if draft.content != PLAIN:
            entry["content"] = draft.content.to_text()
        if draft.idempotency_key:
            queued["idempotency"] = f"{key_digest(draft.idempotency_key)}:{draft.body_digest}"
        return _ACCEPT.call(
            keys={
                "message": keys.message(draft.message_id),
                "open": keys.open(cliente_id),
                "sequence": keys.sequence(cliente_id),
                "idempotency": keys.idempotency(cliente_id, key_digest(draft.idempotency_key or "")),
                "rate": keys.rate(cliente_id, now_ms // 60_000),
                "session": keys.session(cliente_id),
                "lease": keys.lease(cliente_id),
                "queue": keys.queue_list(session_queue(cliente_id)),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "wanted": keys.wanted,
                "counts": keys.counts(cliente_id),
                "opted_out": keys.opted_out(cliente_id),
                "stop_versions": keys.campaign_stop_versions,
                "campaign_in_flight": keys.campaign_in_flight(cliente_id),
                "quota": quota_key,
                "incarnation": keys.incarnation,
            },
            args={
                "now_ms": now_ms,
                "message_id": draft.message_id,
                "cliente_id": cliente_id,
                "lane": int(draft.lane),
                "expires_at": draft.expires_at_ms,
                "on_not_ready": "queue" if draft.wake else "reject",
                "body_digest": draft.body_digest if draft.idempotency_key else "",
                "queue_limit": limits.queue,
                "rate_limit": limits.per_minute,
                "text_bytes": len(draft.text.encode()) + len(draft.content.to_text().encode()),
                "memory_limit": limits.memory,
                "notification": notification,
                "event": json.dumps(queued),
                "wake_channel": keys.wake_channel,
                "wanted": Wanted(now_ms, "send").to_text(),
                "heard_prefix": keys.heard_prefix(cliente_id),
                "message_prefix": keys.message_prefix,
                "recipient": recipient,
                "campaign_id": draft.campaign_id if release is not None else "",
                "stop_version": release.stop_version if release is not None else "",
                "quota": "" if release is None or release.quota is None else release.quota,
                "keys_looked_up": int(keys_looked_up),
            },
            rest=[part for pair in entry.items() for part in pair],
        )

    def _read(self, draft: Draft, limits: AcceptLimits, answer: Any) -> Accepted:
        match answer:
            case ["accepted", woke]:
                return Accepted(draft.message_id, duplicate=False, woke=woke == "1")
            case ["duplicate", first_id]:
                return Accepted(first_id, duplicate=True, woke=False)
            case ["look_up"]:
                raise KeysNotRestored()
            case ["conflict"]:
                raise IdempotencyConflict(details={"field": "idempotency_key"})
            case ["rate", seconds]:
                raise RateLimited(retry_after_s=max(1, int(seconds)))
            case ["opted_out"]:
                raise RecipientOptedOut()
            case ["stopped"]:
                raise CampaignStopped()
            case ["in_flight" | "quota" as why]:
                raise CampaignWaits(details={"for": why})
            case ["full", "memory"]:
                raise QueueFull(details={"tenant_memory_bytes": limits.memory}, retry_after_s=60)
            case ["full", _]:
                raise QueueFull(details={"limit": limits.queue}, retry_after_s=60)
            case ["not_ready", status, last_error]:
                found = SessionStatus(status)
                raise SessionNotReady(
                    send_refused_text(found, last_error or None, self._language), details={"status": found.value}
                )
        raise AssertionError(f"accept.lua answered {answer!r}")


def _event(draft: Draft) -> MessageQueued:
    """What the stream is told of an accepted message; its fields are the ledger's entry as well."""
    release = draft.release
    return MessageQueued(
        message_id=draft.message_id,
        cliente_id=draft.cliente_id,
        to=draft.to,
        message=draft.text,
        content=None if draft.content == PLAIN else draft.content,
        status=MessageStatus.QUEUED,
        lane=int(draft.lane),
        accepted_at=draft.accepted_at_ms,
        expires_at=draft.expires_at_ms,
        attempts=0,
        bulk_id=draft.bulk_id,
        campaign_id=draft.campaign_id,
        campaign_stop_version=release.stop_version if release else None,
        campaign_ref=release.ref if release else None,
        campaign_day=release.day if release else None,
        delay=release.delay_ms if release else None,
    )

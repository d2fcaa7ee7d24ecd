"""The ledger of open messages: the truth about each, in Redis (DESIGN, the way of a message).

Every change is one Lua script; these functions name its keys, arguments, result and errors. Every method raises
redis.RedisError where Redis is away.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, cast

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
from shared.ledger.acceptance import Accepted, AcceptLimits
from shared.ledger.balance import SETTLED, Balance
from shared.ledger.message import Draft, Message
from shared.ledger.transitions import MessageStatus
from shared.ledger.work import LeaseLost, Outcome, Pace, Pause, PutKey, Recover, Send
from shared.names import Keys, session_queue
from shared.redis.group_commit import GroupCommit
from shared.redis.scripts import Scripts
from shared.sessions.lease import Lease
from shared.sessions.transitions import SessionStatus
from shared.sessions.wanted import wanted_value
from shared.texts import Language, send_refused_text

MOST_ATTEMPTS = 5
HEARD_MS = 24 * 3_600_000  # so long a single message may answer who wrote (CONTRACT section 3)


class Ledger:
    """The one door to the messages in motion."""

    def __init__(self, client: redis.Redis, keys: Keys, language: Language = "es") -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)
        self._accepting = GroupCommit(client, "accept")
        self._language = language

    def accept(self, draft: Draft, bell: bytes, limits: AcceptLimits) -> Accepted:
        """Accepts one message in one step: ledger entry, open index, doorbell on the tenant's queue and event.

        bell: the Celery message as kombu would push it.
        Raises IdempotencyConflict, SessionNotReady, RateLimited, QueueFull, RecipientOptedOut, and for a campaign's
        release CampaignStopped and CampaignWaits; then nothing was written.
        """
        keys, args = self._accept_call(draft, bell, limits)
        return self._accept_answer(draft, limits, self._accepting.run(keys, args))

    def accept_many(
        self, drafts: Sequence[tuple[Draft, bytes]], limits: AcceptLimits
    ) -> list[Accepted | LeadMasterError]:
        """Accepts several messages in one round trip, each by itself; what `accept` raises stands in its place."""
        answers = self._scripts.run_many("accept", [self._accept_call(draft, bell, limits) for draft, bell in drafts])
        found: list[Accepted | LeadMasterError] = []
        for (draft, _), answer in zip(drafts, answers, strict=True):
            try:
                found.append(self._accept_answer(draft, limits, answer))
            except LeadMasterError as error:
                found.append(error)
        return found

    def _accept_call(
        self, draft: Draft, bell: bytes, limits: AcceptLimits
    ) -> tuple[list[str], list[str | int | float | bytes]]:
        keys, cliente_id, now_ms = self._keys, draft.cliente_id, draft.accepted_at_ms
        digest = hashlib.sha256((draft.idempotency_key or "").encode()).hexdigest()
        fields: dict[str, str | int] = {
            "message_id": draft.message_id,
            "cliente_id": cliente_id,
            "to": draft.to,
            "message": draft.text,
            "status": MessageStatus.QUEUED.value,
            "lane": int(draft.lane),
            "accepted_at": now_ms,
            "expires_at": draft.expires_at_ms,
            "attempts": 0,
            "bulk_id": draft.bulk_id,
            "campaign_id": draft.campaign_id,
        }
        release = draft.release
        quota_key = ""
        if release is not None:
            quota_key = keys.campaign_quota(cliente_id, release.day)
            fields |= {
                "campaign_epoch": release.epoch,
                "campaign_ref": release.ref,
                "campaign_day": release.day,
                "delay": release.delay_ms,
            }
        event = json.dumps(fields, ensure_ascii=False)
        fields["quota_key"] = quota_key
        flat: list[str | int] = [part for pair in fields.items() for part in pair]
        return (
            [
                keys.message(draft.message_id),
                keys.open(cliente_id),
                keys.sequence(cliente_id),
                keys.idempotency(cliente_id, digest),
                keys.rate(cliente_id, now_ms // 60_000),
                keys.session(cliente_id),
                keys.lease(cliente_id),
                keys.queue_list(session_queue(cliente_id)),
                keys.deadlines,
                keys.events,
                keys.wanted,
                keys.counts(cliente_id),
                keys.opted_out(cliente_id),
                keys.campaign_epochs,
                keys.campaign_in_hand(cliente_id),
                quota_key,
            ],
            [
                now_ms,
                draft.message_id,
                cliente_id,
                int(draft.lane),
                draft.expires_at_ms,
                "queue" if draft.wake else "reject",
                draft.body_digest if draft.idempotency_key else "",
                limits.queue,
                limits.per_minute,
                bell,
                event,
                keys.wake_channel,
                wanted_value(now_ms, "send"),
                keys.heard_prefix(cliente_id),
                keys.message_prefix,
                draft.to,
                draft.campaign_id if release is not None else "",
                release.epoch if release is not None else "",
                "" if release is None or release.quota is None else release.quota,
                *flat,
            ],
        )

    def _accept_answer(self, draft: Draft, limits: AcceptLimits, answer: list[str]) -> Accepted:
        match answer:
            case ["accepted", woke]:
                return Accepted(draft.message_id, duplicate=False, woke=woke == "1")
            case ["duplicate", first_id]:
                return Accepted(first_id, duplicate=True, woke=False)
            case ["conflict"]:
                raise IdempotencyConflict(details={"field": "idempotency_key"})
            case ["rate", seconds]:
                raise RateLimited(retry_after_s=max(1, int(seconds)))
            case ["opted_out"]:
                raise RecipientOptedOut()
            case ["stopped"]:
                raise CampaignStopped()
            case ["in_hand" | "quota" as why]:
                raise CampaignWaits(details={"for": why})
            case ["full"]:
                raise QueueFull(details={"limit": limits.queue}, retry_after_s=60)
            case ["not_ready", status, last_error]:
                found = SessionStatus(status)
                raise SessionNotReady(
                    send_refused_text(found, last_error or None, self._language), details={"status": found.value}
                )
        raise AssertionError(f"accept.lua answered {answer!r}")

    def read(self, message_id: str) -> Message | None:
        """One message, or None where the ledger has none (settled long ago, or never accepted)."""
        stored = cast(dict[str, str], self._client.hgetall(self._keys.message(message_id)))
        return Message.from_fields(stored) if "status" in stored else None

    def claim_next(
        self, lease: Lease, boot: str, now_ms: int, pace: Pace, *, bulk_allowed: bool
    ) -> Send | Recover | Pause:
        """The owner's next piece of work. boot: the browser run that will be given it.

        bulk_allowed: false while WhatsApp restricts the number; single messages still go.
        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        answer: list[str] = self._scripts.run(
            "claim",
            [
                keys.lease(cliente_id),
                keys.open(cliente_id),
                keys.in_flight(cliente_id),
                keys.pace(cliente_id),
                keys.deadlines,
                keys.events,
                keys.counts(cliente_id),
                keys.sent_today(cliente_id, pace.day),
                keys.opted_out(cliente_id),
                keys.campaign_epochs,
            ],
            [
                lease.token,
                lease.fence,
                now_ms,
                boot,
                keys.message_prefix,
                cliente_id,
                pace.gap_ms,
                pace.delay_ms,
                "1" if bulk_allowed else "0",
                pace.daily_cap,
                pace.day_left_ms,
                keys.heard_prefix(cliente_id),
            ],
        )
        match answer[0]:
            case "lost":
                raise LeaseLost(cliente_id)
            case "none":
                wait = int(answer[1])
                return Pause(wait if wait >= 0 else None)
            case "send":
                return Send(Message.from_fields(_pairs(answer[1:])))
            case "recover":
                return Recover(Message.from_fields(_pairs(answer[1:])))
        raise AssertionError(f"claim.lua answered {answer[0]!r}")

    def put_key(
        self,
        lease: Lease,
        message: Message,
        *,
        whatsapp_id: str,
        chat_id: str,
        epoch: str,
        boot: str,
        now_ms: int,
        lease_left_ms: int,
    ) -> PutKey:
        """Persists WhatsApp's key before the hand-over. lease_left_ms: what must remain, the hand-over's time-out."""
        keys, cliente_id = self._keys, lease.cliente_id
        answer = self._scripts.run(
            "put_key",
            [
                keys.lease(cliente_id),
                keys.message(message.message_id),
                keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
                keys.events,
                keys.opted_out(cliente_id),
                keys.campaign_epochs,
            ],
            [
                lease.token,
                lease.fence,
                now_ms,
                message.message_id,
                cliente_id,
                whatsapp_id,
                chat_id,
                epoch,
                boot,
                lease_left_ms,
                json.dumps({"whatsapp_id": whatsapp_id, "attempt": message.attempts}),
                keys.heard_prefix(cliente_id),
            ],
        )
        return PutKey(answer)

    def settle(
        self,
        lease: Lease,
        message: Message,
        outcome: Outcome,
        *,
        code: str,
        now_ms: int,
        again_at_ms: int = 0,
        boot: str = "",
    ) -> str:
        """Ends one attempt without an acknowledgement.

        again_at_ms: when a queued message may be claimed, or one in doubt looked at, again. boot: for ADOPT.
        Returns the status now stored, or `gone` where the message is no longer this owner's to settle.
        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        data = {"error": code, "attempt": message.attempts, "certain": outcome is not Outcome.UNCERTAIN}
        answer = self._scripts.run(
            "settle",
            [
                keys.lease(cliente_id),
                keys.message(message.message_id),
                keys.open(cliente_id),
                keys.in_flight(cliente_id),
                keys.deadlines,
                keys.events,
                keys.counts(cliente_id),
            ],
            [
                lease.token,
                lease.fence,
                now_ms,
                message.message_id,
                cliente_id,
                outcome.value,
                code,
                again_at_ms,
                MOST_ATTEMPTS,
                boot,
                json.dumps(data),
                keys.changed_channel(cliente_id),
            ],
        )
        if answer == "lost":
            raise LeaseLost(cliente_id)
        return str(answer)

    def acknowledge(self, cliente_id: int, whatsapp_id: str, ack: int, at_ms: int) -> str:
        """Records what WhatsApp says of a key: 1 sent, 2 delivered, 3 and above read; never goes back.

        Returns the new status, `same` where nothing changed, `unknown` where the key is not of ours.
        """
        keys = self._keys
        answer = self._scripts.run(
            "acknowledge",
            [
                keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
                keys.open(cliente_id),
                keys.in_flight(cliente_id),
                keys.deadlines,
                keys.events,
                keys.unread(cliente_id),
                keys.counts(cliente_id),
            ],
            [ack, at_ms, cliente_id, keys.message_prefix, keys.changed_channel(cliente_id)],
        )
        return str(answer)

    def close(self, cliente_id: int, message_id: str, status: MessageStatus, code: str, now_ms: int) -> str:
        """Ends a message that is still queued: CANCELLED by a caller, EXPIRED by housekeeping.

        Returns `closed`, the status that forbids it, or `unknown`.
        """
        keys = self._keys
        answer = self._scripts.run(
            "close",
            [
                keys.message(message_id),
                keys.open(cliente_id),
                keys.deadlines,
                keys.events,
                keys.held(cliente_id),
                keys.counts(cliente_id),
            ],
            [
                status.value,
                code,
                now_ms,
                message_id,
                cliente_id,
                json.dumps({"error": code, "certain": True}),
                keys.changed_channel(cliente_id),
            ],
        )
        return str(answer)

    def hold_for_another_phone(self, lease: Lease, number: str, now_ms: int) -> int:
        """The owner says which phone is paired; what waited for another one is held for a person. Returns how many.

        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        answer = int(
            self._scripts.run(
                "hold",
                [
                    keys.lease(cliente_id),
                    keys.own_number(cliente_id),
                    keys.open(cliente_id),
                    keys.held(cliente_id),
                    keys.events,
                ],
                [lease.token, lease.fence, now_ms, cliente_id, number, keys.message_prefix],
            )
        )
        if answer < 0:
            raise LeaseLost(cliente_id)
        return answer

    def held(self, cliente_id: int) -> list[str]:
        """Ids of held messages, in order."""
        return cast(list[str], self._client.zrange(self._keys.held(cliente_id), 0, -1))

    def release(self, cliente_id: int, message_id: str, who: str, now_ms: int) -> bool:
        """A person lets a held message go out through the phone that is paired now. False where it is not held."""
        keys = self._keys
        answer = self._scripts.run(
            "release",
            [keys.message(message_id), keys.held(cliente_id), keys.open(cliente_id), keys.events],
            [now_ms, message_id, cliente_id, json.dumps({"by": who}), keys.changed_channel(cliente_id)],
        )
        return bool(answer)

    def resolve(
        self, cliente_id: int, message_id: str, status: MessageStatus, who: str, now_ms: int, expires_at_ms: int
    ) -> str:
        """A person settles an uncertain message: SENT, FAILED, or QUEUED to be sent again until `expires_at_ms`.

        Returns `resolved`, the status that forbids it, or `unknown`.
        """
        keys = self._keys
        data: dict[str, object] = {"by": who, "certain": True}
        if status is MessageStatus.QUEUED:
            data["expires_at"] = expires_at_ms
        answer = self._scripts.run(
            "resolve",
            [
                keys.message(message_id),
                keys.open(cliente_id),
                keys.deadlines,
                keys.events,
                keys.counts(cliente_id),
            ],
            [
                now_ms,
                message_id,
                cliente_id,
                status.value,
                expires_at_ms,
                json.dumps(data),
                keys.changed_channel(cliente_id),
            ],
        )
        return str(answer)

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
            settled={name: int(counts.get(name, 0)) for name in SETTLED},
            queued=queued,
            in_flight=in_flight,
            held=held,
        )

    def report_imbalance(self, cliente_id: int, numbers: str, now_ms: int) -> None:
        """Keeps and tells that a balance does not add up. numbers: JSON object."""
        self._scripts.run("imbalance", [self._keys.imbalances, self._keys.events], [now_ms, cliente_id, numbers])

    def overdue(self, now_ms: int, most: int) -> list[tuple[int, str]]:
        """Queued messages of all tenants whose time is up: `(cliente_id, message_id)`, at most `most`."""
        found = cast(list[str], self._client.zrangebyscore(self._keys.deadlines, 0, now_ms, start=0, num=most))
        return [(int(cliente), message_id) for cliente, _, message_id in (member.partition(":") for member in found)]

    def in_flight(self, cliente_id: int) -> list[Message]:
        """Messages in `sending`, in order."""
        ids = cast(list[str], self._client.zrange(self._keys.in_flight(cliente_id), 0, -1))
        return [message for message in map(self.read, ids) if message is not None]

    def unread(self, cliente_id: int, most: int) -> list[Message]:
        """The latest messages that were sent and not read yet, oldest first, at most `most`."""
        ids = cast(list[str], self._client.zrange(self._keys.unread(cliente_id), -most, -1))
        return [message for message in map(self.read, ids) if message is not None]

    def campaign_in_hand(self, cliente_id: int) -> Message | None:
        """The tenant's latest campaign message, in whatever status."""
        message_id = cast("str | None", self._client.get(self._keys.campaign_in_hand(cliente_id)))
        return None if message_id is None else self.read(message_id)

    def depth(self, cliente_id: int) -> tuple[int, int]:
        """How many messages are queued, and how many are in flight."""
        pipeline = self._client.pipeline(transaction=False)
        pipeline.zcard(self._keys.open(cliente_id))
        pipeline.zcard(self._keys.in_flight(cliente_id))
        queued, in_flight = pipeline.execute()
        return queued, in_flight

    def record_inbound(self, cliente_id: int, whatsapp_id: str, data: dict[str, Any], now_ms: int) -> bool:
        """Records an inbound message as an event, once. data: `from`, `message`, `at`, as JSON values."""
        heard_ms = max(0, min(HEARD_MS, HEARD_MS - (now_ms - int(data.get("at") or now_ms))))
        answer = self._scripts.run(
            "inbound",
            [
                self._keys.inbound_seen(cliente_id, whatsapp_id),
                self._keys.events,
                self._keys.heard_prefix(cliente_id) + str(data.get("from") or ""),
            ],
            [now_ms, cliente_id, whatsapp_id, json.dumps(data), heard_ms],  # escaped: it may hold a lone surrogate
        )
        return bool(answer)


def _pairs(flat: list[str]) -> dict[str, str]:
    return dict(zip(flat[::2], flat[1::2], strict=True))

"""What a session's owner asks of the ledger and tells it: every change compares its lease, token and fence."""

from __future__ import annotations

import redis

from shared.ledger.claiming.progress import Progress, ProgressInMemory, ProgressMemory
from shared.ledger.claiming.work import (
    LeaseLost,
    Login,
    Outcome,
    Pace,
    Pause,
    PutKey,
    Recover,
    Send,
)
from shared.ledger.identity import twin_of_own
from shared.ledger.message import Message
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.protocol.events import MessageEnded, MessageKey, event_data
from shared.recipient_key import address_of
from shared.redis.scripts import Scripts
from shared.sessions.lease import Lease

CLOSED_MS = 500  # until it is worth asking again while claims are closed

_CLAIM = ledger_script(__file__, "claim")
_PUT_KEY = ledger_script(__file__, "put_key")
_COMPLETE = ledger_script(__file__, "complete")
_HOLD = ledger_script(__file__, "hold")


class Claiming:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys, progress: ProgressMemory | None = None) -> None:
        """progress: where the owner keeps how far it has come; in memory where none is given."""
        self._keys = keys
        self._progress: ProgressMemory = progress or ProgressInMemory()
        self._scripts = Scripts(client)

    def claim_next(
        self,
        lease: Lease,
        browser_run: str,
        now_ms: int,
        pace: Pace,
        *,
        bulk_allowed: bool,
        media_allowed: bool = True,
    ) -> Send | Recover | Pause:
        """The owner's next piece of work; none while the tenant is suspended.

        browser_run: the one that will be given it. bulk_allowed: false while WhatsApp restricts the number; single
        messages still go. media_allowed: false while no further message with a file is wanted.
        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        answer: list[str] = self._scripts.run(
            _CLAIM,
            keys={
                "lease": keys.lease(cliente_id),
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "pace": keys.pace(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
                "sent_today": keys.sent_today(cliente_id, pace.day),
                "opted_out": keys.opted_out(cliente_id),
                "stop_versions": keys.campaign_stop_versions,
                "suspended": keys.suspended,
                "scan": keys.claim_scan(cliente_id),
                "incarnation": keys.incarnation,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "browser_run": browser_run,
                "message_prefix": keys.message_prefix,
                "cliente_id": cliente_id,
                "gap_ms": pace.gap_ms,
                "delay_ms": pace.delay_ms,
                "bulk_allowed": "1" if bulk_allowed else "0",
                "daily_cap": pace.daily_cap,
                "day_left_ms": pace.day_left_ms,
                "heard_prefix": keys.heard_prefix(cliente_id),
                "changed_channel": keys.changed_channel(cliente_id),
                "media_allowed": "1" if media_allowed else "0",
                **self._seen(),
            },
        )
        match answer[0]:
            case "lost":
                raise LeaseLost(cliente_id)
            case "closed":
                return Pause(CLOSED_MS)
            case "none":
                wait = int(answer[1])
                return Pause(wait if wait >= 0 else None)
            case "send":
                self._progress.write(Progress(answer[1], int(answer[2])))
                return Send(_message(answer[3:]))
            case "recover":
                return Recover(_message(answer[1:]))
        raise AssertionError(f"claim.lua answered {answer[0]!r}")

    def put_key(
        self,
        lease: Lease,
        message: Message,
        login: Login,
        *,
        whatsapp_id: str,
        chat_id: str,
        now_ms: int,
        lease_left_ms: int,
    ) -> PutKey:
        """Persists WhatsApp's key, and the message's upload, before the hand-over.

        login: under which, and in which browser run, it was made.
        lease_left_ms: how much of the lease must remain, the hand-over's time-out.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        code, *progress = self._scripts.run(
            _PUT_KEY,
            keys={
                "lease": keys.lease(cliente_id),
                "message": keys.message(message.message_id),
                "whatsapp_key": keys.whatsapp_key_prefix(cliente_id) + whatsapp_id,
                "own_mark": keys.inbound_seen_prefix(cliente_id) + twin_of_own(whatsapp_id),
                "events": keys.events,
                "opted_out": keys.opted_out(cliente_id),
                "stop_versions": keys.campaign_stop_versions,
                "addresses": keys.addresses(cliente_id),
                "incarnation": keys.incarnation,
                "pace": keys.pace(cliente_id),
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "message_id": message.message_id,
                "cliente_id": cliente_id,
                "whatsapp_id": whatsapp_id,
                "chat_id": chat_id,
                "login_id": login.login_id,
                "browser_run": login.browser_run,
                "lease_left_ms": lease_left_ms,
                "event": event_data(MessageKey(whatsapp_id, message.attempts, message.to)),
                "heard_prefix": keys.heard_prefix(cliente_id),
                "address": address_of(chat_id),
                "upload": message.upload,
                **self._seen(),
            },
        )
        if progress:
            self._progress.write(Progress(progress[0], int(progress[1])))
        return PutKey(code)

    def complete(
        self,
        lease: Lease,
        message: Message,
        outcome: Outcome,
        *,
        code: str,
        now_ms: int,
        again_at_ms: int = 0,
        browser_run: str = "",
    ) -> str:
        """Ends one attempt without an acknowledgement.

        again_at_ms: when a queued message may be claimed, or one in doubt looked at, again. browser_run: for ADOPT.
        Returns the status now stored, or `gone` where the message is no longer this owner's to complete.
        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        event = MessageEnded(error=code, attempt=message.attempts, certain=outcome is not Outcome.UNCERTAIN)
        answer = self._scripts.run(
            _COMPLETE,
            keys={
                "lease": keys.lease(cliente_id),
                "message": keys.message(message.message_id),
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "message_id": message.message_id,
                "cliente_id": cliente_id,
                "outcome": outcome.value,
                "code": code,
                "again_at_ms": again_at_ms,
                "browser_run": browser_run,
                "event": event_data(event),
                "changed_channel": keys.changed_channel(cliente_id),
            },
        )
        if answer == "lost":
            raise LeaseLost(cliente_id)
        return str(answer)

    def _seen(self) -> dict[str, str | int]:
        seen = self._progress.read()
        return {"seen_incarnation": seen.incarnation, "seen_steps": seen.steps}

    def hold_for_another_phone(self, lease: Lease, number: str, now_ms: int) -> int:
        """The owner says which phone is paired; what waited for another one is held for a person. Returns how many.

        Raises LeaseLost.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        answer = self._scripts.run(
            _HOLD,
            keys={
                "lease": keys.lease(cliente_id),
                "own_number": keys.own_number(cliente_id),
                "open": keys.open(cliente_id),
                "in_flight": keys.in_flight(cliente_id),
                "held": keys.held(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "number": number,
                "message_prefix": keys.message_prefix,
            },
        )
        if int(answer) < 0:
            raise LeaseLost(cliente_id)
        return int(answer)


def _message(flat: list[str]) -> Message:
    return Message.from_fields(dict(zip(flat[::2], flat[1::2], strict=True)))

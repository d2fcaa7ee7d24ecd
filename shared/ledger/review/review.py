"""What callers and persons decide about a message: cancel it, release it, say what became of it; and its expiry."""

from __future__ import annotations

import redis

from shared.ledger.message import key_digest
from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.protocol.events import MessageEnded, MessageQueued, MessageReleased, MessageSent, event_data
from shared.redis.scripts import Scripts
from shared.transitions.message import MessageStatus

_WITHDRAW = ledger_script(__file__, "withdraw")
_RELEASE = ledger_script(__file__, "release")
_RESOLVE = ledger_script(__file__, "resolve")


class Review:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._keys = keys
        self._scripts = Scripts(client)

    def cancel(self, cliente_id: int, message_id: str, now_ms: int, code: str = "CANCELLED") -> str:
        """Cancels a message that is still queued. code: why, shown as its error.

        Returns `ended`, the status that forbids it, or `unknown`.
        """
        return self._withdraw(cliente_id, message_id, MessageStatus.CANCELLED, code, now_ms)

    def give_up(self, cliente_id: int, message_id: str, idempotency_key: str | None, now_ms: int) -> str:
        """Cancels a message that is still queued because its caller waits no longer, and frees the key of the call.

        The same call may be made again: it sends another message. Returns as `cancel`.
        """
        return self._withdraw(
            cliente_id, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms, frees=idempotency_key
        )

    def expire(self, cliente_id: int, message_id: str, now_ms: int) -> str:
        """Ends a queued message whose time is up. Returns as `cancel`; `queued` where it has time left."""
        return self._withdraw(cliente_id, message_id, MessageStatus.EXPIRED, "EXPIRED", now_ms)

    def release(self, cliente_id: int, message_id: str, who: str, now_ms: int) -> bool:
        """A person lets a held message go out through the phone that is paired now. False where it is not held."""
        keys = self._keys
        answer = self._scripts.run(
            _RELEASE,
            keys={
                "message": keys.message(message_id),
                "held": keys.held(cliente_id),
                "open": keys.open(cliente_id),
                "events": keys.events,
            },
            args={
                "now_ms": now_ms,
                "message_id": message_id,
                "cliente_id": cliente_id,
                "event": event_data(MessageReleased(who)),
                "changed_channel": keys.changed_channel(cliente_id),
            },
        )
        return bool(answer)

    def resolve(
        self, cliente_id: int, message_id: str, outcome: MessageStatus, who: str, now_ms: int, expires_at_ms: int
    ) -> str:
        """A person decides an uncertain message: SENT, FAILED, or QUEUED to be sent again until `expires_at_ms`.

        Returns `resolved`, the status that forbids it, or `unknown`.
        """
        keys = self._keys
        events = {
            MessageStatus.SENT: MessageSent(by=who, certain=True),
            MessageStatus.FAILED: MessageEnded(by=who, certain=True),
            MessageStatus.QUEUED: MessageQueued(by=who, certain=True, expires_at=expires_at_ms),
        }
        answer = self._scripts.run(
            _RESOLVE,
            keys={
                "message": keys.message(message_id),
                "open": keys.open(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
            },
            args={
                "now_ms": now_ms,
                "message_id": message_id,
                "cliente_id": cliente_id,
                "outcome": outcome.value,
                "expires_at": expires_at_ms,
                "event": event_data(events[outcome]),
                "changed_channel": keys.changed_channel(cliente_id),
            },
        )
        return str(answer)

    def _withdraw(
        self,
        cliente_id: int,
        message_id: str,
        status: MessageStatus,
        code: str,
        now_ms: int,
        *,
        frees: str | None = None,
    ) -> str:
        keys = self._keys
        ended = MessageEnded(error=code, certain=True, frees_key=frees is not None)
        answer = self._scripts.run(
            _WITHDRAW,
            keys={
                "message": keys.message(message_id),
                "open": keys.open(cliente_id),
                "held": keys.held(cliente_id),
                "deadlines": keys.deadlines,
                "events": keys.events,
                "counts": keys.counts(cliente_id),
                "idempotency": "" if frees is None else keys.idempotency(cliente_id, key_digest(frees)),
            },
            args={
                "status": status.value,
                "code": code,
                "now_ms": now_ms,
                "message_id": message_id,
                "cliente_id": cliente_id,
                "event": event_data(ended),
                "changed_channel": keys.changed_channel(cliente_id),
                "frees_key": int(frees is not None),
            },
        )
        return str(answer)

"""The session as its owner last wrote it, and the session object callers see (CONTRACT section 2)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, cast

import redis

from shared.instant import to_iso
from shared.names import Keys, instance_id
from shared.redis.scripts import Scripts
from shared.sessions.lease import Lease, parse_holder
from shared.sessions.transitions import FACTS, RECONNECTING_ACTION, QrStatus, SessionStatus
from shared.texts import Language, error_text

# Causes of ERROR that can pass or be put right from here; the others need the phone, the operator or WhatsApp.
RECOVERABLE_ERRORS = frozenset(
    {
        "BROWSER_FAILED",
        "PAGE_FAILED",
        "START_TIMEOUT",
        "SYNC_TIMEOUT",
        "CONNECTION_TIMEOUT",
        "TAKEN_OVER",
        "PROFILE_LOCKED",
        "HOST_LOST",
    }
)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One session's state. Times are milliseconds since the epoch; 0 and "" mean none."""

    cliente_id: int
    status: SessionStatus = SessionStatus.DISCONNECTED
    since: int = 0  # when `status` began
    updated_at: int = 0
    qr_status: QrStatus = QrStatus.NONE
    qr_string: str = ""  # the raw code while `generated`
    qr_expires_at: int = 0
    qr_attempts: int = 0  # codes shown since the browser started waiting for a scan
    pairing_code: str = ""
    pairing_expires_at: int = 0
    phone_number: str = ""
    push_name: str = ""
    last_error_code: str = ""
    last_error_message: str = ""
    cause: str = ""  # why `status` began: the event, or a code
    boot: str = ""  # the browser run
    epoch: str = ""  # the login: own number and pairing
    in_doubt: int = 0  # messages handed over without an acknowledgement in time
    restricted_until: int = 0  # bulk and campaigns wait until then: WhatsApp restricts the number
    pss_mib: int = 0  # memory of the whole process tree
    worker_pid: int = 0
    fence: int = 0  # the owner that wrote this; set by the script that writes

    @classmethod
    def from_fields(cls, cliente_id: int, stored: Mapping[str, str]) -> Snapshot:
        """From the hash; unknown fields are ignored, missing ones are none."""
        values: dict[str, Any] = {"cliente_id": cliente_id}
        for field in fields(cls):
            text = stored.get(field.name)
            if text is None or field.name == "cliente_id":
                continue
            if field.name == "status":
                values[field.name] = SessionStatus(text)
            elif field.name == "qr_status":
                values[field.name] = QrStatus(text)
            elif field.type == "int":
                values[field.name] = int(text)
            else:
                values[field.name] = text
        return cls(**values)

    def to_fields(self) -> list[str | int]:
        """Field, value, field, value … for HSET."""
        flat: list[str | int] = []
        for field in fields(self):
            if field.name == "fence":
                continue
            value = getattr(self, field.name)
            flat += [field.name, value if isinstance(value, int) else str(value)]
        return flat


@dataclass(frozen=True, slots=True)
class SessionView:
    """A snapshot together with what only the reader can know."""

    snapshot: Snapshot
    owned: bool  # whoever wrote the snapshot still holds the lease
    wanted: bool  # the session is to be kept running

    @property
    def stale(self) -> bool:
        """The owner has not been heard from for longer than its lease, though the snapshot says that it runs."""
        return not self.owned and self.snapshot.status not in (SessionStatus.DISCONNECTED, SessionStatus.ERROR)

    @property
    def can_send(self) -> bool:
        return FACTS[self.snapshot.status].can_send and self.owned

    def to_object(self, now_ms: int, language: Language) -> dict[str, object]:
        """The session object, the same from every endpoint."""
        snapshot = self.snapshot
        facts = FACTS[snapshot.status]
        code_valid = snapshot.qr_status is QrStatus.GENERATED and bool(snapshot.qr_string)
        expired = code_valid and 0 < snapshot.qr_expires_at <= now_ms
        action = facts.recommended_action
        recoverable = facts.is_recoverable
        message = snapshot.last_error_message or None
        if snapshot.last_error_code and message is None:
            message = error_text(snapshot.last_error_code, language)
        if snapshot.status is SessionStatus.DISCONNECTED and self.wanted:
            action = RECONNECTING_ACTION
        elif snapshot.status is SessionStatus.ERROR:
            recoverable = snapshot.last_error_code in RECOVERABLE_ERRORS
            action = message or action
        return {
            "cliente_id": snapshot.cliente_id,
            "instance_id": instance_id(snapshot.cliente_id),
            "status": snapshot.status.value,
            "state": snapshot.status.value,
            "qr_status": (QrStatus.EXPIRED if expired else snapshot.qr_status).value,
            "qr_string": snapshot.qr_string if code_valid and not expired else None,
            "qr_expires_at": to_iso(snapshot.qr_expires_at or None),
            "qr_attempts": snapshot.qr_attempts,
            "connected": facts.connected and not self.stale,
            "connecting": facts.connecting,
            "can_send_messages": self.can_send,
            "needs_qr": facts.needs_qr,
            "is_recoverable": recoverable,
            "recommended_action": RECONNECTING_ACTION if self.stale else action,
            "phone_number": snapshot.phone_number or None,
            "push_name": snapshot.push_name or None,
            "last_error_code": snapshot.last_error_code or None,
            "last_error_message": message,
            "since": to_iso(snapshot.since or None),
            "updated_at": to_iso(snapshot.updated_at or None),
            "stale": self.stale,
        }


class Snapshots:
    """Reads and writes snapshots in Redis. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def read(self, cliente_id: int) -> SessionView:
        """One session; the empty DISCONNECTED one where none was ever written."""
        return self.read_many([cliente_id])[0]

    def read_many(self, cliente_ids: Iterable[int]) -> list[SessionView]:
        """Several sessions in one round trip, in the order asked."""
        wanted_ids = list(cliente_ids)
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in wanted_ids:
            pipeline.hgetall(self._keys.session(cliente_id))
            pipeline.get(self._keys.lease(cliente_id))
            pipeline.hexists(self._keys.wanted, str(cliente_id))
        answers: list[Any] = pipeline.execute()
        views = []
        for i, cliente_id in enumerate(wanted_ids):
            snapshot = Snapshot.from_fields(cliente_id, answers[3 * i])
            lease = answers[3 * i + 1]
            # A successor that has not written yet holds the lease of a state that is its predecessor's.
            owned = lease is not None and parse_holder(lease).fence == snapshot.fence
            views.append(SessionView(snapshot, owned, bool(answers[3 * i + 2])))
        return views

    def known(self) -> list[int]:
        """Every tenant that ever had a session, in order."""
        return sorted(int(member) for member in cast(set[str], self._client.smembers(self._keys.sessions)))

    def write(self, lease: Lease, snapshot: Snapshot, now_ms: int, transition: str = "") -> bool:
        """The owner's write. transition: event data (JSON) where `status` changed, else "".

        False: the lease is no longer the caller's, nothing was written.
        """
        stamped = replace(snapshot, updated_at=now_ms)
        answer = self._scripts.run(
            "snapshot",
            [
                self._keys.lease(lease.cliente_id),
                self._keys.session(lease.cliente_id),
                self._keys.sessions,
                self._keys.events,
            ],
            [
                lease.token,
                lease.fence,
                now_ms,
                lease.cliente_id,
                self._keys.changed_channel(lease.cliente_id),
                transition,
                *stamped.to_fields(),
            ],
        )
        return bool(answer)

    def withdraw(self, lease: Lease, cause: str, now_ms: int) -> bool:
        """The owner says that its session is no longer to be kept running. False: the lease is another's."""
        answer = self._scripts.run(
            "withdraw",
            [self._keys.lease(lease.cliente_id), self._keys.wanted, self._keys.events],
            [lease.token, lease.fence, now_ms, lease.cliente_id, json.dumps({"cause": cause})],
        )
        return bool(answer)

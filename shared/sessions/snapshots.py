"""Snapshots in Redis: the owner writes its own, everybody reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import redis

from shared.names import Keys
from shared.protocol.events import SessionCode, SessionMoved, SessionUnlinked, SessionUnwanted, event_data
from shared.protocol.snapshot import Snapshot
from shared.redis.scripts import Script, Scripts
from shared.sessions.lease import Lease, parse_holder
from shared.sessions.view import SessionView

_LUA = Path(__file__).parent / "lua"
_SNAPSHOT, _WITHDRAW, _UNLINKED, _HOST_LOST = (
    Script(_LUA / f"{name}.lua") for name in ("snapshot", "withdraw", "unlinked", "host_lost")
)


class Snapshots:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def read(self, cliente_id: int) -> SessionView:
        """One session; the empty DISCONNECTED one where none was ever written."""
        return self.read_many([cliente_id])[0]

    def read_many(self, cliente_ids: Iterable[int]) -> list[SessionView]:
        """Several sessions in one round trip, in the order asked."""
        asked = list(cliente_ids)
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in asked:
            self.ask(pipeline, cliente_id)
        answers: list[Any] = pipeline.execute()
        return [self.view(cliente_id, answers[3 * i : 3 * i + 3]) for i, cliente_id in enumerate(asked)]

    def ask(self, pipeline: Any, cliente_id: int) -> None:
        """Puts the three reads of one session on a pipeline, for those who read more in the same round trip."""
        pipeline.hgetall(self._keys.session(cliente_id))
        pipeline.get(self._keys.lease(cliente_id))
        pipeline.hexists(self._keys.wanted, str(cliente_id))

    @staticmethod
    def view(cliente_id: int, answers: list[Any]) -> SessionView:
        """What the three answers to `ask` say."""
        stored, lease, wanted = answers
        snapshot = Snapshot.from_hash(cliente_id, stored)
        # A successor that has not written yet holds the lease of a state that is its predecessor's.
        owned = lease is not None and parse_holder(lease).fence == snapshot.fence
        return SessionView(snapshot, owned, bool(wanted))

    def known(self) -> list[int]:
        """Every tenant that ever had a session, in order."""
        return sorted(int(member) for member in cast(set[str], self._client.smembers(self._keys.sessions)))

    def showing_codes(self) -> list[int]:
        """Tenants whose session holds a QR code, in order; whether it has run out their views say."""
        tenants = self.known()
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in tenants:
            pipeline.hget(self._keys.session(cliente_id), "qr_string")
        return [cliente_id for cliente_id, code in zip(tenants, pipeline.execute(), strict=True) if code]

    def write(self, lease: Lease, snapshot: Snapshot, now_ms: int, moved: SessionMoved | None = None) -> bool:
        """The owner's write. moved: the event, where `status` changed.

        False: the lease is no longer the caller's, nothing was written.
        """
        keys, cliente_id = self._keys, lease.cliente_id
        answer = self._scripts.run(
            _SNAPSHOT,
            keys={
                "lease": keys.lease(cliente_id),
                "session": keys.session(cliente_id),
                "sessions": keys.sessions,
                "events": keys.events,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "changed_channel": keys.changed_channel(cliente_id),
                "transition": event_data(moved) if moved is not None else "",
                "qr_string": snapshot.qr_string,
                "code": event_data(SessionCode(snapshot.qr_expires_at)),
            },
            rest=replace(snapshot, updated_at=now_ms).to_hash(),
        )
        return bool(answer)

    def withdraw(self, lease: Lease, cause: str, now_ms: int) -> bool:
        """The owner says that its session is no longer to be kept running. False: the lease is another's."""
        answer = self._scripts.run(
            _WITHDRAW,
            keys={
                "lease": self._keys.lease(lease.cliente_id),
                "wanted": self._keys.wanted,
                "events": self._keys.events,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "cliente_id": lease.cliente_id,
                "event": event_data(SessionUnwanted(cause)),
            },
        )
        return bool(answer)

    def unlinked(self, lease: Lease, cause: str, now_ms: int) -> bool:
        """The owner says that the phone is unlinked, as was asked for. False: the lease is another's."""
        answer = self._scripts.run(
            _UNLINKED,
            keys={
                "lease": self._keys.lease(lease.cliente_id),
                "logouts": self._keys.logouts,
                "events": self._keys.events,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "cliente_id": lease.cliente_id,
                "event": event_data(SessionUnlinked(cause)),
            },
        )
        return bool(answer)

    def mark_host_lost(self, cliente_id: int, store_id: str, text: str, now_ms: int) -> bool:
        """Says that no host mounts the profile store of a wanted session. text: for a person.

        False where a lease stands, the session is not wanted, its store is another, or it was said before.
        """
        keys = self._keys
        answer = self._scripts.run(
            _HOST_LOST,
            keys={
                "lease": keys.lease(cliente_id),
                "session": keys.session(cliente_id),
                "sessions": keys.sessions,
                "events": keys.events,
                "wanted": keys.wanted,
                "stores": keys.store_of,
            },
            args={
                "now_ms": now_ms,
                "cliente_id": cliente_id,
                "store_id": store_id,
                "changed_channel": keys.changed_channel(cliente_id),
                "text": text,
            },
        )
        return bool(answer)

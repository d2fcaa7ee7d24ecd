"""One owner per session: a lease with a token and a fence that grows with every owner ."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import redis

from shared.names import Keys
from shared.redis.scripts import Script, Scripts

_LUA = Path(__file__).parent / "lua"
_TAKE, _RENEW, _RELEASE = (Script(_LUA / f"lease_{name}.lua") for name in ("take", "renew", "release"))


class WrongStore(Exception):
    """The session's login lies in another profile store; only hosts that mount that one may claim it."""


class ClaimsClosed(Exception):
    """What this Redis holds was not compared with SQL yet: it may be empty or older, and nothing may be claimed."""


@dataclass(frozen=True, slots=True)
class Lease:
    """Proof of ownership, compared in Lua at every write of state."""

    cliente_id: int
    token: str  # random, of one worker process
    fence: int  # grows with every owner


@dataclass(frozen=True, slots=True)
class LeaseHolder:
    """What anyone can read of a lease."""

    token: str
    fence: int
    store_id: str
    pid: int
    host_id: str  # which host started it


class Leases:
    """Takes, renews and releases leases in Redis. Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys, ttl_ms: int) -> None:
        """ttl_ms: how long a lease lives without renewal."""
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)
        self.ttl_ms = ttl_ms

    def take(self, cliente_id: int, token: str, store_id: str, pid: int, host_id: str = "-") -> Lease | None:
        """The lease, or None while another holds it. host_id: of the host that started the caller.

        Raises WrongStore, ClaimsClosed.
        """
        keys = self._keys
        answer = self._scripts.run(
            _TAKE,
            keys={
                "lease": keys.lease(cliente_id),
                "fence": keys.fence(cliente_id),
                "stores": keys.store_of,
                "incarnation": keys.incarnation,
            },
            args={
                "token": token,
                "store_id": store_id,
                "pid": pid,
                "ttl_ms": self.ttl_ms,
                "cliente_id": cliente_id,
                "host_id": host_id,
            },
        )
        fence = int(answer)
        if fence == -1:
            raise WrongStore(cliente_id)
        if fence == -2:
            raise ClaimsClosed(cliente_id)
        return Lease(cliente_id, token, fence) if fence else None

    def renew(self, lease: Lease) -> bool:
        """False: it is no longer the caller's, who must end its browser and itself."""
        answer = self._scripts.run(
            _RENEW,
            keys={"lease": self._keys.lease(lease.cliente_id)},
            args={"token": lease.token, "fence": lease.fence, "ttl_ms": self.ttl_ms},
        )
        return bool(answer)

    def release(self, cliente_id: int, token: str) -> bool:
        """Gives the lease back by its token. False where it was another's or nobody's."""
        return bool(self._scripts.run(_RELEASE, {"lease": self._keys.lease(cliente_id)}, {"token": token}))

    def holder(self, cliente_id: int) -> LeaseHolder | None:
        """Who owns the session now."""
        value = self._client.get(self._keys.lease(cliente_id))
        return parse_holder(value) if isinstance(value, str) else None


def parse_holder(value: str) -> LeaseHolder:
    """Parses a lease's value `<token> <fence> <store id> <pid> <host id>`."""
    token, fence, store_id, pid, host_id = value.split(" ")
    return LeaseHolder(token, int(fence), store_id, int(pid), host_id)

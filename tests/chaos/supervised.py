"""A LeadMaster whose services are killed from outside and started again, as a supervisor would."""

from __future__ import annotations

import contextlib
import shutil
import threading
import time
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import psutil
from redis.exceptions import RedisError

from shared.redis.client import connect
from testing.clocked_server import ClockedServer
from testing.processes import descendants
from testing.separate_services import SERVICES, RedisServer, SeparateServices
from testing.simulator_process import SimulatorSettings

LOOK_S = 0.2
SHORT_OF_A_WRITE = 40  # bytes: the next record is cut off
ROOM_FOR_LOGS = 65_536
RESTART_S = 1.0  # one that can't start is not tried in a loop


class Supervised(SeparateServices):
    """Starts again what ended, after the wait that the one who killed it asked for."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, simulator: SimulatorSettings | None = None
    ) -> None:
        """As of SeparateServices. restarts: how often each service was started again."""
        super().__init__(folder, settings, simulator)
        self.restarts: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._clocked: ClockedServer | None = None
        self._redis_guard = threading.Lock()
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def start(self) -> None:
        """All services, then the supervision."""
        super().start()
        self._supervisor.start()

    def stop(self) -> int:
        """Ends the supervision, then every service in order. Returns the worst exit status."""
        self._end_supervision()
        return super().stop()

    def _abandon(self) -> None:
        self._end_supervision()
        super()._abandon()

    def _end_supervision(self) -> None:
        self._ending.set()
        if self._supervisor.ident is not None:
            self._supervisor.join()

    def crash_service(self, name: str, down_s: float, *, whole_tree: bool) -> None:
        """kill -9 of a service's main process, or of its children as well; started again after `down_s` seconds."""
        process = self.services.process(name)
        self._not_before[name] = time.monotonic() + down_s
        children = descendants(process.pid)[:-1] if whole_tree else []
        process.kill()
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        process.wait(20)

    def crash_redis(self, down_s: float) -> None:
        """kill -9 of Redis, started again over the same files after `down_s` seconds."""
        with self._redis_guard:
            if self.redis is not None:
                self.redis.terminate()
                self._ending.wait(down_s)
                self.redis.start()

    def age_redis(self, by_s: float) -> bool:
        """Redis becomes what it is now, so much later: as a lagging replica that takes over, or a restored copy."""
        assert self._clocked is not None
        files, copy = self._clocked.files, self.folder / "older-redis"
        with self._redis_guard:
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(files, copy)  # one that is cut off in the midst of a write is read up to there
        self._ending.wait(by_s)
        with self._redis_guard:
            if self.redis is None:
                return False
            self.redis.terminate()
            shutil.rmtree(files)
            shutil.copytree(copy, files)
            self.redis.start()
        return True

    def flush_redis(self) -> bool:
        """FLUSHALL."""
        with self._redis_guard, connect(self.redis_url) as client:
            try:
                client.flushall()
            except RedisError:
                return False
        return True

    def fill_disk_of_redis(self, seconds: float) -> bool:
        """Its files can't grow: with appendfsync always it ends itself at its next write. Then there is room again."""
        assert self._clocked is not None
        with self._redis_guard:
            if self.redis is None:
                return False
            server = psutil.Process(self._clocked.pid)
            most = max(path.stat().st_size for path in self._clocked.files.iterdir())
            server.rlimit(psutil.RLIMIT_FSIZE, (most + SHORT_OF_A_WRITE, psutil.RLIM_INFINITY))
            gone, _ = psutil.wait_procs([server], 20)
            self._ending.wait(seconds)
            self.redis.terminate()
            self.redis.start()
        return bool(gone)

    def fill_disk_of(self, *names: str, seconds: float) -> bool:
        """No file of these services can grow beyond what their logs have; they go on, and there is room again later."""
        logs = max(path.stat().st_size for path in self.folder.glob("*.log"))
        met = [self._limit_files(name, logs + ROOM_FOR_LOGS) for name in names]
        self._ending.wait(seconds)
        for name in names:  # also those that were started meanwhile, by one that had the limit
            self._limit_files(name, psutil.RLIM_INFINITY)
        return any(met)

    def _limit_files(self, name: str, most: int) -> bool:
        """Of a service's main process first, so that what it starts from now on has the limit as well."""
        met = False
        for process in reversed(descendants(self.services.process(name).pid)):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.rlimit(psutil.RLIMIT_FSIZE, (most, psutil.RLIM_INFINITY))
                met = True
        return met

    def shift_clock(self, by_s: int, lasts_s: float) -> None:
        """Redis' clock jumps, the machine's does not; it jumps back after a while, and whenever the run ends."""
        assert self._clocked is not None
        self._clocked.shift(by_s)
        self._ending.wait(lasts_s)
        self._clocked.shift(0)

    def _make_redis(self, folder: Path, config: dict[str, str]) -> RedisServer:
        self._clocked = ClockedServer(folder, self.redis_port, config)
        return self._clocked

    def _supervise(self) -> None:
        while not self._ending.wait(LOOK_S):
            for name, command in SERVICES.items():
                ended = self.services.process(name).poll() is not None
                if ended and time.monotonic() >= self._not_before.get(name, 0.0):
                    self.restarts[name] += 1
                    self._not_before[name] = time.monotonic() + RESTART_S
                    self.start_service(name, command)

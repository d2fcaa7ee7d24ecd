"""A LeadMaster whose parts are killed from outside and started again, as a supervisor would."""

from __future__ import annotations

import threading
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.e2e.parts import PartsStack

LOOK_S = 0.2
PARTS = {"hub": "hub", "background": "background", "beat": "beat", "host-a": "host"}


class SupervisedStack(PartsStack):
    """Starts again what ended, after the wait that the one who killed it asked for."""

    def __init__(self, folder: Path, **settings: str) -> None:
        super().__init__(folder, **settings)
        self.restarts: Counter[str] = Counter()
        self._not_before: dict[str, float] = {}
        self._redis_guard = threading.Lock()
        self._ending = threading.Event()
        self._supervisor = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    def start_up(self) -> None:
        """All parts, then the supervision."""
        super().start_up()
        self._supervisor.start()

    def stop_up(self) -> int:
        """Ends the supervision, then every part in order. Returns the worst exit status."""
        self._ending.set()
        if self._supervisor.ident is not None:
            self._supervisor.join()
        return super().stop_up()

    def crash_part(self, name: str, down_s: float, *, whole_tree: bool) -> None:
        """kill -9 of a part's main process, or of its children as well; it is started again after `down_s` seconds."""
        process = self.parts[name]
        self._not_before[name] = time.monotonic() + down_s
        children = psutil.Process(process.pid).children(recursive=True) if whole_tree else []
        process.kill()
        for child in children:
            try:
                child.kill()
            except psutil.NoSuchProcess:
                continue
        process.wait(20)

    def crash_redis(self, down_s: float) -> None:
        """kill -9 of Redis, started again over the same files after `down_s` seconds."""
        with self._redis_guard:
            if self._redis is not None:
                self._redis.terminate()
                self._ending.wait(down_s)
                self._redis.start()

    def _supervise(self) -> None:
        while not self._ending.wait(LOOK_S):
            for name, command in PARTS.items():
                if self.parts[name].poll() is not None and time.monotonic() >= self._not_before.get(name, 0.0):
                    self.restarts[name] += 1
                    self._not_before[name] = time.monotonic() + 1.0  # one that can't start is not tried in a loop
                    self.start_part(name, command)

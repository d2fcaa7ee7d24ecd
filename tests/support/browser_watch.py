"""Looks at the machine all the time: how many browsers ever ran on one profile at once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import psutil

from testing.processes import is_alive, is_browser_of, that_run
from testing.system import System

_LOOK_S = 0.05


class BrowserWatch:
    """A context: watches while it is open. most: by tenant, the most browsers that lived at the same time."""

    def __init__(self, system: System, cliente_ids: Sequence[int]) -> None:
        self._profiles = {cliente_id: system.profile(cliente_id) for cliente_id in cliente_ids}
        self.most = dict.fromkeys(cliente_ids, 0)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(_LOOK_S):
            for cliente_id, found in self._look().items():
                # One look takes a while: only browsers that still live after it lived at the same time. A child that
                # has not become another program yet still shows its parent's command line.
                pids = {process.pid for process in found}
                alive = [process for process in found if is_alive(process) and _parent_of(process) not in pids]
                self.most[cliente_id] = max(self.most[cliente_id], len(alive))

    def _look(self) -> dict[int, list[psutil.Process]]:
        chromiums = that_run(lambda process: process.name() in ("chromium", "chrome"))
        return {
            cliente_id: [one for one in chromiums if _is_browser_of(one, profile)]
            for cliente_id, profile in self._profiles.items()
        }


def _is_browser_of(process: psutil.Process, profile: Path) -> bool:
    try:
        return is_browser_of(process, profile)
    except psutil.Error:
        return False


def _parent_of(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.NoSuchProcess:
        return 0

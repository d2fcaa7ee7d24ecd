"""Being told when a process ends that isn't our child, without asking again and again (Linux: pidfd)."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable


class ProcessEnd:
    """Calls `on_end` once on the running loop when process `pid` has ended; at once where it has already."""

    def __init__(self, pid: int, on_end: Callable[[], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._on_end = on_end
        self._descriptor: int | None = None
        try:
            self._descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            self._loop.call_soon(on_end)
        else:
            self._loop.add_reader(self._descriptor, self._ended)

    def close(self) -> None:
        """Stops watching. Idempotent."""
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None

    def _ended(self) -> None:
        self.close()
        self._on_end()

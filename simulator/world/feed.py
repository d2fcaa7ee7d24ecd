"""What happens, as it happens, for whoever watches: the virtual phone page and the control API's event stream."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

_MAX_WAITING = 1000  # events of one subscriber


class Feed:
    """Hands every event to every subscriber; one that can't keep up is told to look again instead."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Mapping[str, object]]] = set()

    @property
    def watched(self) -> bool:
        """Whether anybody would see an event."""
        return bool(self._queues)

    def publish(self, event: Mapping[str, object]) -> None:
        """Hand an event to all subscribers."""
        for queue in self._queues:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait({"type": "look_again"})
            else:
                queue.put_nowait(event)

    @contextmanager
    def subscribe(self) -> Iterator[asyncio.Queue[Mapping[str, object]]]:
        """Give a queue that fills with events while the block lasts."""
        queue: asyncio.Queue[Mapping[str, object]] = asyncio.Queue(_MAX_WAITING)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

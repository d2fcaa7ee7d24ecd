"""Hears that public events were recorded: one subscription for all streams of a process."""

from __future__ import annotations

import threading
from collections.abc import Callable

import redis

_LISTEN_S = 5.0  # at most, until it is seen that it should stop
_TRY_AGAIN_S = 1.0


class Notifications:
    """A thread that calls `heard` after each notification, and after each subscription: some may have been missed."""

    def __init__(self, client: redis.Redis, channel: str, heard: Callable[[], object]) -> None:
        """client: one for subscriptions. heard: called in the thread."""
        self._client = client
        self._channel = channel
        self._heard = heard
        self._stopped = threading.Event()

    def start(self) -> None:
        """While Redis is away it tries again each second."""
        threading.Thread(target=self._run, name="events-notifications", daemon=True).start()

    def stop(self) -> None:
        """The thread ends within seconds, and calls nothing any more."""
        self._stopped.set()

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._listen()
            except redis.RedisError:  # whoever waits looks by itself now and then
                self._stopped.wait(_TRY_AGAIN_S)

    def _listen(self) -> None:
        with self._client.pubsub(ignore_subscribe_messages=True) as changes:
            changes.subscribe(self._channel)
            self._tell()
            while not self._stopped.is_set():
                if changes.get_message(timeout=_LISTEN_S) is not None:
                    self._tell()

    def _tell(self) -> None:
        if not self._stopped.is_set():
            self._heard()

"""What a process hears of Redis' channels: one connection and one thread for all in it who wait for something.

Who listens is told after each notification. It is also told once its subscription stands, each time anew, and when the
connection broke: then something may have been missed. So whoever looks each time it is told, and once before it
listens, needs to look at no other time.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import redis

from shared.logs import get_logger

_log = get_logger(__name__)

_QUIET_S = 5.0  # of silence, until the server is asked whether it is there; of silence after that, until it is not
_TRY_AGAIN_S = 1.0

Tell = Callable[[], object]


class Notifications:
    """One per process. The thread begins with the first who listens."""

    def __init__(self, client: redis.Redis, own_channel: str) -> None:
        """client: one for subscriptions. own_channel: on which nobody else says anything; wakes the thread."""
        self._client = client
        self._own_channel = own_channel
        self._guard = threading.Lock()
        self._listeners: dict[str, list[Tell]] = {}  # by channel
        self._subscribed: set[str] = set()  # of which the server said so
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()

    @contextmanager
    def listening(self, channel: str, tell: Tell) -> Iterator[None]:
        """Has `tell` called whenever there may be something new, by any thread; it must not block or raise.

        While Redis is away nobody is told, and everybody is once it is back.
        """
        with self._guard:
            self._listeners.setdefault(channel, []).append(tell)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="notifications", daemon=True)
                self._thread.start()
            stands = channel in self._subscribed
            if stands:
                tell()
        try:
            if not stands:
                self._wake()
            yield
        finally:
            with self._guard:
                self._listeners[channel].remove(tell)
                if not self._listeners[channel]:
                    del self._listeners[channel]  # the subscription ends when the thread next looks

    def close(self) -> None:
        """Ends the thread, within seconds where Redis is away. Nobody is told anything any more."""
        self._closed.set()
        if self._thread is not None:
            self._wake()
            self._thread.join(2 * _QUIET_S)

    def _wake(self) -> None:
        with suppress(redis.RedisError):  # the thread looks by itself now and then, and when it connects again
            self._client.publish(self._own_channel, "")

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                with self._client.pubsub() as connection:
                    connection.subscribe(self._own_channel)
                    self._follow(connection)
            except redis.RedisError as error:
                if not self._closed.is_set():
                    _log.warning("notifications.broken_off", reason=type(error).__name__)
                    self._broken_off()
                    self._closed.wait(_TRY_AGAIN_S)

    def _follow(self, connection: Any) -> None:
        """Raises redis.RedisError where the connection broke, or nothing comes over it any more."""
        asked: set[str] = {self._own_channel}
        asked_whether_there = False
        while not self._closed.is_set():
            message = connection.get_message(timeout=_QUIET_S)
            if message is None and asked_whether_there:
                raise redis.TimeoutError("no answer to a ping on the subscribed connection")
            asked_whether_there = message is None
            if asked_whether_there:
                connection.ping()
            elif message["type"] == "subscribe":
                self._stands(message["channel"])
            elif message["type"] == "message":
                self._tell([message["channel"]])
            asked = self._follow_listeners(connection, asked)

    def _follow_listeners(self, connection: Any, asked: set[str]) -> set[str]:
        """Subscribes to what somebody listens to by now, and to nothing else. Returns what it is subscribed to."""
        with self._guard:
            wanted = {self._own_channel, *self._listeners}
            self._subscribed &= wanted
        if fresh := wanted - asked:
            connection.subscribe(*fresh)
        if left := asked - wanted:
            connection.unsubscribe(*left)
        return wanted

    def _stands(self, channel: str) -> None:
        with self._guard:
            if channel in self._listeners:
                self._subscribed.add(channel)
        self._tell([channel])

    def _broken_off(self) -> None:
        with self._guard:
            self._subscribed.clear()
            channels = list(self._listeners)
        self._tell(channels)

    def _tell(self, channels: list[str]) -> None:
        with self._guard:  # who has left is told nothing any more
            for tell in [tell for channel in channels for tell in self._listeners.get(channel, ())]:
                tell()

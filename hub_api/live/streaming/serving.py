"""What the loop of a process's open streams does: takes connections in, passes events on, looks at credentials."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sqlalchemy.exc import SQLAlchemyError

from hub_api.live.streaming.credentials import Credentials, Standing
from hub_api.live.streaming.feed import Feed
from hub_api.live.streaming.log_reader import LogReader
from hub_api.live.streaming.stream import Stream, Subscription
from hub_api.services import Services
from shared.instant import now_ms
from shared.logs import get_logger

_log = get_logger(__name__)

_READERS = 2  # threads that read SQL for all streams
_LOOK_EVERY_S = 2.0  # for events of which no notification came
_PAUSE_S = 0.05  # between two looks, however many notifications come
_CHECK_EVERY_S = 0.5  # whether credentials still count
_SEND_BUFFER = 65_536  # bytes that the system holds for a slow reader


class Serving:
    """Belongs to the thread of the loop."""

    def __init__(self, services: Services, directory: Standing, ended: Callable[[Stream], object]) -> None:
        """ended: told of each stream once."""
        settings = services.settings
        self._services = services
        self._ended = ended
        self._beat_s = settings.events_heartbeat_seconds
        self._pool = ThreadPoolExecutor(_READERS, thread_name_prefix="events-reader")
        self._feed = Feed(LogReader(services.database, self._pool), self._is_behind, _was_slow)
        self._credentials = Credentials(services.client, services.keys, directory)
        self._streams: set[Stream] = set()
        self._catching_up: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    async def run(self) -> None:
        """Serves until the process ends."""
        heard = partial(asyncio.get_running_loop().call_soon_threadsafe, self._woken.set)
        try:
            with self._services.notifications.listening(self._services.keys.public_events_channel, heard):
                async with asyncio.TaskGroup() as tasks:
                    for work in (self._follow, self._check, self._beat):
                        tasks.create_task(work())
        finally:
            for stream in list(self._streams):
                stream.cut_off()
            self._pool.shutdown(wait=False)

    async def take(self, subscription: Subscription, connection: socket.socket) -> None:
        """Serves a connection from now on."""
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        connection.setblocking(False)
        stream = Stream(subscription, self._left)
        self._streams.add(stream)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: stream, connection)
        except OSError:  # the caller left
            connection.close()
            self._left(stream)
            return
        await self._begin(stream)

    async def _begin(self, stream: Stream) -> None:
        if not await _tried(self._feed.begin(stream), "stream.log_not_read"):
            stream.cut_off()  # it is resumed where it stands

    def _is_behind(self, stream: Stream) -> None:
        task = asyncio.get_running_loop().create_task(self._begin(stream))
        self._catching_up.add(task)  # or nobody would hold it
        task.add_done_callback(self._catching_up.discard)

    def _left(self, stream: Stream) -> None:
        self._streams.discard(stream)
        self._feed.leave(stream)
        self._ended(stream)

    async def _follow(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), _LOOK_EVERY_S)
            self._woken.clear()
            await _tried(self._feed.pass_on(), "stream.log_not_read")
            await asyncio.sleep(_PAUSE_S)

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(self._beat_s)
            self._feed.tell_places()

    async def _check(self) -> None:
        while True:
            await asyncio.sleep(_CHECK_EVERY_S)
            if self._services.waiting.ending():
                self._end(list(self._streams), "shutdown")
            await _tried(self._end_unwelcome(), "stream.credentials_not_read")

    async def _end_unwelcome(self) -> None:
        now_s = now_ms() // 1000
        self._end([one for one in self._streams if one.caller.has_expired(now_s)], "expired")
        callers = {one.caller for one in self._streams}
        look = partial(self._credentials.ended, callers)
        ended = await asyncio.get_running_loop().run_in_executor(self._pool, look) if callers else set()
        self._end([one for one in self._streams if one.caller in ended], "credentials")

    def _end(self, streams: list[Stream], reason: str) -> None:
        for stream in streams:
            if stream.open:
                _log.info("stream.ended", who=stream.caller.name, reason=reason)
                stream.end()


def _was_slow(stream: Stream) -> None:
    _log.warning("stream.slow", who=stream.caller.name, cliente_id=stream.wanted.cliente_id)


async def _tried(work: Awaitable[None], failure: str) -> bool:
    """Does it; False, with a line in the log, where the database is away."""
    try:
        await work
    except SQLAlchemyError as error:
        _log.warning(failure, reason=type(error).__name__)
        return False
    return True

"""Passes the log of public events on to open streams: to each what it wants, in order, each once, and none left out.

A stream that begins reads the log by itself up to its end. Then it joins: what the feed passes on from then on is held
until the stream has read the log once more; what it has read by then is left out. All numbers that a read does not see
are higher than those it sees (`public_events.numbers`), so nothing falls in between. A stream whose reader is slower
than the feed leaves it and begins anew, at its own pace: what it has not taken waits in SQL and not here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Protocol

from hub_api.live.streaming import frames
from hub_api.live.streaming.stream import Stream
from hub_api.public_events import numbers
from hub_api.public_events.log import Entry, Wanted

BATCH = 200  # events of one read
_MAX_HELD = 200  # events
_PATIENCE_S = 10.0  # a reader that takes nothing for so long is left
_EVERYTHING = Wanted()


class Log(Protocol):
    """The log, read beside the loop. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def after(self, number: int, wanted: Wanted, limit: int) -> Awaitable[list[Entry]]:
        """The wanted events that follow a number."""

    def newest(self) -> Awaitable[int]:
        """The highest number."""


class Feed:
    """Belongs to the thread of the loop."""

    def __init__(self, log: Log, behind: Callable[[Stream], object], slow: Callable[[Stream], object]) -> None:
        """behind: told of a stream that left, and is to `begin` anew. slow: of one that was cut off."""
        self._log = log
        self._behind = behind
        self._slow = slow
        self._joined: set[Stream] = set()
        self._passed = 0  # up to here everything was passed on to those who joined

    async def begin(self, stream: Stream) -> None:
        """Brings a stream up to now and has it join. Raises sqlalchemy.exc.SQLAlchemyError."""
        stream.tell_gap()
        while await self._catch_up(stream) and not await self._join(stream):
            pass

    def leave(self, stream: Stream) -> None:
        """Forgets a stream that ended; one that never joined is no fault."""
        self._joined.discard(stream)

    async def pass_on(self) -> None:
        """Passes on what the log has by now. Raises sqlalchemy.exc.SQLAlchemyError."""
        while self._joined:
            entries = await self._log.after(self._passed, _EVERYTHING, BATCH)
            for entry in entries:
                self._to_all(entry)
                self._passed = max(self._passed, entry.number)
                await asyncio.sleep(0)  # what was written leaves meanwhile
            if len(entries) < BATCH:
                return

    def tell_places(self) -> None:
        """Tells every stream that joined how far it is; also keeps connections alive."""
        for stream in list(self._joined):
            if stream.held is None and stream.keeps_up:
                stream.tell_place(self._passed)

    async def _catch_up(self, stream: Stream) -> bool:
        """Writes what the log has after what the stream has. False where it ended meanwhile."""
        while stream.open:
            entries = await self._log.after(stream.after, stream.wanted, BATCH)
            for entry in entries:
                stream.pass_on(entry, frame_of(entry))
                if not await stream.room(_PATIENCE_S):
                    stream.cut_off()
                    self._slow(stream)
                    return False
            if len(entries) < BATCH:
                return stream.open
        return False

    async def _join(self, stream: Stream) -> bool:
        """False where it has to be tried again: too much came meanwhile."""
        now = await self._log.newest()
        if not self._joined:
            self._passed = now  # what came before is nobody's to be passed on
        stream.held = []
        self._joined.add(stream)
        going_on = await self._catch_up(stream)
        held, stream.held = stream.held, None
        if not going_on:
            self.leave(stream)
            return True
        if stream not in self._joined:
            return False
        for entry in held:
            stream.pass_on(entry, frame_of(entry))
        stream.tell_place(now)
        return True

    def _to_all(self, entry: Entry) -> None:
        frame = frame_of(entry)
        for stream in [one for one in self._joined if one.wanted.has(entry.cliente_id, entry.type)]:
            if stream.held is not None:
                stream.held.append(entry)
                if len(stream.held) > _MAX_HELD:
                    self.leave(stream)
            elif stream.keeps_up:
                stream.pass_on(entry, frame)
            else:
                self.leave(stream)
                self._behind(stream)


def frame_of(entry: Entry) -> bytes:
    """An event of the log as it goes over a stream."""
    return frames.event(numbers.write(entry.number), entry.type, entry.body)

"""One open stream: the connection of one caller, what of the log it wants, and how far it has it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from hub_api.live.streaming import frames
from hub_api.principal import Principal
from hub_api.public_events import numbers
from hub_api.public_events.log import Entry, Wanted

_MAX_WAITING = 65_536  # bytes that wait for a reader here before it counts as behind; the system holds some more


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a caller asked for. after: the number after which it begins.

    gap: whether something that followed it may be forgotten by now. chunked: whether the answer is sent in chunks.
    """

    caller: Principal
    wanted: Wanted
    after: int
    gap: bool
    chunked: bool


class Stream(asyncio.Protocol):
    """Belongs to the thread of the loop."""

    def __init__(self, subscription: Subscription, ended: Callable[[Stream], object]) -> None:
        """ended: told once, when the connection is gone, however that came."""
        self.caller = subscription.caller
        self.wanted = subscription.wanted
        self.after = subscription.after  # the number up to which the caller has all it wants
        self.gap = subscription.gap
        self.held: list[Entry] | None = None  # what the feed passes on before all that came earlier is written
        self._chunked = subscription.chunked
        self._ended = ended
        self._transport: asyncio.Transport | None = None
        self._room = asyncio.Event()

    # ---- asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is this process's now."""
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_MAX_WAITING)
        self._room.set()

    def connection_lost(self, error: Exception | None) -> None:
        """The caller left, or was left."""
        self._transport = None
        self._room.set()
        self._ended(self)

    def pause_writing(self) -> None:
        """More waits than the reader has taken."""
        self._room.clear()

    def resume_writing(self) -> None:
        """It has taken most of it."""
        self._room.set()

    # ---- our side

    @property
    def open(self) -> bool:
        """Whether anything can still be written."""
        return self._transport is not None and not self._transport.is_closing()

    @property
    def keeps_up(self) -> bool:
        """Whether there is room for more."""
        return self._room.is_set()

    async def room(self, seconds: float) -> bool:
        """Waits for room; False where none came in so many seconds."""
        if self._room.is_set():
            return True
        try:
            await asyncio.wait_for(self._room.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def pass_on(self, entry: Entry, frame: bytes) -> None:
        """Writes an event, unless the caller has it."""
        if entry.number > self.after:
            self.after = entry.number
            self._write(frame)

    def tell_place(self, number: int) -> None:
        """Says that the caller has all it wants up to a number."""
        self.after = max(self.after, number)
        self._write(frames.place(numbers.write(self.after)))

    def tell_gap(self) -> None:
        """Says, once, that events after the one it begins with may be forgotten by now."""
        if self.gap:
            self.gap = False
            self._write(frames.gap(numbers.write(self.after)))

    def end(self) -> None:
        """Writes what waits, and ends the answer in order."""
        if self._transport is not None:
            if self._chunked:
                self._transport.write(frames.LAST_CHUNK)
            self._transport.close()

    def cut_off(self) -> None:
        """Ends the connection at once."""
        if self._transport is not None:
            self._transport.abort()

    def _write(self, frame: bytes) -> None:
        if self._transport is not None:
            self._transport.write(frames.chunk(frame) if self._chunked else frame)

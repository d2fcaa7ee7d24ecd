"""What streams get of the log, whenever they begin, whatever is recorded meanwhile, and however slowly they read."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

import pytest

from hub_api.live.streaming import feed as feed_module
from hub_api.live.streaming.feed import Feed, frame_of
from hub_api.live.streaming.stream import Stream, Subscription
from hub_api.principal import Principal
from hub_api.public_events.log import Entry, Wanted

CALLER = Principal("key:x", "cliente", 51)


class _Log:
    """A log in memory, whose reads take a while, as of a moment within it."""

    def __init__(self, rng: random.Random) -> None:
        self.entries: list[Entry] = []
        self._rng = rng

    async def pause(self) -> None:
        for _ in range(self._rng.choice([0, 0, 1, 3, 60])):
            await asyncio.sleep(0)

    async def after(self, number: int, wanted: Wanted, limit: int) -> list[Entry]:
        await self.pause()
        found = [one for one in self.entries if one.number > number and wanted.has(one.cliente_id, one.type)][:limit]
        await self.pause()
        return found

    async def newest(self) -> int:
        await self.pause()
        return self.entries[-1].number if self.entries else 0


class _Connection(asyncio.Transport):
    """Takes what is written; of what the reader has not taken only so much before it asks for a pause."""

    def __init__(self, holds: int) -> None:
        super().__init__()
        self.written: list[bytes] = []
        self.taken = 0
        self.highest = 0
        self._holds = holds
        self._closing = False
        self.stream: Stream | None = None

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))
        waiting = len(self.written) - self.taken
        self.highest = max(self.highest, waiting)
        if waiting > self._holds and self.stream is not None:
            self.stream.pause_writing()

    def take(self, count: int) -> None:
        self.taken = min(len(self.written), self.taken + count)
        if len(self.written) - self.taken <= self._holds and self.stream is not None:
            self.stream.resume_writing()

    def is_closing(self) -> bool:
        return self._closing

    def abort(self) -> None:
        self._closing = True

    def close(self) -> None:
        self._closing = True


def _stream(wanted: Wanted, after: int, holds: int, left: Callable[[Stream], object]) -> tuple[Stream, _Connection]:
    stream = Stream(Subscription(CALLER, wanted, after, gap=False, chunked=False), left)
    connection = _Connection(holds)
    connection.stream = stream
    stream.connection_made(connection)
    return stream, connection


def _events(connection: _Connection) -> list[bytes]:
    return [frame for frame in connection.written if b"data: " in frame]


async def _run(seed: int) -> None:
    rng = random.Random(seed)
    log, tasks = _Log(rng), set[asyncio.Task[None]]()

    def begin(stream: Stream) -> None:
        task = asyncio.create_task(feed.begin(stream))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    slow: list[Stream] = []
    feed = Feed(log, begin, slow.append)
    opened: list[tuple[Stream, _Connection, int]] = []
    number = 0
    for _ in range(300):
        match rng.randrange(5):
            case 0 | 1:
                for _ in range(rng.choice([1, 1, 3, 12])):
                    number += rng.randrange(1, 5)
                    log.entries.append(Entry(number, rng.choice([51, 52]), rng.choice(["a", "b"]), f"{number}"))
            case 2:
                await feed.pass_on()
            case 3 if len(opened) < 8:
                wanted = Wanted(rng.choice([51, None]), rng.choice([None, {"a"}]))
                after = rng.randrange(number + 1)
                stream, connection = _stream(wanted, after, rng.choice([2, 1_000]), feed.leave)
                opened.append((stream, connection, after))
                begin(stream)
            case _:
                for _, connection, _ in opened:
                    connection.take(rng.randrange(4))
                feed.tell_places()
        await log.pause()
    while tasks or any(connection.taken < len(connection.written) for _, connection, _ in opened):
        for _, connection, _ in opened:
            connection.take(5)
        await feed.pass_on()
        await asyncio.sleep(0)

    assert slow == []
    for stream, connection, after in opened:
        wanted = [e for e in log.entries if e.number > after and stream.wanted.has(e.cliente_id, e.type)]
        assert _events(connection) == [frame_of(entry) for entry in wanted]
        assert connection.highest <= 1_000


@pytest.mark.parametrize("seed", range(40))
def test_each_gets_all_it_wants_once_and_in_order(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "BATCH", 3)
    monkeypatch.setattr(feed_module, "_MAX_HELD", 4)
    asyncio.run(asyncio.wait_for(_run(seed), 60))


def test_for_who_takes_nothing_little_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "_PATIENCE_S", 0.05)
    slow: list[Stream] = []

    async def run() -> _Connection:
        log = _Log(random.Random(1))
        log.entries = [Entry(n, 51, "a", "x") for n in range(1, 1_000)]
        stream, connection = _stream(Wanted(51), 0, 5, lambda stream: None)
        await Feed(log, lambda stream: None, slow.append).begin(stream)
        return connection

    connection = asyncio.run(run())
    assert len(connection.written) <= 6
    assert connection.is_closing()
    assert len(slow) == 1

"""Fetching on its own thread: a real Redis, a real store, and the page of the fake engine."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
import redis

from session_worker.engine.port import EngineConfig
from session_worker.media import inputs as on
from session_worker.media.shell import Fetcher
from session_worker.media.state import Rules, State
from session_worker.session.channel import Channel
from shared.instant import now_ms
from shared.ledger.ledger import Ledger, make_ledger
from shared.media.store import MediaStore
from shared.names import EventType, Keys
from shared.protocol.events import Event, MessageInbound, MessageMedia
from shared.protocol.inbound import InboundType, MediaStatus
from support.waiting import until
from testing.fake.engine import FakeEngine
from testing.fake.whatsapp import FakeWhatsApp

CLIENTE = 51
MIB = 1 << 20
PHONE, SENDER = "5491150000051", "5491123456789"
CHANNEL = Channel("run", "login", PHONE)
RULES = Rules({InboundType.IMAGE: 4 * MIB}, 100 * MIB, 0)


@pytest.fixture
def ledger(client: redis.Redis, keys: Keys) -> Ledger:
    return make_ledger(client, keys)


@pytest.fixture
def whatsapp() -> Iterator[FakeWhatsApp]:
    made = FakeWhatsApp()
    yield made
    made.close()


@pytest.fixture
def engine(whatsapp: FakeWhatsApp, tmp_path: Path) -> Iterator[FakeEngine]:
    """A page that is linked and loaded."""
    config = EngineConfig("fake://x", tmp_path / "profile", tmp_path / "lock")
    codes: queue.SimpleQueue[str] = queue.SimpleQueue()
    made = FakeEngine(config, whatsapp)

    def listen(event: Any) -> None:
        code = getattr(getattr(event, "observation", None), "code", None)
        if code:
            codes.put(code)

    made.start(listen)
    whatsapp.scan(PHONE, codes.get(timeout=10))
    until(lambda: made.observe().registered, 10, "a linked page")
    yield made
    made.stop()


@pytest.fixture
def store(tmp_path: Path) -> MediaStore:
    return MediaStore(str(tmp_path / "media"))


Start = Callable[..., "queue.SimpleQueue[on.Input]"]


@pytest.fixture
def start(ledger: Ledger, store: MediaStore, engine: FakeEngine) -> Iterator[Start]:
    """Starts a fetcher of a session that is READY; returns its inbox."""
    started: list[Fetcher] = []

    def make(rules: Rules = RULES) -> queue.SimpleQueue[on.Input]:
        inbox: queue.SimpleQueue[on.Input] = queue.SimpleQueue()
        fetcher = Fetcher(
            inbox=inbox,
            state=State(rules),
            ledger=ledger.media,
            store=store,
            cliente_id=CLIENTE,
            engine_of=lambda run: engine if run == CHANNEL.browser_run else None,
            fetch_s=5.0,
            rng=random.Random(1),
        )
        started.append(fetcher)
        fetcher.start()
        inbox.put(on.ChannelChanged(CHANNEL))
        return inbox

    yield make
    assert all(fetcher.stop(10) for fetcher in started)


@pytest.fixture
def receive(ledger: Ledger, whatsapp: FakeWhatsApp) -> Callable[[bytes], MessageInbound]:
    """Somebody sends a picture, and it is recorded."""

    def make(content: bytes, *, says: int | None = None) -> MessageInbound:
        source = whatsapp.media.put(content)
        key = f"false_{SENDER}@c.us_{whatsapp.new_message_id()}"
        told = MessageInbound(
            SENDER, "", now_ms(), key, type=InboundType.IMAGE, media=replace(source, size=says or source.size)
        )
        ledger.receipts.record_inbound(CLIENTE, [told], now_ms())
        return told

    return make


@pytest.fixture
def outcomes(client: redis.Redis, keys: Keys) -> Callable[[], dict[str, MessageMedia]]:
    """What became of each message's bytes so far; once of each."""

    def read() -> dict[str, MessageMedia]:
        entries = cast("list[tuple[str, dict[str, str]]]", client.xrange(keys.events))
        events = [Event.from_wire(*entry) for entry in entries]
        told = [event.body for event in events if event.type is EventType.MESSAGE_MEDIA]
        bodies = [body for body in told if isinstance(body, MessageMedia)]
        assert len({body.whatsapp_id for body in bodies}) == len(bodies)
        return {body.whatsapp_id: body for body in bodies}

    return read


def test_bytes_come_into_the_store_and_it_is_told(start: Start, receive: Any, outcomes: Any, store: MediaStore) -> None:
    inbox, content = start(), random.Random(5).randbytes(3 * MIB + 5)
    told = receive(content)
    inbox.put(on.MediaRecorded())
    found = until(lambda: outcomes().get(told.whatsapp_id), 10, "an outcome")
    assert (found.status, found.size, found.attempts) == (MediaStatus.AVAILABLE, len(content), 1)
    with store.open(CLIENTE, found.sha256) as file:
        assert file.read() == content


def test_the_same_picture_twice_lies_there_once(
    start: Start, receive: Any, outcomes: Any, ledger: Ledger, store: MediaStore
) -> None:
    receive(b"a picture")
    receive(b"a picture")
    start()
    until(lambda: len(outcomes()) == 2, 10, "both outcomes")
    assert len(list(store.files(CLIENTE))) == 1
    assert ledger.media.used(CLIENTE) == len(b"a picture")


def test_more_than_it_says_is_not_kept(start: Start, receive: Any, outcomes: Any, store: MediaStore) -> None:
    told = receive(bytes(4 * MIB + 1), says=10)
    start()
    found = until(lambda: outcomes().get(told.whatsapp_id), 10, "an outcome")
    assert found.status is MediaStatus.TOO_LARGE
    assert list(store.files(CLIENTE)) == []
    assert store.sweep_incoming(CLIENTE, 0) == 0


def test_what_the_servers_lost_comes_from_the_phone(
    start: Start, receive: Any, outcomes: Any, whatsapp: FakeWhatsApp
) -> None:
    told = receive(b"a picture")
    kept = whatsapp.media.expire(told.media)
    assert kept is not None
    whatsapp.media.kept_by_phone[told.whatsapp_id] = kept
    start()
    found = until(lambda: outcomes().get(told.whatsapp_id), 10, "an outcome")
    assert found.status is MediaStatus.AVAILABLE


def test_what_fails_is_kept_for_later_and_the_next_is_fetched(
    start: Start, receive: Any, outcomes: Any, whatsapp: FakeWhatsApp, ledger: Ledger
) -> None:
    whatsapp.media.failures, whatsapp.phone_answers = 1, False
    failing, silent, fine = receive(b"1"), receive(b"2"), receive(b"3")
    whatsapp.media.expire(silent.media)
    start()
    until(lambda: fine.whatsapp_id in outcomes(), 10, "the third")
    assert set(outcomes()) == {fine.whatsapp_id}
    waiting = ledger.media.next(CLIENTE)
    assert waiting is not None
    assert (waiting.whatsapp_id, waiting.pending.tries) == (failing.whatsapp_id, 1)
    assert waiting.due_ms > now_ms()


def test_it_ends_in_the_middle_of_a_fetch_when_the_browser_does(
    start: Start, receive: Any, engine: FakeEngine, ledger: Ledger
) -> None:
    receive(b"a picture")
    engine.hang()
    inbox = start()
    until(lambda: (found := ledger.media.next(CLIENTE)) is not None and found.pending.tries == 1, 10, "a fetch")
    inbox.put(on.StopAsked())
    engine.stop()  # as a session does on its way out; `start` sees that the thread ends

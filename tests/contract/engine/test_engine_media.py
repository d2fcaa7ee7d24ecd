"""Bytes of received messages, out of the page (session_worker/engine/port.py, `fetch_media`)."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable

import pytest

from session_worker.engine.port import EngineError
from shared.protocol.inbound import MediaSource
from support.waiting import until
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import SentFile, World, new_number

MIB = 1 << 20
SECONDS = 30.0


class TestFetching:
    """Asked of every adapter, on one page."""

    def test_bytes_come_in_pieces_and_in_order(self, world: World, linked: EngineRun, number: str) -> None:
        content = random.Random(1).randbytes(3 * MIB + 17)
        file, pieces = world.send_file(new_number(), number, content), []
        taken = _until_fetched(linked, file, pieces.append)
        assert b"".join(pieces) == content
        assert taken == len(content)
        assert max(map(len, pieces)) <= MIB
        assert len(pieces) >= 4

    def test_what_a_message_is_told_to_carry_is_enough(self, world: World, linked: EngineRun, number: str) -> None:
        """The stored fields alone: without them the page would ask its own message."""
        content, pieces = random.Random(6).randbytes(40_000), []
        file = world.send_file(new_number(), number, content)
        source = world.source_of(file, linked)
        assert source.direct_path
        assert source.media_key
        linked.engine.fetch_media("false_5491100000000@c.us_3EB0NONE", source, pieces.append, MIB, SECONDS)
        assert b"".join(pieces) == content

    def test_more_than_is_wanted_is_refused(self, world: World, linked: EngineRun, number: str) -> None:
        file, pieces = world.send_file(new_number(), number, bytes(2_000)), []
        _until_fetched(linked, file, lambda piece: None)
        with pytest.raises(EngineError) as refused:
            linked.engine.fetch_media(file.key, file.source, pieces.append, 1_999, SECONDS)
        assert refused.value.code == "MEDIA_TOO_LARGE"
        assert pieces == []

    def test_what_the_sink_says_is_heard(self, world: World, linked: EngineRun, number: str) -> None:
        file = world.send_file(new_number(), number, bytes(3 * MIB))
        _until_fetched(linked, file, lambda piece: None)

        def full(piece: bytes) -> None:
            raise OSError("the disk is full")

        with pytest.raises(OSError, match="full"):
            linked.engine.fetch_media(file.key, file.source, full, 4 * MIB, SECONDS)
        # and the page goes on
        assert _until_fetched(linked, file, lambda piece: None) == 3 * MIB

    def test_what_the_servers_lost_comes_from_the_phone(self, world: World, linked: EngineRun, number: str) -> None:
        content, pieces = random.Random(2).randbytes(50_000), []
        file = world.send_file(new_number(), number, content)
        world.expire_file(file, on_phone=True)
        _until_fetched(linked, file, pieces.append)
        assert b"".join(pieces) == content

    def test_what_nobody_has_any_more_has_expired(self, world: World, linked: EngineRun, number: str) -> None:
        file = world.send_file(new_number(), number, bytes(1_000))
        world.expire_file(file, on_phone=False)
        until(lambda: _code(linked, file) == "MEDIA_EXPIRED", 20, "the word that it expired")

    def test_a_phone_that_is_silent_is_waited_for_a_little_only(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        file = world.send_file(new_number(), number, random.Random(3).randbytes(1_000))
        world.expire_file(file, on_phone=True)
        world.silence_phone(number, silent=True)
        try:
            assert _code(linked, file) == "MEDIA_EXPIRED"
        finally:
            world.silence_phone(number, silent=False)

    def test_a_download_that_breaks_off_is_no_expiry(self, world: World, linked: EngineRun, number: str) -> None:
        file = world.send_file(new_number(), number, random.Random(4).randbytes(2_000))
        world.break_downloads(number, broken=True)
        try:
            assert _code(linked, file) == "WHATSAPP_ERROR"
        finally:
            world.break_downloads(number, broken=False)
        assert _until_fetched(linked, file, lambda piece: None) == 2_000

    def test_a_message_that_the_page_does_not_have_has_expired(self, linked: EngineRun) -> None:
        unknown = SentFile(f"false_{new_number()}@c.us_3EB0FFFF", MediaSource("document"), "")
        assert _code(linked, unknown) == "MEDIA_EXPIRED"

    def test_other_calls_are_answered_meanwhile(self, world: World, linked: EngineRun, number: str) -> None:
        content = bytes(3 * MIB)
        file, observed = world.send_file(new_number(), number, content), []
        _until_fetched(linked, file, lambda piece: None)

        def look_between(piece: bytes) -> None:
            asking = threading.Thread(target=lambda: observed.append(linked.engine.observe().registered))
            asking.start()
            asking.join(10)

        linked.engine.fetch_media(file.key, file.source, look_between, 4 * MIB, SECONDS)
        assert observed == [True] * len(observed)
        assert len(observed) >= 4


def _until_fetched(run: EngineRun, file: SentFile, sink: Callable[[bytes], object]) -> int:
    """Fetches it once the page has the message. Returns how many bytes came."""
    taken: list[bytes] = []

    def fetch() -> bool:
        taken.clear()
        try:
            run.engine.fetch_media(file.key, file.source, taken.append, 100 * MIB, SECONDS)
        except EngineError as error:
            if error.code != "MEDIA_EXPIRED":
                raise
            return False  # the page does not know the message yet
        return True

    until(fetch, 30, "the bytes")
    for piece in taken:
        sink(piece)
    return sum(map(len, taken))


def _code(run: EngineRun, file: SentFile) -> str:
    """Of the failure; empty where it was fetched."""
    try:
        run.engine.fetch_media(file.key, file.source, lambda piece: None, 100 * MIB, SECONDS)
    except EngineError as error:
        return error.code
    return ""

"""Uploads: kept for a day by login, file and type; with the key; made on threads of their own."""

from __future__ import annotations

import hashlib
import json
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, cast

import pytest
import redis

from session_worker.engine.port import Engine, EngineError, ReadFile
from session_worker.sending.uploads.upload import Failure, UploadRequest
from session_worker.sending.uploads.uploader import Uploader
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Outcome, Pause, PutKey, Recover, Send
from shared.ledger.ledger import make_ledger
from shared.ledger.message import Draft, new_message_id
from shared.ledger.uploads.uploads import YOUNG_MS, UploadLedger
from shared.media.store import MediaStore, StoreFailed
from shared.names import Keys
from shared.protocol.content import PLAIN, Content, ContentType, MediaFile
from shared.transitions.message import Lane
from shared.transitions.session import SessionStatus
from support.claiming import NO_PACE, stored
from support.owner import Owner, own

CLIENTE, NOW = 51, 1_800_000_000_000
WAIT_S = 20.0
BYTES = b"bytes of a file" * 100_000
PICTURE = Content(ContentType.IMAGE, MediaFile(hashlib.sha256(BYTES).hexdigest(), "image/jpeg", len(BYTES)))


@pytest.fixture
def uploads(client: redis.Redis, keys: Keys) -> UploadLedger:
    return make_ledger(client, keys).uploads


@pytest.fixture
def owner(client: redis.Redis, keys: Keys) -> Owner:
    return own(client, keys, SessionStatus.READY, CLIENTE, clock=lambda: NOW)


def accept(owner: Owner, to: str, content: Content = PICTURE) -> str:
    draft = Draft(new_message_id(), CLIENTE, to, "pie", Lane.SINGLE, NOW, NOW + 600_000, wake=True, content=content)
    owner.ledger.accepting.accept_many([(draft, b"")], AcceptLimits(100, 0))
    return draft.message_id


class TestYoungUploads:
    def test_they_are_of_one_tenant_login_file_and_type(
        self, uploads: UploadLedger, client: redis.Redis, keys: Keys
    ) -> None:
        uploads.keep(CLIENTE, "login", PICTURE, "secret")
        assert uploads.find(CLIENTE, "login", PICTURE) == "secret"
        other_file = replace(PICTURE, media=MediaFile("0" * 64, "image/jpeg", 1))
        assert uploads.find(CLIENTE + 1, "login", PICTURE) == ""
        assert uploads.find(CLIENTE, "login 2", PICTURE) == ""
        assert uploads.find(CLIENTE, "login", other_file) == ""
        assert uploads.find(CLIENTE, "login", replace(PICTURE, type=ContentType.DOCUMENT)) == ""
        # and they end by themselves
        [key] = client.scan_iter(keys.upload(CLIENTE, "*"))
        assert 0 < client.pttl(key) <= YOUNG_MS

    def test_a_text_has_none(self, uploads: UploadLedger) -> None:
        with pytest.raises(ValueError, match="text has no file"):
            uploads.find(CLIENTE, "login", PLAIN)


class TestInTheLedger:
    def test_an_upload_stands_with_the_key_and_goes_with_it(self, owner: Owner) -> None:
        message_id = accept(owner, "5491100000001")
        message = owner.claim()
        assert owner.put_key(replace(message, upload="secret")) is PutKey.OK
        # then whoever recovers it has it
        work = owner.next_work(browser_run="b2")
        assert isinstance(work, Recover)
        assert (work.message.upload, work.message.content) == ("secret", PICTURE)
        # when it is certain that nothing went out, then the next key gets an upload of its own
        owner.complete(work.message, Outcome.QUEUED, "REFUSED_BY_WHATSAPP")
        assert stored(owner.ledger, message_id).upload == ""

    def test_claims_pass_over_files_while_enough_are_uploaded_and_keep_the_order(self, owner: Owner) -> None:
        # given a picture and a text behind it to one person, and a text to another
        picture = accept(owner, "5491100000001")
        behind = accept(owner, "5491100000001", PLAIN)
        place = accept(owner, "5491100000003", replace(PLAIN, mentions=("5491100000009",)))

        def claim(*, media_allowed: bool) -> Send | Recover | Pause:
            return owner.ledger.claiming.claim_next(
                owner.lease, "b1", NOW, NO_PACE, bulk_allowed=True, media_allowed=media_allowed
            )

        # then only what has no file leaves, and nobody is overtaken
        work = claim(media_allowed=False)
        assert isinstance(work, Send)
        assert work.message.message_id == place
        assert claim(media_allowed=False) == Pause(None)
        work = claim(media_allowed=True)
        assert isinstance(work, Send)
        assert work.message.message_id == picture
        owner.put_key(work.message)
        owner.acknowledge(work.message)
        work = claim(media_allowed=False)
        assert isinstance(work, Send)
        assert work.message.message_id == behind


class Page:
    """Stands in for an engine: it reads the file in two pieces."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.may_end = threading.Event()
        self.may_end.set()
        self.begun: queue.SimpleQueue[ContentType] = queue.SimpleQueue()

    def upload(self, content: Content, read: ReadFile, timeout_s: float) -> str:
        assert content.media is not None
        self.begun.put(content.type)
        half = content.media.size // 2
        whole = read(0, half) + read(half, content.media.size)
        assert self.may_end.wait(timeout_s)
        if self.error is not None:
            raise self.error
        return json.dumps({"sha256": hashlib.sha256(whole).hexdigest(), "type": content.type})


class Store(MediaStore):
    """A real one, which can be away."""

    fails = False

    def open(self, cliente_id: int, sha256: str) -> BinaryIO:
        if self.fails:
            raise StoreFailed("read: OSError")
        return super().open(cliente_id, sha256)


class Around:
    """An uploader with all that it needs."""

    def __init__(self, folder: Path, ledger: UploadLedger) -> None:
        self.page = Page()
        self.store = Store(str(folder))
        with self.store.writing(CLIENTE, len(BYTES)) as file:
            file.write(BYTES)
            file.commit()
        self.inbox: queue.SimpleQueue[UploadRequest | None] = queue.SimpleQueue()
        self.told: queue.SimpleQueue[tuple[UploadRequest, str | Failure]] = queue.SimpleQueue()
        self.uploader = Uploader(
            inbox=self.inbox,
            ledger=ledger,
            store=self.store,
            cliente_id=CLIENTE,
            engine_of=cast("Callable[[str], Engine | None]", {"run": self.page}.get),
            tell=lambda request, result: self.told.put((request, result)),
        )

    def ask(self, request: UploadRequest) -> str | Failure:
        self.inbox.put(request)
        told, result = self.told.get(timeout=WAIT_S)
        assert told == request
        return result


REQUEST = UploadRequest("run", "login", PICTURE)


@pytest.fixture
def around(tmp_path: Path, uploads: UploadLedger) -> Iterator[Around]:
    made = Around(tmp_path / "media", uploads)
    made.uploader.start()
    yield made
    made.page.may_end.set()
    made.uploader.stop(WAIT_S)


class TestUploader:
    def test_the_page_gets_the_bytes_of_the_store_and_what_it_says_is_kept(
        self, around: Around, uploads: UploadLedger
    ) -> None:
        result = around.ask(REQUEST)
        assert isinstance(result, str)
        assert json.loads(result) == {"sha256": hashlib.sha256(BYTES).hexdigest(), "type": "image"}
        assert uploads.find(CLIENTE, "login", PICTURE) == result

    @pytest.mark.parametrize("code", ["MEDIA_REFUSED", "MEDIA_UPLOAD_FAILED", "PAGE_FAILED"])
    def test_it_tells_why_there_is_none_and_goes_on(self, around: Around, uploads: UploadLedger, code: str) -> None:
        around.page.error = EngineError(code, "why")
        assert around.ask(REQUEST) == Failure(code, "why")
        assert uploads.find(CLIENTE, "login", PICTURE) == ""
        around.page.error = None
        assert isinstance(around.ask(REQUEST), str)

    def test_a_defect_ends_no_thread(self, around: Around) -> None:
        around.page.error = RuntimeError("of the test")
        for _ in range(5):
            assert around.ask(REQUEST) == Failure("MEDIA_UPLOAD_FAILED", "RuntimeError")

    def test_a_file_that_is_gone_and_a_store_that_is_away(self, around: Around) -> None:
        gone = replace(PICTURE, media=MediaFile("0" * 64, "image/jpeg", 1))
        assert around.ask(replace(REQUEST, content=gone)) == Failure("MEDIA_GONE")
        around.store.fails = True
        result = around.ask(REQUEST)
        assert isinstance(result, Failure)
        assert result.code == "MEDIA_STORE_UNREACHABLE"

    def test_a_browser_that_has_ended(self, around: Around) -> None:
        result = around.ask(replace(REQUEST, browser_run="another"))
        assert result == Failure("PAGE_FAILED", "the browser run has ended")

    def test_a_second_file_does_not_wait_for_the_first(self, around: Around) -> None:
        around.page.may_end.clear()
        for kind in (ContentType.IMAGE, ContentType.DOCUMENT):
            around.inbox.put(replace(REQUEST, content=replace(PICTURE, type=kind)))
        assert {around.page.begun.get(timeout=WAIT_S) for _ in range(2)} == {ContentType.IMAGE, ContentType.DOCUMENT}
        around.page.may_end.set()
        assert all(isinstance(around.told.get(timeout=WAIT_S)[1], str) for _ in range(2))

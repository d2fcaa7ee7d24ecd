"""Has the page upload files, on threads of its own: what needs no upload leaves meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import redis

from session_worker.engine.port import Engine, EngineError
from session_worker.sending.uploads.upload import MAX_WAITING, Failure, UploadRequest
from shared.instant import steady_ms
from shared.ledger.uploads.uploads import UploadLedger
from shared.logs import get_logger
from shared.media.store import MediaStore, StoreFailed

_log = get_logger(__name__)

_BASE_S = 30.0
_MIN_BYTES_PER_S = 128 * 1024  # a slower line than this gets no file through


def limit_s(size: int) -> float:
    """How long the upload of so many bytes may take."""
    return _BASE_S + size / _MIN_BYTES_PER_S


class _FileGone(Exception):
    """The media store does not have it any more."""


@contextmanager
def _gone_where_not_found() -> Iterator[None]:
    """Around the store alone: what else is not found says nothing of the file."""
    try:
        yield
    except FileNotFoundError as error:
        raise _FileGone from error


class Uploader:
    """Uploads what is put into `inbox`, as many files at a time as messages may wait; None ends a thread.

    tell(request, result): called with what came of each. engine_of(browser_run): that run's engine while it lives.
    """

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[UploadRequest | None],
        ledger: UploadLedger,
        store: MediaStore,
        cliente_id: int,
        engine_of: Callable[[str], Engine | None],
        tell: Callable[[UploadRequest, str | Failure], None],
    ) -> None:
        self._inbox = inbox
        self._ledger = ledger
        self._store = store
        self._cliente_id = cliente_id
        self._engine_of = engine_of
        self._tell = tell
        self._threads = [
            threading.Thread(target=self._run, name=f"uploader-{number}", daemon=True) for number in range(MAX_WAITING)
        ]

    def start(self) -> None:
        """Starts the threads."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float) -> None:
        """Ends them; an upload under way ends with its browser."""
        until_ms = steady_ms() + round(timeout_s * 1000)
        for _ in self._threads:
            self._inbox.put(None)
        for thread in self._threads:
            thread.join(max(0.0, (until_ms - steady_ms()) / 1000))

    def _run(self) -> None:
        while (request := self._inbox.get()) is not None:
            self._tell(request, self._result(request))

    def _result(self, request: UploadRequest) -> str | Failure:
        try:
            upload = self._upload(request)
        except EngineError as error:
            return Failure(error.code, error.detail)
        except _FileGone:
            return Failure("MEDIA_GONE")
        except StoreFailed as error:
            return Failure("MEDIA_STORE_UNREACHABLE", str(error))
        except Exception as error:  # noqa: BLE001
            # The thread's edge: a defect must neither leave messages waiting nor end the thread.
            _log.exception("uploader.defect")
            return Failure("MEDIA_UPLOAD_FAILED", type(error).__name__)
        try:
            self._ledger.keep(self._cliente_id, request.login_id, request.content, upload)
        except redis.RedisError as error:
            _log.warning("upload.not_kept", error=type(error).__name__)  # it serves those who wait for it all the same
        return upload

    def _upload(self, request: UploadRequest) -> str:
        """Raises EngineError, _FileGone, StoreFailed."""
        engine, media = self._engine_of(request.browser_run), request.content.media
        if engine is None or media is None:
            raise EngineError("PAGE_FAILED", "the browser run has ended")
        started_ms = steady_ms()
        with ExitStack() as held:
            with _gone_where_not_found():
                file = held.enter_context(self._store.open(self._cliente_id, media.sha256))

            def read(offset: int, size: int) -> bytes:
                with _gone_where_not_found():  # some stores look for it only now
                    file.seek(offset)
                    return file.read(size)

            upload = engine.upload(request.content, read, limit_s(media.size))
        _log.info("upload.done", type=request.content.type, bytes=media.size, ms=steady_ms() - started_ms)
        return upload

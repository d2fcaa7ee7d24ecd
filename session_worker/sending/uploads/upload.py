"""A file on its way to WhatsApp, and the messages that wait for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from session_worker.engine.port import Prepared
from shared.ledger.message import Message
from shared.protocol.content import Content, ContentType

MAX_WAITING = 2  # messages that are claimed and wait for an upload; further ones with media are not claimed


@dataclass(frozen=True, slots=True)
class UploadRequest:
    """A file that a browser run is to upload as one type of media."""

    browser_run: str
    login_id: str
    content: Content  # with its file; of the message that asked for it first

    @property
    def file(self) -> File:
        return File.of(self.content)


@dataclass(frozen=True, slots=True)
class File:
    """What an upload is of: the same bytes as another type are another one."""

    sha256: str
    type: ContentType

    @classmethod
    def of(cls, content: Content) -> File:
        """Raises AssertionError where the content has no file."""
        if content.media is None:
            raise AssertionError("only media are uploaded")
        return cls(content.media.sha256, content.type)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A claimed message that needs an upload. prepared: the key it has, where an earlier browser run was given it."""

    message: Message
    prepared: Prepared | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no upload: nothing went out. code: of shared.texts."""

    code: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """One that was asked for. result: None while it is under way; the engine's word, a secret, or why there is none."""

    request: UploadRequest
    waiting: tuple[Waiting, ...] = ()  # of one that is kept, one at least
    result: str | Failure | None = None

    def with_waiting(self, one: Waiting) -> Upload:
        """With one more message, or in the place of what was known of the same."""
        others = tuple(other for other in self.waiting if other.message.message_id != one.message.message_id)
        return replace(self, waiting=(*others, one))


Uploads = Mapping[File, Upload]


def waiting_in(uploads: Uploads) -> list[Waiting]:
    """All messages that wait for one of them."""
    return [one for upload in uploads.values() for one in upload.waiting]


def ended(uploads: Uploads, request: UploadRequest, result: str | Failure) -> Uploads:
    """After one came to its end. What nobody waits for any more, or another page was asked for, changes nothing."""
    known = uploads.get(request.file)
    if known is None or known.request != request:
        return uploads
    return {**uploads, request.file: replace(known, result=result)}


def take(uploads: Uploads, file: File) -> tuple[Waiting, Uploads]:
    """The first message that waits for a file, and the uploads without it; none is kept for nobody."""
    upload, rest = uploads[file], {other: upload for other, upload in uploads.items() if other != file}
    first, *others = upload.waiting
    return first, {**rest, file: replace(upload, waiting=tuple(others))} if others else rest

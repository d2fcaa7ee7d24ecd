"""A `multipart/form-data` body with one file in it, read in pieces: the file goes into the store while it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import Request
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from hub_api.media.sources.staging import Staged, staging
from hub_api.services import Services
from hub_api.web.inputs import BODY_LIMIT
from shared.errors import PayloadTooLarge, ValidationFailed

FILE = "file"  # the part's name
_PIECE_BYTES = 64 * 1024
_MAX_PARTS = 50
_MAX_BOUNDARY = 200  # characters; RFC 2046 (5.1.1) allows 70, and some senders take a few more
_CUT_OFF = "the upload was cut off, or is no multipart/form-data"


class ReceivedForm:
    """One body, read to its end. fields: its other parts, as text."""

    def __init__(self, fields: dict[str, str], staged: Staged, file_name: str) -> None:
        self.fields = fields
        self.staged = staged
        self.file_name = file_name


@contextmanager
def receiving(services: Services, cliente_id: int, request: Request) -> Iterator[ReceivedForm]:
    """Reads a request. What of the file is not kept when the block ends is gone.

    Raises ValidationFailed (no such body, cut off, no file in it or several), PayloadTooLarge, MediaQuotaExceeded,
    TenantWaitsEnough, NoPlaceToWait, MediaStoreUnreachable; werkzeug's UnsupportedMediaType; redis.RedisError.
    """
    most = max(services.settings.media_send_limits.values())
    request.max_content_length = most + BODY_LIMIT  # its other parts, boundaries and headers
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype != "multipart/form-data":
        raise UnsupportedMediaType()
    if not 0 < len(boundary) <= _MAX_BOUNDARY or not boundary.isascii():
        raise ValidationFailed(details={"Content-Type": "has no boundary, or none that is allowed"})
    announced = request.content_length or 0
    if announced > request.max_content_length:
        raise PayloadTooLarge(details={FILE: f"more than {most:,} bytes"})
    with ExitStack() as held:
        held.enter_context(services.waiting.place(cliente_id))  # a slow sender takes a thread as long as one that waits
        staged = held.enter_context(staging(services, cliente_id, FILE, most, max(announced - BODY_LIMIT, 0)))
        fields, file_name = _read(request, boundary, staged)
        yield ReceivedForm(fields, staged, file_name)


def _read(request: Request, boundary: str, staged: Staged) -> tuple[dict[str, str], str]:
    """Returns the fields, and the file's name as it was told."""
    fields: dict[str, bytearray] = {}
    names: list[str] = []  # of files
    into: bytearray | None = None
    try:
        for event in _events(request, boundary):
            if isinstance(event, File) and event.name == FILE:
                names.append(event.filename)
                into = None
            elif isinstance(event, (File, Field)):
                if event.name in fields or isinstance(event, File):
                    raise ValidationFailed(details={str(event.name or "body"): "stands twice, or is a file"})
                into = fields[event.name] = bytearray()
            elif isinstance(event, Data) and into is None:
                if len(names) > 1:
                    raise ValidationFailed(details={FILE: "one file, not several"})
                staged.write(event.data)
            elif isinstance(event, Data) and into is not None:
                into += event.data
                if sum(map(len, fields.values())) > BODY_LIMIT:
                    raise PayloadTooLarge(details={"body": f"more than {BODY_LIMIT:,} bytes beside the file"})
        told = {name: bytes(value).decode() for name, value in fields.items()}
    except RequestEntityTooLarge:
        raise PayloadTooLarge(details={FILE: "more than may be sent, or too many parts"}) from None
    except (ValueError, AssertionError, BadRequest, OSError):  # of the decoder, a broken connection among them
        raise ValidationFailed(details={FILE: _CUT_OFF}) from None
    if not names:
        raise ValidationFailed(details={FILE: "is missing"})
    return told, names[0]


def _events(request: Request, boundary: str) -> Iterator[Data | Epilogue | Field | File]:
    """The body's parts, as they come. Raises ValueError where it ends too early."""
    decoder = MultipartDecoder(boundary.encode(), BODY_LIMIT, max_parts=_MAX_PARTS)
    stream, read, announced = request.stream, 0, request.content_length
    while True:
        piece = stream.read(_PIECE_BYTES)
        read += len(piece)
        if not piece and announced is not None and read < announced:
            raise ValueError("fewer bytes than announced")
        decoder.receive_data(piece or None)
        while not isinstance(event := decoder.next_event(), NeedData):
            if isinstance(event, (Data, Field, File, Epilogue)):
                yield event
            if isinstance(event, Epilogue):
                return

"""A file that we send, into the page in slices: never all of it in one string, here or on the way; and its upload."""

from __future__ import annotations

import base64
import json
import uuid
from contextlib import suppress

from session_worker.engine.playwright_adapter.media_fetch import SLICE_BYTES, Ask
from session_worker.engine.port import EngineError, ReadFile
from shared.instant import steady_ms
from shared.protocol.content import Content

_SLICE_SECONDS = 10.0
_END_SECONDS = 2.0
_ANSWER_SECONDS = 2.0  # beyond the page's own deadline, for its answer to arrive


def upload(ask: Ask, content: Content, read: ReadFile, timeout_s: float) -> str:
    """See `port.Engine.upload`. ask(method, argument, timeout_s): calls the bridge."""
    file = content.media
    if file is None:
        raise EngineError("MEDIA_REFUSED", "upload: no file")
    deadline_ms = steady_ms() + round(timeout_s * 1000)
    token = uuid.uuid4().hex

    def left_s() -> float:
        left_ms = deadline_ms - steady_ms()
        if left_ms <= 0:
            raise EngineError("MEDIA_UPLOAD_FAILED", "upload: no time is left")
        return left_ms / 1000

    try:
        begun = {"token": token, "type": content.type.value, "size": file.size}
        ask("beginUpload", begun, min(_SLICE_SECONDS, left_s()))
        for offset in range(0, file.size, SLICE_BYTES):
            part = base64.b64encode(read(offset, min(SLICE_BYTES, file.size - offset))).decode()
            ask("addToUpload", {"token": token, "part": part}, min(_SLICE_SECONDS, left_s()))
        finished = {
            "token": token,
            "type": content.type.value,
            "mime_type": file.mime_type,
            "file_name": file.file_name,
            "timeout_ms": round(left_s() * 1000),
        }
        told = ask("finishUpload", finished, left_s() + _ANSWER_SECONDS)
    finally:
        with suppress(EngineError):  # a page that is gone has freed it
            ask("endUpload", token, _END_SECONDS)
    return json.dumps(told, sort_keys=True)

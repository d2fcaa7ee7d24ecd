"""Answers that are a file's bytes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from flask import Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

from hub_api.media.file_names import disposition
from hub_api.media.opening import Opened
from hub_api.web.endpoint import Call

BYTES: Any = {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
_CHUNK_BYTES = 64 * 1024
# Whatever it is, it is saved and never shown as a page of ours; and whoever may no longer read it asks in vain.
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
}


def hand_out(call: Call, find: Callable[[], Opened]) -> Response:
    """The request's answer: an attachment; one `Range` and `If-None-Match` are heeded. Raises as `find`; RateLimited
    and QueueFull where too many read already."""
    with ExitStack() as held:
        if request.method != "HEAD":  # a slow reader takes a thread for as long as a caller that waits
            held.enter_context(call.services.waiting.place(call.cliente_id))
        found = find()
        held.callback(found.file.close)
        answer = Response(FileWrapper(found.file, _CHUNK_BYTES), mimetype=found.mime_type, headers=_HEADERS)
        answer.headers["Content-Type"] = found.mime_type  # as it is: no charset is ours to add
        answer.headers["Content-Disposition"] = disposition(found.name)
        answer.headers["Content-Length"] = str(found.size)
        answer.set_etag(found.sha256)
        one_range = "," not in request.headers.get("Range", "")  # of several, the whole is sent, as RFC 9110 allows
        try:
            answer.make_conditional(request, accept_ranges=one_range, complete_length=found.size)
        except RequestedRangeNotSatisfiable as error:
            error.length = found.size
            raise
        answer.headers["Accept-Ranges"] = "bytes"
        answer.call_on_close(held.pop_all().close)
        return answer

"""Bytes of a received message, out of the page in slices: never all of them in one string, here or on the way."""

from __future__ import annotations

import base64
import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from session_worker.engine.port import EngineError
from shared.instant import steady_ms
from shared.protocol.inbound import MediaSource

SLICE_BYTES = 768 * 1024  # a MiB as base64
_SLICE_SECONDS = 10.0
_END_SECONDS = 2.0
_ANSWER_SECONDS = 2.0  # beyond the page's own deadline, for its answer to arrive

# Of a source, what the page needs: all that WhatsApp's own download takes.
_FIELDS = ("wa_type", "direct_path", "media_key", "media_key_timestamp", "filehash", "enc_filehash")

Ask = Callable[[str, object, float], Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """Of one fetch."""

    max_bytes: int
    timeout_s: float


def fetch(ask: Ask, key: str, source: MediaSource, sink: Callable[[bytes], object], bounds: Bounds) -> None:
    """See `port.Engine.fetch_media`. ask(method, argument, timeout_s): calls the bridge."""
    deadline_ms = steady_ms() + round(bounds.timeout_s * 1000)
    token = uuid.uuid4().hex
    asked = {
        "token": token,
        "key": key,
        "source": {name: getattr(source, name) for name in _FIELDS},
        "max_bytes": bounds.max_bytes,
        "timeout_ms": round(bounds.timeout_s * 1000),
    }
    try:
        size = int(ask("beginMedia", asked, bounds.timeout_s + _ANSWER_SECONDS)["size"])
        for offset in range(0, size, SLICE_BYTES):
            if steady_ms() >= deadline_ms:
                raise EngineError("PAGE_FAILED", "readMedia: no time is left")
            length = min(SLICE_BYTES, size - offset)
            part = ask("readMedia", {"token": token, "offset": offset, "length": length}, _SLICE_SECONDS)
            sink(base64.b64decode(part))
    finally:
        with suppress(EngineError):  # a page that is gone has freed it
            ask("endMedia", token, _END_SECONDS)

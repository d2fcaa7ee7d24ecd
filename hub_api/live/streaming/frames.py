"""What goes over an open stream: server-sent events, in chunks where the answer is chunked. Pure.

The format is the one of https://html.spec.whatwg.org/multipage/server-sent-events.html. A frame without `data` is no
event to a browser, and yet it remembers the `id`: so a stream on which nothing happens for long goes on from now.
"""

from __future__ import annotations

GAP = "gap"  # the one event of a stream that is none of the log
LAST_CHUNK = b"0\r\n\r\n"


def beginning(retry_ms: int) -> bytes:
    """The first frame. retry_ms: after which the caller connects again where the stream ended."""
    return f"retry: {retry_ms}\n\n".encode()


def event(event_id: str, kind: str, body: str) -> bytes:
    """One event. body: JSON without line breaks."""
    return f"id: {event_id}\nevent: {kind}\ndata: {body}\n\n".encode()


def gap(event_id: str) -> bytes:
    """Says that not everything that followed an event is kept any more."""
    return f'event: {GAP}\ndata: {{"after":"{event_id}"}}\n\n'.encode()


def place(event_id: str) -> bytes:
    """Says up to where the caller has all it wants; keeps the connection alive meanwhile."""
    return f": alive\nid: {event_id}\n\n".encode()


def chunk(frame: bytes) -> bytes:
    """A frame as one chunk of the transfer coding."""
    return b"%x\r\n%s\r\n" % (len(frame), frame)

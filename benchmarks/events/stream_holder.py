"""Holds streams of events open and reads them: one thread, raw sockets.

Run as a process, `python -m benchmarks.events.stream_holder`. It reads one request (JSON) per line from stdin:
`{"host", "port", "heads"}` opens a stream with each of these request heads, beside those that are open; `{}` tells how
things stand; `{"close": true}` closes all. Each is answered with `{"open": n, "events": how many came, "cpu_s": s}`.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any

from benchmarks.harness.line_process import answer

_READ = 65_536


class Holder:
    """All streams, and stdin, on one selector."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._selector.register(sys.stdin, selectors.EVENT_READ, None)
        self._streams: set[socket.socket] = set()
        self._events = 0

    def run(self) -> None:
        """Until stdin ends."""
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.fileobj, socket.socket):
                    self._read(key.fileobj)
                elif not (line := sys.stdin.readline()):
                    return
                else:
                    self._obey(json.loads(line))

    def _obey(self, asked: dict[str, Any]) -> None:
        for head in asked.get("heads", ()):
            self._open(asked["host"], asked["port"], head)
        if asked.get("close"):
            for stream in list(self._streams):
                self._left(stream)
        answer(open=len(self._streams), events=self._events, cpu_s=time.process_time())

    def _open(self, host: str, port: int, head: str) -> None:
        stream = socket.create_connection((host, port))
        stream.sendall(f"{head}\r\n".encode())
        first = stream.recv(_READ)
        if not first.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(f"refused: {first[:200]!r}")
        stream.setblocking(False)
        self._streams.add(stream)
        self._selector.register(stream, selectors.EVENT_READ)

    def _read(self, stream: socket.socket) -> None:
        received = stream.recv(_READ)
        self._events += received.count(b"\ndata: ")
        if not received:
            self._left(stream)

    def _left(self, stream: socket.socket) -> None:
        self._selector.unregister(stream)
        self._streams.discard(stream)
        stream.close()


if __name__ == "__main__":
    Holder().run()

"""A real server that webhooks are posted to: it keeps what came and answers as it is told."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Received:
    """One post."""

    path: str
    headers: dict[str, str]  # names in lower case
    body: str


@dataclass(frozen=True)
class Reply:
    """hangs: it says nothing until the receiver closes. resets: the connection breaks. drips: a byte now and then."""

    status: int = 200
    body: bytes = b"ok"
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    resets: bool = False
    drips: bool = False


class Receiver:
    """Listens on 127.0.0.1. reply: decides on the answer to each post; may be exchanged at any time."""

    def __init__(self, reply: Callable[[Received], Reply] = lambda received: Reply()) -> None:
        self.reply = reply
        self.received: list[Received] = []
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length).decode()
                received = Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                outer.received.append(received)
                outer._answer(self, outer.reply(received))

            def log_message(self, *_: Any) -> None:
                """Nothing on the screen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        with contextlib.suppress(OSError):
            if reply.hangs:
                self.closing.wait(60)
                handler.close_connection = True
            elif reply.resets:
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                handler.connection.close()
                handler.close_connection = True
            elif reply.drips:
                handler.close_connection = True
                while not self.closing.is_set():
                    handler.wfile.write(b"H")
                    handler.wfile.flush()
                    time.sleep(0.02)
            else:
                handler.send_response(reply.status)
                for name, value in reply.headers.items():
                    handler.send_header(name, value)
                handler.send_header("Content-Length", str(len(reply.body)))
                handler.end_headers()
                handler.wfile.write(reply.body)

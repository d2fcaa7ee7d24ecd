"""Real servers that webhooks are posted to. They keep what came, and fail as their weather says."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from testing.processes import free_port
from tests.chaos.inbound import weather
from tests.chaos.inbound.verdict import Endpoint, Post
from tests.chaos.inbound.weather import Trouble

HANGS_S = 30.0  # longer than an attempt may take
SLOW_S = 2.5
LOOK_S = 0.1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A connection that breaks is what is tested here."""


class Receiver:
    """One endpoint's, on 127.0.0.1. Its troubles begin with the first post; `calm` ends them for good."""

    def __init__(self, endpoint: Endpoint, troubles: Sequence[Trouble]) -> None:
        self.endpoint = endpoint
        self.posts: list[Post] = []
        self._troubles = troubles
        self._verifier: Webhook | None = None
        self._port = free_port()
        self._started: float | None = None
        self._calmed, self._closing = threading.Event(), threading.Event()
        self._guard = threading.Lock()
        self._handler = _handler_of(self)
        self._server: _Server | None = None
        self._open()
        self._watch = threading.Thread(target=self._come_and_go, daemon=True)
        self._watch.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}/{self.endpoint.name}"

    def verify_with(self, secret: str) -> None:
        """The secret that the hub showed once."""
        self._verifier = Webhook(secret)

    def calm(self) -> None:
        """Answers everything from now on."""
        self._calmed.set()

    def close(self) -> None:
        self._calmed.set()
        self._closing.set()
        self._watch.join()
        self._close()

    def mood(self) -> str:
        """One of weather.HOWS, or FINE."""
        if self._started is None or self._calmed.is_set():
            return weather.FINE
        return weather.at(self._troubles, time.monotonic() - self._started)

    def take(self, handler: BaseHTTPRequestHandler, body: bytes) -> None:
        """Keeps a post, and answers it or not."""
        with self._guard:
            self._started = self._started or time.monotonic()
        mood = self.mood()
        code = {weather.REDIRECT: 302, weather.FINE: 204, weather.SLOW: 204}.get(mood, 0)
        if mood.isdigit():
            code = int(mood)
        with self._guard:
            self.posts.append(self._post(handler, body, code))
        if mood == weather.SLOW:
            self._calmed.wait(SLOW_S)
        if code:
            handler.send_response(code)
            if code == 302:
                handler.send_header("Location", f"{self.url}/elsewhere")
            if code != 204:
                handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        handler.close_connection = True
        if mood == weather.HANG:
            self._closing.wait(HANGS_S)
        else:
            with contextlib.suppress(OSError):
                handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()

    def _post(self, handler: BaseHTTPRequestHandler, body: bytes, code: int) -> Post:
        text = body.decode()
        headers = {name.lower(): value for name, value in handler.headers.items()}
        try:
            assert self._verifier is not None
            self._verifier.verify(text, headers)
            signed = handler.path == f"/{self.endpoint.name}"  # nothing follows a redirect
        except WebhookVerificationError:
            signed = False
        event = json.loads(text)
        return Post(
            endpoint=self.endpoint.name,
            webhook_id=headers.get("webhook-id", ""),
            type=str(event["type"]),
            key=str(event["data"].get("whatsapp_id") or ""),
            chat=str(event["data"].get("chat_id") or ""),
            body=text,
            code=code,
            signed=signed,
        )

    def _come_and_go(self) -> None:
        """Listens, except while it is down."""
        while not self._closing.wait(LOOK_S):
            is_down = self.mood() == weather.DOWN
            if is_down and self._server is not None:
                self._close()
            elif not is_down and self._server is None:
                with contextlib.suppress(OSError):
                    self._open()

    def _open(self) -> None:
        self._server = _Server(("127.0.0.1", self._port), self._handler)
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()

    def _close(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler_of(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        disable_nagle_algorithm = True

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with contextlib.suppress(OSError):
                receiver.take(self, body)

        def log_message(self, *_: Any) -> None:
            """Nothing on the screen."""

    return Handler

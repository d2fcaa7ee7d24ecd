"""A receiver for trying webhooks out: prints the events whose signature is good, and refuses all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

_MAX_BODY = 8_388_608  # bytes
_TIMEOUT_S = 30
Show = Callable[[str], object]


def make_listener(port: int, secret: str, show: Show) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 that listens already. show: takes what is to be printed.

    Raises ValueError for what is no secret, OSError where the port is taken.
    """
    hook = _verifier(secret)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _TIMEOUT_S

        def do_POST(self) -> None:
            """One delivery."""
            length = self.headers.get("Content-Length", "")
            if not length.isdigit() or int(length) > _MAX_BODY:
                return self._answer(413)
            body = self.rfile.read(int(length))
            try:
                event = hook.verify(body, dict(self.headers.items()))
            except (WebhookVerificationError, ValueError) as error:
                show(f"refused: {_printable(str(error))}")
                return self._answer(400)
            show(described(event))
            return self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 413:
                self.close_connection = True
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """What is worth it is shown."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def described(event: Any) -> str:
    """An event for a person."""
    return _printable(json.dumps(event, ensure_ascii=False, indent=2))


def _verifier(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise ValueError("not a secret of a webhook, whsec_…") from error


def _printable(text: str) -> str:
    """Without what a terminal would obey: events hold what strangers wrote."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}" for each in text)

"""A receiver for trying webhooks out: takes the events whose signature is good, and refuses all others."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook, WebhookVerificationError

_MAX_BODY = 8_388_608  # bytes
_TIMEOUT_S = 30


@dataclass(frozen=True, slots=True)
class Posted:
    """What somebody posted. event: its JSON; None where it was refused. refusal: why it was."""

    event: Any = None
    refusal: str | None = None


Take = Callable[[Posted], object]


def make_listener(port: int, secret: str, take: Take) -> ThreadingHTTPServer:
    """A server on 127.0.0.1 that listens already. take: gets what is posted, each on a thread of its own.

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
                take(Posted(refusal=str(error)))
                return self._answer(400)
            take(Posted(event))
            return self._answer(204)

        def _answer(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status == 413:
                self.close_connection = True
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """What is worth it is taken."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    return server


def described(posted: Posted) -> str:
    """What was posted, for a person at a terminal."""
    if posted.refusal is not None:
        return f"refused: {printable(posted.refusal)}"
    return printable(json.dumps(posted.event, ensure_ascii=False, indent=2))


def printable(text: str) -> str:
    """Without what a terminal would obey: events hold what strangers wrote."""
    return "".join(each if each.isprintable() or each == "\n" else f"\\x{ord(each):02x}" for each in text)


def _verifier(secret: str) -> Webhook:
    try:
        return Webhook(secret)
    except (ValueError, EmptyWebhookSecretError) as error:
        raise ValueError("not a secret of a webhook, whsec_…") from error

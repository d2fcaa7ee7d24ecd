"""A small site that counts what it is asked for: a document, a script to be cached, a worker's up- and download."""

from __future__ import annotations

import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

DOWNLOAD_BYTES = 3 * 1024**2
_MAX_CACHED = "public, max-age=86400, immutable"
_WORKER = """
onmessage = async ({ data: bytes }) => {
  const up = await fetch('/upload', { method: 'POST', body: new Blob([new Uint8Array(bytes)]) });
  const down = await (await fetch('/download')).arrayBuffer();
  const document = await (await fetch('/')).text();
  const spin = await fetch('/spin').then(() => 'answered', () => 'failed');
  postMessage({ uploaded: Number(await up.text()), downloaded: down.byteLength, document, spin });
};
"""


class CountingSite:
    """On a free port of 127.0.0.1. A context: stopped after it."""

    def __init__(self) -> None:
        self._hits: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def hits(self, path: str) -> int:
        """How often a path was asked for, whatever its query."""
        with self._lock:
            return self._hits[path]

    def _answer(self, path: str, uploaded: int) -> tuple[str, bytes, str]:
        """Type, body and caching of an answer."""
        with self._lock:
            self._hits[path] += 1
        match path:
            case "/app.js":
                return "text/javascript", b"window.app = 'loaded';", _MAX_CACHED
            case "/worker.js":
                return "text/javascript", _WORKER.encode(), "no-store"
            case "/upload":
                return "text/plain", str(uploaded).encode(), "no-store"
            case "/download":
                return "application/octet-stream", bytes(DOWNLOAD_BYTES), "no-store"
            case "/sw.js":
                return "text/javascript", b'{"server_revision":1,"client_revision":1049000000}', "no-store"
            case _:
                return "text/html", b"<!doctype html><title>served</title><script src=/app.js></script>", "no-store"

    def _handler(site) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                uploaded = len(self.rfile.read(length))
                kind, body, caching = site._answer(self.path.partition("?")[0], uploaded)
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Cache-Control", caching)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, format: str, *args: object) -> None:
                """Tests say what they saw."""

        return Handler

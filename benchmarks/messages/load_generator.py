"""A cheap HTTP/1.1 load generator: one thread, raw keep-alive sockets, each with one request at a time.

Run as a process, `python -m benchmarks.messages.load_generator`: it reads one plan (JSON) per line from stdin and
answers each with one line of JSON on stdout: `{"latencies_ms": […], "seconds": s, "refused": n, "cpu_s": s}`. A plan:
`{"host", "port", "connections", "seconds", "head", "bodies"}`, the head without Content-Length, the bodies sent in
turn.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from itertools import cycle
from typing import Any

from benchmarks.harness.line_process import answer


class _Connection:
    """One keep-alive connection with at most one request under way."""

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.received = b""

    def send(self, request: bytes) -> None:
        """Writes a request; the time of its answer counts from here."""
        self.received = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def take(self) -> bytes:
        """Returns the answer if it has come in whole, else nothing. Raises ConnectionError if the server closed."""
        arrived = self.socket.recv(65_536)
        if not arrived:
            raise ConnectionError("the server closed a connection")
        self.received += arrived
        head, separator, body = self.received.partition(b"\r\n\r\n")
        if not separator:
            return b""
        length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
        return self.received if len(body) >= int(length) else b""


def run(plan: dict[str, Any]) -> dict[str, Any]:
    """Carries one plan out, and returns the answer to it."""
    requests = cycle(_request(plan["head"], body) for body in plan["bodies"])
    selector = selectors.DefaultSelector()
    connections = [_Connection(plan["host"], plan["port"]) for _ in range(plan["connections"])]
    latencies: list[float] = []
    refused, open_requests = 0, 0
    cpu, started = time.process_time(), time.perf_counter()
    end = started + float(plan["seconds"])
    for connection in connections:
        selector.register(connection.socket, selectors.EVENT_READ, connection)
        connection.send(next(requests))
        open_requests += 1
    while open_requests:
        for key, _ in selector.select():
            connection = key.data
            taken = connection.take()
            if not taken:
                continue
            now = time.perf_counter()
            latencies.append((now - connection.sent_at) * 1000)
            refused += not taken.startswith(b"HTTP/1.1 2")
            open_requests -= 1
            if now < end:
                connection.send(next(requests))
                open_requests += 1
    seconds = time.perf_counter() - started
    for connection in connections:
        connection.socket.close()
    return {
        "latencies_ms": latencies,
        "seconds": seconds,
        "refused": refused,
        "cpu_s": time.process_time() - cpu,
    }


def _request(head: str, body: str) -> bytes:
    raw = body.encode()
    length = f"Content-Length: {len(raw)}\r\n" if raw else ""
    return f"{head}{length}\r\n".encode() + raw


if __name__ == "__main__":
    for line in sys.stdin:
        answer(**run(json.loads(line)))

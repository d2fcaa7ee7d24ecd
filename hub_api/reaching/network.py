"""The network where callers name the URL: a name is resolved and judged for each connection, and what was judged is
what is connected to; everything together ends in time.

It stands below HTTP and TLS, so the `Host` header and the certificate's name stay the URL's.
"""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from shared.public_address import Network, is_allowed

Resolve = Callable[[str, int], list[str]]


class AddressRefused(Exception):
    """A name leads to where no caller may have us go."""


class NameNotFound(Exception):
    """A name leads nowhere."""


def resolve(host: str, port: int) -> list[str]:
    """The addresses of a name, as the system knows them; also of a number such as 2130706433. Raises NameNotFound."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NameNotFound(type(error).__name__) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Deadline:
    """When an attempt is to be over. Each attempt sets it anew."""

    def __init__(self) -> None:
        self._at = 0.0

    def set(self, seconds: float) -> None:
        """So many seconds from now."""
        self._at = time.monotonic() + seconds

    def left(self, most: float | None) -> float:
        """Seconds that a step may take. Raises httpcore.ReadTimeout where the time is up."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the attempt's time is up")
        return left if most is None else min(left, most)


class JudgingNetwork(httpcore.NetworkBackend):
    """Connects to public addresses, and to those of the allowed networks."""

    def __init__(self, allowed: Sequence[Network], deadline: Deadline, resolve_name: Resolve = resolve) -> None:
        self._allowed = allowed
        self._deadline = deadline
        self._resolve = resolve_name
        self._network = httpcore.SyncBackend()
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """httpcore's hook. Raises AddressRefused where one of the name's addresses may not be reached, NameNotFound."""
        addresses = self._resolve(host, port)
        if not addresses:
            raise NameNotFound("no address")
        if not all(is_allowed(address, self._allowed) for address in addresses):
            raise AddressRefused()
        failed: Exception = httpcore.ConnectError()
        for address in addresses:
            try:
                stream = self._network.connect_tcp(
                    address, port, self._deadline.left(timeout), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
                continue
            self._remember(stream)
            return _Stream(stream, self._deadline)
        raise failed

    def connect_unix_socket(self, *_: Any, **__: Any) -> httpcore.NetworkStream:
        """Never: an URL names none."""
        raise AddressRefused()

    def sleep(self, seconds: float) -> None:
        """httpcore's hook, between its own attempts; it is told to make none."""
        time.sleep(seconds)

    def abort(self) -> None:
        """Breaks whatever connection is open; called from another thread."""
        with self._lock:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is closed already

    def _remember(self, stream: httpcore.NetworkStream) -> None:
        with self._lock:
            self._open = {each for each in self._open if each.fileno() >= 0}
            self._open.add(stream.get_extra_info("socket"))


class _Stream(httpcore.NetworkStream):
    """A connection whose every step ends at the attempt's deadline: a peer that drips bytes holds nobody."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, self._deadline.left(timeout))
        return _Stream(secured, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

"""A TCP proxy in front of Redis that breaks a connection at one exact moment: before a command, or once it has run."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

_CHUNK = 65_536


@dataclass
class Cut:
    """Break the connection at the next command that holds `needle`, `times` times.

    ran: the server gets the command and has answered it, and that answer is lost; else it never gets it.
    then_away: from then on nobody can connect, until `CuttingProxy.back`.
    """

    needle: bytes
    ran: bool = True
    then_away: bool = False
    times: int = 1


class CuttingProxy:
    """Serves on a free port of 127.0.0.1 until it is closed. url: for clients, instead of the server's own."""

    def __init__(self, redis_url: str) -> None:
        parts = urlsplit(redis_url)
        assert parts.hostname
        assert parts.port
        self._target = (parts.hostname, parts.port)
        self._port = 0
        self._listener: socket.socket | None = None
        self._guard = threading.RLock()
        self._cuts: list[Cut] = []
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self.done = 0  # connections that were cut
        self.back()
        self.url = f"redis://127.0.0.1:{self._port}{parts.path}"

    def cut(self, needle: bytes, *, ran: bool = True, then_away: bool = False, times: int = 1) -> None:
        """Arranges one cut, see `Cut`."""
        with self._guard:
            self._cuts.append(Cut(needle, ran, then_away, times))

    def away(self) -> None:
        """Ends every connection; a new one is refused."""
        with self._guard:
            listener, self._listener = self._listener, None
            pairs, self._pairs = self._pairs, []
        if listener is not None:
            _close(listener)
        for pair in pairs:
            _close(*pair)

    def back(self) -> None:
        """Takes connections again, on the same port; does nothing where it does."""
        with self._guard:
            if self._listener is not None:
                return
            self._listener = listener = socket.create_server(("127.0.0.1", self._port))
            self._port = listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Ends everything."""
        self.away()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server = socket.create_connection(self._target)
                pair = (client, server)
                with self._guard:
                    self._pairs.append(pair)
                answers = _Answers(client, server)
                threading.Thread(target=answers.pump, daemon=True).start()
                threading.Thread(target=self._requests, args=(pair, answers), daemon=True).start()

    def _requests(self, pair: tuple[socket.socket, socket.socket], answers: _Answers) -> None:
        client, server = pair
        with suppress(OSError):
            while chunk := client.recv(_CHUNK):
                cut = self._due(chunk)
                if cut is None:
                    server.sendall(chunk)
                    continue
                if cut.ran:
                    answers.swallow()
                    server.sendall(chunk)
                    answers.swallowed.wait(5)
                self.done += 1
                if cut.then_away:
                    self.away()
                break
        _close(client, server)

    def _due(self, chunk: bytes) -> Cut | None:
        with self._guard:
            for cut in self._cuts:
                if cut.times and cut.needle in chunk:
                    cut.times -= 1
                    return cut
        return None


class _Answers:
    """What the server says, on its way to the client."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self._client = client
        self._server = server
        self._hold = False
        self.swallowed = threading.Event()

    def swallow(self) -> None:
        self._hold = True

    def pump(self) -> None:
        with suppress(OSError):
            while chunk := self._server.recv(_CHUNK):
                if self._hold:
                    self.swallowed.set()
                else:
                    self._client.sendall(chunk)
        _close(self._client, self._server)


def _close(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

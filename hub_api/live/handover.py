"""Takes a connection over from the server that answers a call: the answer's head is sent, its body goes on elsewhere.

The server goes on with an end of a pair of sockets in the place of the connection, under the same descriptor: what it
writes, shuts down and closes there does not reach the caller, and its books stay right.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator


class Handover:
    """The body of an answer, as WSGI asks for it."""

    def __init__(
        self, first: bytes, connection: socket.socket | None, adopt: Callable[[socket.socket], object]
    ) -> None:
        """first: what the server itself writes, with the head. connection: None where the server has none to give:
        then the answer ends there. adopt: takes the connection."""
        self._first = first
        self._connection = connection
        self._adopt = adopt
        self._other_end: socket.socket | None = None

    def __iter__(self) -> Iterator[bytes]:
        """Hands the connection over once the server has written the head."""
        yield self._first
        if self._connection is not None:
            taken = self._connection.dup()
            self._put_another_in_its_place(self._connection)
            self._adopt(taken)

    def close(self) -> None:
        """WSGI's hook, after the last of the body was written."""
        if self._other_end is not None:
            self._other_end.close()

    def _put_another_in_its_place(self, connection: socket.socket) -> None:
        stand_in, self._other_end = socket.socketpair()
        os.dup2(stand_in.fileno(), connection.fileno(), inheritable=False)
        stand_in.close()
        self._other_end.shutdown(socket.SHUT_WR)  # the server reads the end there, and does not wait for more

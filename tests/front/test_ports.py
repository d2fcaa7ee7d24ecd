"""Ports on this machine."""

from __future__ import annotations

import socket

from leadmaster.installation import ports


def test_a_port_that_someone_listens_on_is_not_free() -> None:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        assert not ports.is_free("127.0.0.1", port)
        assert ports.preferred_or_free("127.0.0.1", port) != port


def test_the_preferred_port_is_taken_where_it_is_free() -> None:
    port = ports.free_port()
    assert ports.preferred_or_free("127.0.0.1", port) == port

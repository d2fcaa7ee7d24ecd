"""Ports on this machine."""

from __future__ import annotations

import socket

import pytest

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


def test_a_free_port_is_none_that_an_outgoing_connection_gets() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        outgoing = client.getsockname()[1]
    assert all(ports.free_port() < outgoing for _ in range(50))


def test_where_no_port_is_free_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "is_free", lambda address, port: False)
    with pytest.raises(OSError, match="no port of"):
        ports.free_port()

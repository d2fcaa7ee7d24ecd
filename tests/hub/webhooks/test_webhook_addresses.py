"""Where webhooks may not go: nothing arrives at a server of this machine unless its network is allowed, whatever the
URL, the resolver or a receiver says. The servers and the connections are real."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver, Reply

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.webhooks.answer import AttemptError
from hub_api.webhooks.delivery.lanes import Lanes
from hub_api.webhooks.delivery.posting import Poster
from hub_api.webhooks.delivery.run import Deliverer
from shared.public_address import parse_networks

HERE = parse_networks(["127.0.0.0/8"])
REFUSED = AttemptError.ADDRESS_REFUSED


class Listening:
    """Counts connections on this machine, also those over which nothing comes."""

    def __init__(self, family: socket.AddressFamily, address: str) -> None:
        self.connections = 0
        self._socket = socket.socket(family)
        if family is socket.AF_INET6:
            self._socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        self._socket.bind((address, 0))
        self._socket.listen()
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def everywhere() -> Iterator[Listening]:
    """Listens on every address of this machine, of both kinds."""
    made = Listening(socket.AF_INET6, "::") if socket.has_dualstack_ipv6() else Listening(socket.AF_INET, "0.0.0.0")
    yield made
    made.close()


def post(poster: Poster, url: str) -> Any:
    try:
        return poster.post(url, {}, "{}")
    finally:
        poster.close()


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST.", "0.0.0.0", "0",
        "2130706433", "0x7f000001", "017700000001", "0x7f.1", "127.1", "127.0.1",
        "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:ffff:127.0.0.1]", "[::127.0.0.1]",
        "[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fe80::1]",
        "169.254.169.254", "2852039166", "10.0.0.1", "192.168.1.1", "100.100.100.200", "224.0.0.1",
    ],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_spelling_of_a_private_address_gets_through(everywhere: Listening, scheme: str, host: str) -> None:
    answer = post(Poster((), timeout_s=3), f"{scheme}://{host}:{everywhere.port}/")

    assert answer.error in (REFUSED, AttemptError.NAME_NOT_FOUND)
    assert everywhere.connections == 0


def test_the_server_would_have_been_reached(everywhere: Listening) -> None:
    """So that the test above can fail."""
    for host in ("127.0.0.1", "2130706433", "127.1", "localhost"):
        before = everywhere.connections
        answer = post(Poster(parse_networks(["127.0.0.0/8", "::1"]), timeout_s=3), f"http://{host}:{everywhere.port}/")
        assert answer.error is AttemptError.CONNECTION_BROKEN
        assert everywhere.connections > before


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"], ["::1"], ["::ffff:127.0.0.1"], ["8.8.8.8", "127.0.0.1"], ["127.0.0.1", "8.8.8.8"],
        ["2606:4700:4700::1111", "::1"], ["64:ff9b::7f00:1"], ["2002:7f00:1::"], ["fe80::1%lo"], [],
    ],
)  # fmt: skip
def test_a_name_that_leads_to_a_private_address_is_refused(everywhere: Listening, addresses: list[str]) -> None:
    poster = Poster((), timeout_s=3, resolve_name=lambda host, port: addresses)
    answer = post(poster, f"http://harmless.example:{everywhere.port}/")

    assert answer.error is (REFUSED if addresses else AttemptError.NAME_NOT_FOUND)
    assert everywhere.connections == 0


def test_what_was_judged_is_what_is_connected_to(receiver: Receiver) -> None:
    """A name that says something else each time it is asked is asked once for each connection."""
    told = iter([["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]])
    asked: list[str] = []

    def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(told)

    url = f"http://changing.example:{receiver.port}/hook"
    first = post(Poster(HERE, resolve_name=changing), url)
    second = post(Poster(HERE, resolve_name=changing), url)
    third = post(Poster(HERE, resolve_name=changing), url)

    assert [first.code, second.error, third.code] == [200, REFUSED, 200]
    assert asked == ["changing.example"] * 3
    assert [got.headers["host"] for got in receiver.received] == [f"changing.example:{receiver.port}"] * 2


def test_a_name_that_changes_between_attempts_is_refused_at_the_second(
    make: Callable[..., Any], receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver,
    log: Callable[..., Any], later: Callable[[int], None],
) -> None:  # fmt: skip
    told = iter([["127.0.0.1"], ["169.254.169.254"]])
    made = make(f"http://rebinding.example:{receiver.port}/")
    receiver.reply = lambda got: Reply(500)
    receive()
    drain.run()
    deliverer = Deliverer(
        services,
        Lanes(services.database, 4),
        make_poster=lambda: Poster(HERE, resolve_name=lambda host, port: next(told)),
    )
    assert deliverer.run() == 1
    later(6_001)
    assert deliverer.run() == 1

    [delivery] = log(made["webhook_id"])
    assert [one["error"] for one in delivery["attempts"]] == ["HTTP_STATUS", "ADDRESS_REFUSED"]
    assert len(receiver.received) == 1


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leads_nowhere(receiver: Receiver, everywhere: Listening, status: int) -> None:
    receiver.reply = lambda got: Reply(status, headers={"Location": f"http://127.0.0.1:{everywhere.port}/"})
    answer = post(Poster(HERE), receiver.url)

    assert (answer.code, answer.error) == (status, AttemptError.REDIRECT)
    assert len(receiver.received) == 1
    assert everywhere.connections == 0


def test_a_proxy_of_the_environment_is_not_asked(
    receiver: Receiver, everywhere: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{everywhere.port}")
    assert post(Poster(HERE), receiver.url).code == 200
    assert everywhere.connections == 0


def test_tls_knows_the_name_and_goes_to_the_judged_address(tmp_path: Path) -> None:
    """A certificate of another name is refused; one of the URL's is not, though the address is this machine's."""
    certificate, key = _certificate(tmp_path, "hook.example")
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    names: list[str | None] = []
    server.sni_callback = lambda connection, name, context: names.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]

    def serve() -> None:
        for _ in range(2):
            connection, _address = listening.accept()
            try:
                with server.wrap_socket(connection, server_side=True) as secured:
                    # To the body's end: what is closed with bytes unread resets the connection.
                    while (piece := secured.recv(65_536)) and not piece.endswith(b"{}"):
                        pass
                    secured.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        found = [
            post(
                Poster(HERE, resolve_name=lambda host, port: ["127.0.0.1"], ssl_context=trusting),
                f"https://{name}:{port}/",
            )
            for name in ("hook.example", "other.example")
        ]
        thread.join(10)
    finally:
        listening.close()

    assert (found[0].code, found[0].error) == (204, None)
    assert found[1].error is AttemptError.TLS_FAILED
    assert names == ["hook.example", "other.example"]


def _certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Self-signed, by openssl."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
         "-keyout", str(key), "-out", str(certificate), "-subj", f"/CN={name}",
         "-addext", f"subjectAltName=DNS:{name}"],
        check=True,
        capture_output=True,
    )  # fmt: skip
    return certificate, key


def test_without_the_setting_the_demo_of_this_machine_is_refused(
    make: Callable[..., Any], receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver,
    log: Callable[..., Any],
) -> None:  # fmt: skip
    made = make()
    receive()
    drain.run()
    assert Deliverer(services, Lanes(services.database, 4), make_poster=lambda: Poster(())).run() == 1
    assert receiver.received == []
    [delivery] = log(made["webhook_id"])
    assert delivery["error"] == "ADDRESS_REFUSED"
    assert json.dumps(delivery["attempts"][0]["code"]) == "null"

"""Files that URLs lead to: fetched from where callers may have us go, whatever the other side does."""

from __future__ import annotations

import hashlib
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from received_media import lies_there
from sqlalchemy import func, select

from hub_api.media import outgoing
from hub_api.media.bodies import MediaInput
from hub_api.media.models import Upload
from hub_api.services import Services
from shared.errors import LeadMasterError, PayloadTooLarge, ValidationFailed
from shared.instant import now_ms
from shared.protocol.content import ContentType, MediaFile
from shared.settings import Settings
from support.sample_media import jpeg, pdf, png

Answer = Callable[[BaseHTTPRequestHandler], None]
PUBLIC = "93.184.216.34"


class Site:
    """A real server on 127.0.0.1: answers each path as it is told."""

    def __init__(self) -> None:
        self.answers: dict[str, Answer] = {}
        self.asked: list[tuple[str, str]] = []  # Host, path
        self.closing = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.asked.append((self.headers["Host"], self.path))
                outer.answers[self.path.partition("?")[0]](self)

            def log_message(self, *_: Any) -> None:
                """Nothing on the screen."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        self.port = int(self._server.server_address[1])

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def whole(content: bytes, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in {"Content-Length": str(len(content)), **headers}.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": "0", **headers}.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def cut_off(content: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) + 100))
        handler.end_headers()
        handler.wfile.write(content)
        handler.wfile.flush()
        handler.connection.shutdown(socket.SHUT_RDWR)
        handler.close_connection = True

    return answer


def hung_up(handler: BaseHTTPRequestHandler) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)
    handler.close_connection = True


def endless(handler: BaseHTTPRequestHandler) -> None:
    """In chunks, so that nothing says how much it will be."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    piece = pdf() + bytes(64 << 10)
    try:
        while True:
            handler.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    except OSError:
        handler.close_connection = True


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={
            "webhook_allowed_networks": ("127.0.0.0/8",), "media_send_max_image_mib": 1,
            "media_send_max_document_mib": 1,
        }
    )  # fmt: skip


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.close()


@pytest.fixture
def kept(services: Services, settings: Settings) -> Callable[[], tuple[int, list[str], list[str]]]:
    def look() -> tuple[int, list[str], list[str]]:
        with services.database.reading() as session:
            rows = session.scalar(select(func.count()).select_from(Upload)) or 0
        incoming = Path(settings.media_location) / "51" / "incoming"
        return rows, lies_there(services), [path.name for path in incoming.iterdir()] if incoming.exists() else []

    return look


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[list[str]]]:
    """What each name leads to, one look after the other; the last stays."""
    known: dict[str, list[list[str]]] = {}

    def look(host: str, port: int) -> list[str]:
        answers = known.get(host, [[host]])
        return answers.pop(0) if len(answers) > 1 else answers[0]

    monkeypatch.setattr("hub_api.media.sources.fetched.resolve", look)
    return known


def fetch(services: Services, url: str, content_type: ContentType = ContentType.IMAGE) -> MediaFile:
    return outgoing.take(services, 51, content_type, MediaInput(url=url), now_ms())


def refused(services: Services, url: str, content_type: ContentType = ContentType.IMAGE) -> LeadMasterError:
    with pytest.raises(LeadMasterError) as found:
        fetch(services, url, content_type)
    assert list(found.value.details or {}) == ["media.url"]
    return found.value


NOTHING: tuple[int, list[str], list[str]] = (0, [], [])


def test_what_it_is_goes_by_the_bytes(services: Services, site: Site, kept: Any) -> None:
    content = jpeg()
    site.answers["/fotos/Casa%20linda.png"] = whole(content, Content_Type="text/html")
    found = fetch(services, site.url("/fotos/Casa%20linda.png?x=1"))
    sha256 = hashlib.sha256(content).hexdigest()
    assert found == MediaFile(sha256, "image/jpeg", len(content), "Casa linda.png")
    assert kept() == (1, [sha256], [])
    assert fetch(services, site.url("/fotos/Casa%20linda.png?x=1")) == found
    assert kept() == (1, [sha256], [])


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
def test_redirects_are_followed_three_times(services: Services, site: Site, code: int, kept: Any) -> None:
    site.answers |= {f"/{step}": status(code, Location=f"/{step + 1}") for step in range(1, 4)}
    site.answers["/4"] = whole(png())
    assert fetch(services, site.url("/1")).mime_type == "image/png"
    site.answers["/0"] = status(code, Location="/1")
    error = refused(services, site.url("/0"))
    assert (error.http, error.details) == (400, {"media.url": "redirects more than 3 times"})


INSIDE = [
    "10.0.0.1",
    "127.0.0.1",
    "169.254.169.254",
    "[::1]",
    "[::ffff:10.0.0.1]",
    "0.0.0.0",
    "2130706433",
    "192.168.1.1",
]


@pytest.mark.parametrize("host", INSIDE)
def test_nothing_inside_is_asked(services: Services, settings: Settings, site: Site, host: str) -> None:
    object.__setattr__(services, "settings", settings.model_copy(update={"webhook_allowed_networks": ()}))
    error = refused(services, f"http://{host}:{site.port}/latest/meta-data/")
    assert (error.http, error.details) == (400, {"media.url": "leads to an address that may not be reached"})
    assert site.asked == []


@pytest.mark.parametrize("host", INSIDE[:1] + INSIDE[2:3])
def test_nor_by_a_redirect(services: Services, site: Site, host: str, kept: Any) -> None:
    site.answers["/"] = status(302, Location=f"http://{host}/secreto")
    error = refused(services, site.url("/"))
    assert (error.http, error.details) == (400, {"media.url": "leads to an address that may not be reached"})
    assert len(site.asked) == 1
    assert kept() == NOTHING


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://a.example/", "gopher://x/", "", "http://u:p@a.example/", "http://[", "//"]
)
def test_nor_by_another_scheme(services: Services, site: Site, location: str) -> None:
    site.answers["/"] = status(302, Location=location)
    assert refused(services, site.url("/")).http == 400


def test_a_name_is_judged_at_each_look(services: Services, site: Site, names: Any) -> None:
    """It is public when the URL is asked for and inside when its own redirect is followed."""
    names["cambia.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    site.answers["/"] = status(302, Location="/otra", Connection="close")
    error = refused(services, site.url("/", "cambia.example"))
    assert error.details == {"media.url": "leads to an address that may not be reached"}
    assert site.asked == [(f"cambia.example:{site.port}", "/")]


def test_what_was_judged_is_what_is_connected_to(services: Services, site: Site, names: Any) -> None:
    names["cambia.example"] = [["127.0.0.1"], [PUBLIC]]
    site.answers["/"] = whole(png())
    assert fetch(services, site.url("/", "cambia.example")).size == len(png())
    names["mitad.example"] = [["127.0.0.1", "10.0.0.1"]]
    assert refused(services, site.url("/", "mitad.example")).http == 400
    assert len(site.asked) == 1


@pytest.mark.parametrize(
    "url", ["ftp://a.example/x", "a.example/x", "http://", "https://u:p@a.example/", "http://a b/"]
)
def test_an_url_that_is_none(services: Services, url: str) -> None:
    assert refused(services, url).http == 400


def test_a_name_that_is_not_found(services: Services) -> None:
    assert refused(services, "http://no.invalid/").details == {"media.url": "its name is not found"}


BAD: dict[str, tuple[Answer, str]] = {
    "not there": (status(404), "answers 404"),
    "nothing": (status(204), "answers 204"),
    "a part": (status(206), "answers 206"),
    "a fault": (status(500), "answers 500"),
    "0 bytes": (whole(b""), "is empty"),
    "a page": (whole(b"<html>no</html>", Content_Type="image/png"), "its content is"),
    "a bomb": (whole(png(100_000, 100_000)), "100000 × 100000 pixels"),
    "packed": (whole(png(), Content_Encoding="gzip"), "packed"),
    "cut off": (cut_off(png()), "cut off"),
    "no answer": (hung_up, "can't be reached"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_the_other_side_does_wrong(services: Services, site: Site, case: str, kept: Any) -> None:
    site.answers["/x"], said = BAD[case]
    error = refused(services, site.url("/x"))
    assert (error.http, type(error)) == (400, ValidationFailed)
    assert said in str((error.details or {})["media.url"])
    assert kept() == NOTHING


@pytest.mark.parametrize("answer", [whole(pdf() + bytes(1 << 20)), endless], ids=["announced", "endless"])
def test_too_large(services: Services, site: Site, kept: Any, answer: Answer) -> None:
    site.answers["/x"] = answer
    error = refused(services, site.url("/x"), ContentType.DOCUMENT)
    assert (error.http, error.details) == (413, {"media.url": "more than 1,048,576 bytes"})
    assert isinstance(error, PayloadTooLarge)
    assert kept() == NOTHING


@pytest.mark.parametrize("begins", [False, True])
def test_it_takes_no_longer_than_it_may(
    services: Services, settings: Settings, site: Site, kept: Any, begins: bool
) -> None:
    """One that says nothing, and one that drips."""
    object.__setattr__(services, "settings", settings.model_copy(update={"media_url_seconds": 1.0}))

    def slow(handler: BaseHTTPRequestHandler) -> None:
        if begins:
            handler.send_response(200)
            handler.end_headers()
        while not site.closing.wait(0.1):
            try:
                handler.wfile.write(b"x" if begins else b"")
            except OSError:
                break
        handler.close_connection = True

    site.answers["/x"] = slow
    assert refused(services, site.url("/x")).details == {"media.url": "does not answer in time"}
    assert kept() == NOTHING


def test_neither_url_nor_name_is_logged(services: Services, site: Site, capfd: pytest.CaptureFixture[str]) -> None:
    site.answers["/secreto/Contrato.png"] = whole(pdf())
    refused(services, site.url("/secreto/Contrato.png?token=abc"))
    site.answers["/secreto/Contrato.png"] = whole(png())
    fetch(services, site.url("/secreto/Contrato.png?token=abc"))
    out, err = capfd.readouterr()
    assert not [one for one in ("secreto", "Contrato", "token") if one in out + err]

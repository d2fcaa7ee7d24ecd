"""A file that a URL leads to: fetched at once, from public addresses and those that the settings allow.

A redirect is followed as far as three times, and where it leads is judged as the URL itself is. Nothing is unpacked on
the way, so that a few bytes can't become many.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import closing
from functools import cache
from urllib.parse import unquote

import httpcore
import httpx

from hub_api.reaching.network import AddressRefused, Deadline, JudgingNetwork, NameNotFound, resolve
from hub_api.reaching.url import fault_of
from hub_api.services import Services
from shared.errors import PayloadTooLarge, ValidationFailed
from shared.public_address import parse_networks

FIELD = "media.url"
MAX_REDIRECTS = 3
_CONNECT_S = 10.0
_AGENT = "LeadMaster-Media/1"
_REDIRECTS = (301, 302, 303, 307, 308)
_AS_IT_IS = ("", "identity")  # values of Content-Encoding
_FAILURES = (
    AddressRefused,
    NameNotFound,
    httpcore.TimeoutException,
    httpcore.NetworkError,
    httpcore.ProtocolError,
    OSError,
    ValueError,
)


class FetchedFile:
    """An answer that is a file. Its bytes come as they are asked for."""

    def __init__(self, answer: httpcore.Response, url: httpx.URL) -> None:
        self._answer = answer
        self.name = unquote(url.path.rpartition("/")[2])
        self.told_type = _header(answer, b"content-type")
        length = _header(answer, b"content-length")
        self.announced = int(length) if length.isdecimal() else 0

    def pieces(self) -> Iterator[bytes]:
        """Raises ValidationFailed where it is cut off, or takes too long."""
        try:
            yield from self._answer.iter_stream()
        except _FAILURES as error:
            raise _failed(error) from None


class Fetcher:
    """For one file; closed by who made it."""

    def __init__(self, services: Services) -> None:
        deadline = Deadline()
        deadline.set(services.settings.media_url_seconds)
        allowed = parse_networks(services.settings.webhook_allowed_networks)
        network = JudgingNetwork(allowed, deadline, resolve)
        self._pool = httpcore.ConnectionPool(
            ssl_context=_trusted(), max_connections=1, retries=0, network_backend=network
        )
        self._answer: httpcore.Response | None = None

    def get(self, text: str, max_bytes: int) -> FetchedFile:
        """Raises ValidationFailed and PayloadTooLarge, which name `media.url`."""
        url = _checked(text)
        for _ in range(MAX_REDIRECTS + 1):
            answer = self._ask(url)
            if answer.status not in _REDIRECTS:
                return _file(answer, url, max_bytes)
            self._drop()
            url = _checked(_joined(url, _header(answer, b"location")))
        raise ValidationFailed(details={FIELD: f"redirects more than {MAX_REDIRECTS} times"})

    def close(self) -> None:
        """Closes its connections."""
        self._drop()
        self._pool.close()

    def _ask(self, url: httpx.URL) -> httpcore.Response:
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        headers = [("Host", url.netloc.decode("ascii")), ("User-Agent", _AGENT), ("Accept", "*/*")]
        headers.append(("Accept-Encoding", "identity"))
        timeouts = {"connect": _CONNECT_S, "read": None, "write": None, "pool": None}
        try:
            request = httpcore.Request("GET", target, headers=headers, extensions={"timeout": timeouts})
            self._answer = self._pool.handle_request(request)
        except _FAILURES as error:
            raise _failed(error) from None
        return self._answer

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None


def fetching(services: Services) -> closing[Fetcher]:
    """A fetcher for as long as a block lasts."""
    return closing(Fetcher(services))


@cache
def _trusted() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _checked(text: str) -> httpx.URL:
    fault = fault_of(text)
    if fault is not None:
        raise ValidationFailed(details={FIELD: fault})
    return httpx.URL(text)


def _joined(url: httpx.URL, location: str) -> str:
    try:
        return str(url.join(location).copy_with(fragment=None)) if location else ""
    except (httpx.InvalidURL, ValueError):
        return ""


def _file(answer: httpcore.Response, url: httpx.URL, max_bytes: int) -> FetchedFile:
    if answer.status != 200:
        raise ValidationFailed(details={FIELD: f"answers {answer.status}"})
    if _header(answer, b"content-encoding").strip().lower() not in _AS_IT_IS:
        raise ValidationFailed(details={FIELD: "answers packed bytes although it was not asked to"})
    found = FetchedFile(answer, url)
    if found.announced > max_bytes:
        raise PayloadTooLarge(details={FIELD: f"more than {max_bytes:,} bytes"})
    return found


def _header(answer: httpcore.Response, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in answer.headers if name.lower() == wanted), "")


def _failed(error: Exception) -> ValidationFailed:
    """What a caller is told: which step failed, and nothing of what lies behind an address."""
    if isinstance(error, AddressRefused):
        reason = "leads to an address that may not be reached"
    elif isinstance(error, NameNotFound):
        reason = "its name is not found"
    elif isinstance(error, httpcore.TimeoutException):
        reason = "does not answer in time"
    else:
        reason = "can't be reached, or its answer is cut off"
    return ValidationFailed(details={FIELD: reason})

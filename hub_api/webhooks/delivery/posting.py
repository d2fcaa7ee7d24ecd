"""Posts bodies to one endpoint: connections are kept for as long as one run lasts, nothing is followed anywhere."""

from __future__ import annotations

import ssl
import time
from collections.abc import Mapping, Sequence
from functools import cache

import httpcore
import httpx

from hub_api.reaching.network import AddressRefused, Deadline, JudgingNetwork, NameNotFound, Resolve, resolve
from hub_api.webhooks.answer import MAX_KEPT, Answer, AttemptError, error_of
from shared.instant import now_ms
from shared.public_address import Network

TIMEOUT_S = 15.0  # of an attempt, from its first step to the end of what is kept of the answer
CONNECT_S = 10.0
_AGENT = "LeadMaster-Webhooks/1"


@cache
def trusted() -> ssl.SSLContext:
    """Whom TLS believes: the authorities that httpx comes with, or those of SSL_CERT_FILE and SSL_CERT_DIR."""
    return httpx.create_ssl_context()


class Poster:
    """One per run: its connections lead to addresses that were judged in this run."""

    def __init__(
        self,
        allowed: Sequence[Network],
        *,
        timeout_s: float = TIMEOUT_S,
        resolve_name: Resolve = resolve,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._deadline = Deadline()
        self._network = JudgingNetwork(allowed, self._deadline, resolve_name)
        self._pool = httpcore.ConnectionPool(
            ssl_context=ssl_context or trusted(),
            max_connections=1,
            retries=0,
            network_backend=self._network,
        )

    def post(self, url: str, headers: Mapping[str, str], body: str) -> Answer:
        """One attempt. Never raises for what the other side does."""
        at, began = now_ms(), time.perf_counter()
        self._deadline.set(self._timeout_s)
        code, error, kept = None, None, b""
        try:
            code, kept = self._exchange(url, headers, body.encode())
            error = error_of(code)
        except AddressRefused:
            error = AttemptError.ADDRESS_REFUSED
        except NameNotFound:
            error = AttemptError.NAME_NOT_FOUND
        except httpcore.TimeoutException:
            error = AttemptError.TIMEOUT
        except httpcore.ConnectError as failure:
            tls = isinstance(failure.__cause__, ssl.SSLError) or isinstance(failure.__context__, ssl.SSLError)
            error = AttemptError.TLS_FAILED if tls else AttemptError.CONNECTION_FAILED
        except (httpcore.NetworkError, httpcore.ProtocolError, httpx.InvalidURL, OSError, ValueError):
            error = AttemptError.CONNECTION_BROKEN
        duration = round((time.perf_counter() - began) * 1000)
        text = kept.decode("utf-8", "replace").replace("\x00", "")
        return Answer(at, duration, code, error, text)

    def abort(self) -> None:
        """Ends what is under way; it then counts as broken."""
        self._network.abort()

    def close(self) -> None:
        """Closes its connections."""
        self._pool.close()

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        timeouts = {"connect": CONNECT_S, "read": None, "write": None, "pool": None}
        sent = {
            "Content-Type": "application/json",
            "User-Agent": _AGENT,
            "Accept": "*/*",
            "Accept-Encoding": "identity",
            **headers,
        }
        parsed = httpx.URL(url)
        target = httpcore.URL(scheme=parsed.raw_scheme, host=parsed.raw_host, port=parsed.port, target=parsed.raw_path)
        named = [("Host", parsed.netloc.decode("ascii")), ("Content-Length", str(len(body))), *sent.items()]
        with self._pool.stream("POST", target, headers=named, content=body, extensions={"timeout": timeouts}) as answer:
            return answer.status, _beginning(answer)


def _beginning(answer: httpcore.Response) -> bytes:
    """How the answer begins; the rest is not read, and its connection then closes."""
    kept = b""
    for piece in answer.iter_stream():
        kept += piece
        if len(kept) >= MAX_KEPT:
            break
    return kept[:MAX_KEPT]

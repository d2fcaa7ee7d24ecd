"""What came of one attempt, and what it means. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

GONE = 410
MAX_KEPT = 1_024  # bytes of an answer


class AttemptError(StrEnum):
    """Why an attempt failed."""

    ADDRESS_REFUSED = "ADDRESS_REFUSED"  # the name leads to where webhooks may not go
    NAME_NOT_FOUND = "NAME_NOT_FOUND"
    CONNECTION_FAILED = "CONNECTION_FAILED"
    TLS_FAILED = "TLS_FAILED"
    TIMEOUT = "TIMEOUT"
    CONNECTION_BROKEN = "CONNECTION_BROKEN"  # … or what came back is no HTTP
    REDIRECT = "REDIRECT"  # followed nowhere
    HTTP_STATUS = "HTTP_STATUS"  # any other that is not 2xx
    GONE = "GONE"  # 410: the endpoint wants no more
    DISABLED = "DISABLED"  # not tried: the endpoint was disabled before its turn came


@dataclass(frozen=True, slots=True)
class Answer:
    """One attempt. code: HTTP status, None where there was no answer. text: how the answer begins."""

    at_ms: int
    duration_ms: int
    code: int | None = None
    error: AttemptError | None = None
    text: str = ""

    @property
    def succeeded(self) -> bool:
        return self.error is None


def error_of(code: int) -> AttemptError | None:
    """What an HTTP status means; None: it was delivered."""
    if 200 <= code < 300:
        return None
    if 300 <= code < 400:
        return AttemptError.REDIRECT
    return AttemptError.GONE if code == GONE else AttemptError.HTTP_STATUS

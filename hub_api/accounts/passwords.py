"""Password hashes (argon2id). Each takes 64 MiB and a good part of a second: few at a time in a process, few wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import RateLimited

MAX_HASHING = 2  # at once
MAX_WAITING = 4  # for one of those; so few of the threads that serve requests are ever held by logins
MAX_WAIT_S = 3.0

_hashing = threading.BoundedSemaphore(MAX_HASHING)
_places = threading.BoundedSemaphore(MAX_HASHING + MAX_WAITING)


class Passwords:
    """Makes and checks hashes; an unknown user costs as much as a wrong password.

    Every method raises RateLimited, soon, where too many of the process are made or checked already.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The hash to keep."""
        with _slot():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """True where the password is the one behind `stored`; None (no such user) is checked against a dummy."""
        with _slot():
            if stored is None and self._nobody is None:
                self._nobody = self._hasher.hash("nobody's password")
            try:
                return self._hasher.verify(stored or self._nobody or "", password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False


@contextlib.contextmanager
def _slot() -> Iterator[None]:
    """Room for one hash. Raises RateLimited."""
    if not _places.acquire(blocking=False):
        raise RateLimited(retry_after_s=1)
    try:
        if not _hashing.acquire(timeout=MAX_WAIT_S):
            raise RateLimited(retry_after_s=1)
        try:
            yield
        finally:
            _hashing.release()
    finally:
        _places.release()

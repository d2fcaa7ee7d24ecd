"""Password hashes (argon2id). Each takes 64 MiB and a good part of a second: few at a time in a process, few wait."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from shared.errors import RateLimited

MAX_HASHING = 1  # at once: each uses several cores
MAX_WAITING = 4  # for its turn; so few of the threads that serve requests are ever held by logins
MAX_WAIT_S = 3.0

_hashing = threading.BoundedSemaphore(MAX_HASHING)
_places = threading.BoundedSemaphore(MAX_HASHING + MAX_WAITING)


class Passwords:
    """Makes and checks hashes; an unknown user costs as much as a wrong password.

    Every method raises RateLimited where it does not get its turn in MAX_WAIT_S.
    """

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The hash to keep."""
        with _turn():
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """True where the password is the one behind `stored`; None (no such user) is checked against a dummy."""
        with _turn():
            if stored is None and self._nobody is None:
                self._nobody = self._hasher.hash("nobody's password")
            try:
                return self._hasher.verify(stored or self._nobody or "", password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False


@contextlib.contextmanager
def room() -> Iterator[None]:
    """Around a stranger's call, before it costs anything. Raises RateLimited at once where too many are under way."""
    if not _places.acquire(blocking=False):
        raise RateLimited(retry_after_s=1)
    try:
        yield
    finally:
        _places.release()


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    if not _hashing.acquire(timeout=MAX_WAIT_S):
        raise RateLimited(retry_after_s=1)
    try:
        yield
    finally:
        _hashing.release()

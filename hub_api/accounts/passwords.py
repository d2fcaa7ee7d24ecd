"""Password hashes (argon2id). Few at a time: each takes 64 MiB."""

from __future__ import annotations

import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_AT_ONCE = 2


class Passwords:
    """Makes and checks hashes; an unknown user costs as much as a wrong password."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        self._slots = threading.BoundedSemaphore(_AT_ONCE)
        self._nobody: str | None = None

    def hash(self, password: str) -> str:
        """The hash to keep."""
        with self._slots:
            return self._hasher.hash(password)

    def matches(self, stored: str | None, password: str) -> bool:
        """True where the password is the one behind `stored`; None (no such user) is checked against a dummy."""
        with self._slots:
            if stored is None and self._nobody is None:
                self._nobody = self._hasher.hash("nobody's password")
            try:
                return self._hasher.verify(stored or self._nobody or "", password) and stored is not None
            except (VerificationError, InvalidHashError):
                return False

"""One file on its way into the store: under a temporary name while it streams, hashed on the way."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass


class MediaTooLarge(Exception):
    """More bytes came than may be stored."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A file of the store. added_bytes: by which the tenant's files grew; 0 where it had these bytes before."""

    sha256: str  # hex digits
    size: int
    added_bytes: int


class MediaWriter:
    """Takes the bytes in order, then `commit`; until that nobody sees anything of them."""

    def __init__(self, append: Callable[[bytes], object], commit: Callable[[str, int], int], max_bytes: int) -> None:
        """append: adds bytes to the file. commit(sha256, size): gives it its name, and says by what the store grew."""
        self._append = append
        self._commit = commit
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self._size = 0

    def write(self, chunk: bytes) -> None:
        """Raises MediaTooLarge, StoreFailed."""
        self._size += len(chunk)
        if self._size > self._max_bytes:
            raise MediaTooLarge
        self._hash.update(chunk)
        self._append(chunk)

    def commit(self) -> Stored:
        """Everything is written: the file gets its name. Raises StoreFailed."""
        sha256 = self._hash.hexdigest()
        return Stored(sha256, self._size, self._commit(sha256, self._size))

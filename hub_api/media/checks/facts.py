"""What is told of a file, and how it is read: forwards and in small pieces, while its bytes pass by. Pure.

A reading is a generator. It asks for pieces as `(offset, size)`, each beginning no earlier than the one before, and is
sent their bytes, fewer where the file ends; what it returns are the facts.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

Told = TypeVar("Told")
Reading = Generator[tuple[int, int], bytes, Told]


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one file. What its header does not say is None."""

    mime_type: str  # with the codec where that decides: `audio/ogg; codecs=opus`
    width: int | None = None  # pixels
    height: int | None = None
    channels: int | None = None  # of Opus in Ogg


class Examiner:
    """Follows one reading through a file whose bytes come in pieces of any size; keeps no more than it asks for."""

    def __init__(self, reading: Reading[Facts]) -> None:
        self._reading = reading
        self._facts: Facts | None = None
        self._kept, self._kept_at = bytearray(), 0  # bytes of the file, and the offset of the first
        self._need = next(reading)

    def feed(self, chunk: bytes) -> None:
        """The next bytes of the file."""
        if self._facts is not None:
            return
        self._kept += chunk
        while self._facts is None and self._kept_at + len(self._kept) >= sum(self._need):
            self._answer()
        self._drop()

    def end(self) -> Facts:
        """The file is whole: what it is."""
        while self._facts is None:
            self._answer()
        return self._facts

    def _answer(self) -> None:
        offset, size = self._need
        first = offset - self._kept_at
        piece = bytes(self._kept[first : first + size])
        try:
            self._need = self._reading.send(piece)
        except StopIteration as done:
            self._facts = done.value

    def _drop(self) -> None:
        """Forgets what lies before the piece that is asked for."""
        passed = len(self._kept) if self._facts is not None else min(self._need[0] - self._kept_at, len(self._kept))
        del self._kept[:passed]
        self._kept_at += passed

"""A list on its way into SQL and out again: UTF-8 in pieces, so that nobody holds it as a whole."""

from __future__ import annotations

import codecs
import io
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from hub_api.campaigns.recipients import entries
from hub_api.campaigns.recipients.entries import Entries

PIECE = 262_144  # bytes

Kind = Literal["csv", "objects"]


@dataclass(frozen=True, slots=True)
class Upload:
    """A list to be imported. columns: beyond number and name. keys: of objects, which key is which column.

    pieces: its text, as CSV or as one JSON object a line. total: rows, where that is known beforehand.
    """

    kind: Kind
    columns: tuple[str, ...]
    pieces: Iterator[bytes]
    keys: dict[str, str] | None = None
    total: int = 0


def csv_upload(read: Callable[[], Iterable[bytes]]) -> Upload:
    """A CSV list in UTF-8, else Windows-1252. read: begins to read it, several times. Raises SheetError."""
    encoding = _encoding(read())
    header = entries.of_csv(text_of(_recoded(read(), encoding)))
    return Upload("csv", header.columns, _pieces(_recoded(read(), encoding)), total=_lines(read()) - 1)


def objects_upload(rows: list[Any]) -> Upload:
    """A list of JSON objects. Raises SheetError."""
    keys = entries.columns_of(rows)
    lines = (json.dumps(row).encode() + b"\n" for row in rows)
    return Upload("objects", entries.further(keys.values()), _pieces(lines), keys, len(rows))


def stored_entries(kind: str, keys: dict[str, str] | None, pieces: Iterable[bytes]) -> Entries:
    """What an upload's pieces say. Raises SheetError."""
    text = text_of(pieces)
    if kind == "csv":
        return entries.of_csv(text)
    return entries.of_objects(map(json.loads, text), keys or {})


def text_of(pieces: Iterable[bytes]) -> io.TextIOWrapper:
    """The lines of a text in UTF-8 that comes in pieces, each with its own line end."""
    return io.TextIOWrapper(io.BufferedReader(_Pieces(iter(pieces))), encoding="utf-8", newline="")


class _Pieces(io.RawIOBase):
    """A file of what an iterator yields."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        view = memoryview(buffer)
        count = min(len(view), len(self._left))
        view[:count], self._left = self._left[:count], self._left[count:]
        return count


def _lines(blocks: Iterable[bytes]) -> int:
    count, last = 0, b"\n"
    for block in blocks:
        count, last = count + block.count(b"\n"), block[-1:] or last
    return count + (last != b"\n")


def _encoding(blocks: Iterable[bytes]) -> str:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks:
            decoder.decode(block)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _recoded(blocks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for block in blocks:
        yield decoder.decode(block).encode()
    yield decoder.decode(b"", True).encode()


def _pieces(parts: Iterable[bytes]) -> Iterator[bytes]:
    gathered = bytearray()
    for part in parts:
        gathered += part
        while len(gathered) >= PIECE:
            yield bytes(gathered[:PIECE])
            del gathered[:PIECE]
    if gathered:
        yield bytes(gathered)

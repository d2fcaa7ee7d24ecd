"""The picture that a lead sends: a house, drawn here, so that the demo has a file of its own to compare."""

from __future__ import annotations

import struct
import zlib

_COLOURS = {
    " ": (142, 202, 230),  # sky
    "O": (255, 209, 102),  # sun
    "^": (188, 71, 73),  # roof
    "#": (242, 232, 207),  # wall
    "o": (33, 158, 188),  # window
    "D": (111, 69, 24),  # door
    "_": (106, 153, 78),  # grass
}
_ROWS = (
    "                ",
    "  OO            ",
    "  OO     ^^     ",
    "        ^^^^    ",
    "       ^^^^^^   ",
    "      ^^^^^^^^  ",
    "       ######   ",
    "       #oo###   ",
    "       #oo#DD   ",
    "_______####DD___",
    "________________",
)
_SCALE = 24  # pixels of the picture for one here


def house() -> bytes:
    """A PNG."""
    width, height = len(_ROWS[0]) * _SCALE, len(_ROWS) * _SCALE
    lines = (b"\0" + b"".join(bytes(_COLOURS[each]) * _SCALE for each in row) for row in _ROWS for _ in range(_SCALE))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits each of red, green and blue
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(lines))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_part(kind, content) for kind, content in parts)


def _part(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

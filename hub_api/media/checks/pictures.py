"""How large pictures say they are: JPEG, PNG and WebP, by their headers alone. Nothing is decoded. Pure."""

from __future__ import annotations

from hub_api.media.checks.facts import Facts, Reading

JPEG, PNG, WEBP = "image/jpeg", "image/png", "image/webp"

_PNG_BEGINS = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_MAX_SEGMENTS = 2_000  # of a JPEG before its frame; a camera's has a few dozen
_STANDS_ALONE = {0x01, *range(0xD0, 0xD8)}  # markers without a length
_NO_FRAME = {0xC4, 0xC8, 0xCC}  # among the markers from C0 to CF
_ENDS = {0xD9, 0xDA}


def is_picture(head: bytes) -> bool:
    """Whether `read_picture` knows a file that begins so."""
    return head.startswith((b"\xff\xd8\xff", _PNG_BEGINS)) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def read_picture(head: bytes) -> Reading[Facts]:
    """head: its first 32 bytes at least, where it has so many."""
    if head.startswith(_PNG_BEGINS):
        return _facts(PNG, _number(head[16:20]), _number(head[20:24]))
    if head[:4] == b"RIFF":
        return _facts(WEBP, *_webp_size(head))
    return (yield from _read_jpeg())


def _facts(mime_type: str, width: int, height: int) -> Facts:
    """0: it does not say."""
    return Facts(mime_type, width, height) if width and height else Facts(mime_type)


def _read_jpeg() -> Reading[Facts]:
    """ISO/IEC 10918-1, B.1: segments up to the frame's, each with its length."""
    offset = 2
    for _ in range(_MAX_SEGMENTS):
        segment = yield offset, 9
        if len(segment) < 9 or segment[0] != 0xFF:
            break
        marker = segment[1]
        if marker == 0xFF:  # fill bytes may stand before a marker
            offset += 1
        elif marker in _STANDS_ALONE:
            offset += 2
        elif marker in _ENDS:
            break
        elif 0xC0 <= marker <= 0xCF and marker not in _NO_FRAME:
            return _facts(JPEG, _number(segment[7:9]), _number(segment[5:7]))
        else:
            offset += 2 + max(_number(segment[2:4]), 2)
    return Facts(JPEG)


def _webp_size(head: bytes) -> tuple[int, int]:
    """Of the canvas; RFC 9649, 2.5 to 2.7."""
    kind, data = head[12:16], head[20:]
    if kind == b"VP8X" and len(data) >= 10:
        return 1 + int.from_bytes(data[4:7], "little"), 1 + int.from_bytes(data[7:10], "little")
    if kind == b"VP8L" and len(data) >= 5 and data[0] == 0x2F:
        bits = int.from_bytes(data[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        width, height = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _number(digits: bytes) -> int:
    return int.from_bytes(digits, "big")

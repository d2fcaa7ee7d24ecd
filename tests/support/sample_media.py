"""Small files of every type that messages take, made here: headers as the formats have them, and some bytes behind."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

REST = bytes(range(256)) * 8


def png(width: int = 2, height: int = 2) -> bytes:
    """A whole one where it is small; a large one has the header alone, as a bomb does."""
    rows = b"".join(b"\x00" + b"\xff\x00\x00" * width for _ in range(height)) if width * height < 10_000 else b""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in parts)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg(width: int = 640, height: int = 480, before: int = 3) -> bytes:
    """before: large segments that stand before the frame's."""
    segments = b"".join(b"\xff\xe1" + struct.pack(">H", 60_000) + bytes(59_998) for _ in range(before))
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 11, 8, height, width, 1) + b"\x01\x11\x00"
    return b"\xff\xd8" + segments + frame + b"\xff\xda\x00\x02" + REST + b"\xff\xd9"


def webp(width: int = 512, height: int = 512, kind: str = "VP8X") -> bytes:
    if kind == "VP8X":
        data = b"\x10\x00\x00\x00" + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    elif kind == "VP8L":
        data = b"\x2f" + ((width - 1) | (height - 1) << 14).to_bytes(4, "little") + REST
    else:
        data = b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", width, height) + REST
    body = b"WEBP" + kind.ljust(4).encode() + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _box(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", 8 + len(data)) + kind + data


def mp4(*tracks: bytes, brand: bytes = b"isom", moov_last: bool = False) -> bytes:
    """tracks: `vide`, `soun` …; none: both."""

    def track(kind: bytes) -> bytes:
        handler = _box(b"hdlr", bytes(8) + kind + bytes(13))
        return _box(b"trak", _box(b"tkhd", bytes(84)) + _box(b"mdia", _box(b"mdhd", bytes(24)) + handler))

    moov = _box(b"moov", _box(b"mvhd", bytes(100)) + b"".join(map(track, tracks or (b"vide", b"soun"))))
    mdat = _box(b"mdat", REST * 40)
    return _box(b"ftyp", brand + bytes(4) + brand) + (mdat + moov if moov_last else moov + mdat)


def ogg(codec: str = "opus", channels: int = 1) -> bytes:
    begins = {"opus": b"OpusHead\x01", "vorbis": b"\x01vorbis\x00\x00\x00\x00", "theora": b"\x80theora"}[codec]
    packet = begins + bytes([channels]) + bytes(9)
    return b"OggS\x00\x02" + bytes(20) + b"\x01" + bytes([len(packet)]) + packet + REST


def mp3(*, tag_bytes: int = 0) -> bytes:
    """MPEG 1 layer III, 128 kbit/s at 44,100 Hz: frames of 417 bytes."""
    size = bytes(tag_bytes >> shift & 0x7F for shift in (21, 14, 7, 0))
    tag = b"ID3\x04\x00\x00" + size + bytes(tag_bytes) if tag_bytes else b""
    return tag + (b"\xff\xfb\x90\x00" + bytes(413)) * 5


def aac() -> bytes:
    """ADTS: frames of 64 bytes."""
    return (b"\xff\xf1\x50\x80\x08\x1f\xfc" + bytes(57)) * 5


def amr() -> bytes:
    return b"#!AMR\n" + REST


def pdf() -> bytes:
    return b"%PDF-1.7\n" + REST


def zipped(*names: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        for name in names:
            file.writestr(name, "x" * 50)
    return out.getvalue()

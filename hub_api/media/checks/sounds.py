"""MP3, AAC, AMR and Ogg, by their first frames or pages. Pure."""

from __future__ import annotations

from hub_api.media.checks.facts import Facts, Reading

MP3, AAC, AMR, OPUS = "audio/mpeg", "audio/aac", "audio/amr", "audio/ogg; codecs=opus"

_KBIT_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)  # of MPEG 1, layer III
_KBIT_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)  # of MPEG 2 and 2.5
_HZ = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}  # by version
_MAX_TAGS = 8  # ID3 tags before the sound
_FRAME_BYTES = 6  # of a frame's header, as much as is looked at


def is_sound(head: bytes) -> bool:
    """Whether `read_sound` may know a file that begins so."""
    return head.startswith((b"#!AMR\n", b"OggS", b"ID3")) or _frame(head)[1] > 0


def read_sound(head: bytes) -> Reading[Facts | None]:
    """None: it only looked like one. head: its first few hundred bytes, where it has so many."""
    if head.startswith(b"#!AMR\n"):
        return Facts(AMR)
    if head.startswith(b"OggS"):
        return _ogg(head)
    offset = 0
    for _ in range(_MAX_TAGS):
        tag = yield offset, 10
        if len(tag) < 10 or tag[:3] != b"ID3":
            break
        size = 0
        for part in tag[6:10]:
            size = size << 7 | part & 0x7F
        offset += 10 + size + (10 if tag[5] & 0x10 else 0)  # a footer
    first = yield offset, _FRAME_BYTES
    kind, size = _frame(first)
    if size == 0:
        return Facts(MP3) if offset else None  # of padding behind a tag nothing is known
    following = yield offset + size, _FRAME_BYTES
    if following and _frame(following)[0] != kind:
        return None
    return Facts(kind)


def _ogg(head: bytes) -> Facts:
    """RFC 3533, 6: the first page has the codec's own header, after as many bytes as it has segments."""
    begin = 27 + (head[26] if len(head) > 26 else 0)
    packet = head[begin : begin + 19]
    if packet.startswith(b"OpusHead") and len(packet) >= 10:
        return Facts(OPUS, channels=packet[9])  # RFC 7845, 5.1
    if packet.startswith(b"\x01vorbis"):
        return Facts("audio/ogg; codecs=vorbis")
    return Facts("application/ogg")


def _frame(header: bytes) -> tuple[str, int]:
    """What a frame's header says it is, and the frame's bytes; ("", 0) for none."""
    if len(header) < _FRAME_BYTES or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return "", 0
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    if layer == 0 and header[1] & 0xF6 == 0xF0:  # ADTS
        size = (header[3] & 3) << 11 | header[4] << 3 | header[5] >> 5
        return (AAC, size) if size >= 7 and header[2] >> 2 & 0xF < 13 else ("", 0)
    bits, rate = header[2] >> 4, header[2] >> 2 & 3
    if layer != 1 or version == 1 or bits in (0, 15) or rate == 3:
        return "", 0
    samples, kbit = (144, _KBIT_1[bits]) if version == 3 else (72, _KBIT_2[bits])
    return MP3, samples * kbit * 1_000 // _HZ[version][rate] + (header[2] >> 1 & 1)

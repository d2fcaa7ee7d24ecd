"""Whether an MP4 has pictures or is sound alone, by its tracks: ISO/IEC 14496-12. Pure."""

from __future__ import annotations

from hub_api.media.checks.facts import Facts, Reading

MP4, SOUND_MP4, FILM_3GP, SOUND_3GP = "video/mp4", "audio/mp4", "video/3gpp", "audio/3gpp"
NEITHER = "application/mp4"  # no track of either is found

_OTHER_BRANDS = (b"qt  ", b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1", b"avif", b"avis", b"crx ")
_OPENED = {b"moov", b"trak", b"mdia"}  # boxes on the way to what a track's kind is said in
_KINDS = {b"vide", b"soun"}
_MAX_BOXES = 20_000  # a film that is sent while it is recorded has two for each of its seconds


def is_film(head: bytes) -> bool:
    """Whether `read_film` knows a file that begins so: MP4, M4A and 3GP; neither QuickTime nor the pictures that are
    packed the same way."""
    return head[4:8] == b"ftyp" and head[8:12] not in _OTHER_BRANDS


def read_film(head: bytes) -> Reading[Facts]:
    """head: its first 12 bytes at least."""
    found: set[bytes] = set()
    offset = 0
    for _ in range(_MAX_BOXES):
        box = yield offset, 20
        if len(box) < 8 or found >= _KINDS:
            break
        size, kind, inside = int.from_bytes(box[:4], "big"), box[4:8], 8
        if size == 1 and len(box) >= 16:
            size, inside = int.from_bytes(box[8:16], "big"), 16
        if kind == b"hdlr":
            found.add(box[16:20])
        if kind in _OPENED:
            offset += inside
        elif size < inside:  # 0: it lasts to the end of the file
            break
        else:
            offset += size
    is_3gp = head[8:11] in (b"3gp", b"3g2")
    if b"vide" in found:
        return Facts(FILM_3GP if is_3gp else MP4)
    if b"soun" in found:
        return Facts(SOUND_3GP if is_3gp else SOUND_MP4)
    return Facts(NEITHER)

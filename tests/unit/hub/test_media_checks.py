"""What a file is by its bytes, whatever the pieces they come in, and which messages take it."""

from __future__ import annotations

import gzip
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_api.media.bodies import MediaInput
from hub_api.media.checks.examining import examiner
from hub_api.media.checks.facts import Facts
from hub_api.media.checks.kinds import TAKES, fault_of, fault_of_any
from hub_api.media.checks.told_types import agreed, by_name
from shared.protocol.content import MEDIA_TYPES, ContentType
from support.sample_media import REST, aac, amr, jpeg, mp3, mp4, ogg, pdf, png, webp, zipped

OPUS = "audio/ogg; codecs=opus"
KNOWN = [
    (png(3, 4), Facts("image/png", 3, 4)),
    (png(100_000, 100_000), Facts("image/png", 100_000, 100_000)),
    (jpeg(640, 480), Facts("image/jpeg", 640, 480)),
    (jpeg(65_500, 65_500, before=0), Facts("image/jpeg", 65_500, 65_500)),
    (webp(512, 300), Facts("image/webp", 512, 300)),
    (webp(16_384, 2, "VP8L"), Facts("image/webp", 16_384, 2)),
    (webp(96, 97, "VP8"), Facts("image/webp", 96, 97)),
    (mp4(), Facts("video/mp4")),
    (mp4(moov_last=True), Facts("video/mp4")),
    (mp4(b"soun", b"vide"), Facts("video/mp4")),
    (mp4(b"soun"), Facts("audio/mp4")),
    (mp4(b"soun", brand=b"M4A "), Facts("audio/mp4")),
    (mp4(brand=b"3gp4"), Facts("video/3gpp")),
    (mp4(b"soun", brand=b"3gp4"), Facts("audio/3gpp")),
    (mp4(b"text"), Facts("application/mp4")),
    (mp4(brand=b"qt  "), Facts("video/quicktime")),
    (mp4(brand=b"heic"), Facts("image/heic")),
    (ogg(), Facts(OPUS, channels=1)),
    (ogg(channels=2), Facts(OPUS, channels=2)),
    (ogg("vorbis"), Facts("audio/ogg; codecs=vorbis")),
    (ogg("theora"), Facts("application/ogg")),
    (mp3(), Facts("audio/mpeg")),
    (mp3(tag_bytes=70_000), Facts("audio/mpeg")),
    (aac(), Facts("audio/aac")),
    (amr(), Facts("audio/amr")),
    (pdf(), Facts("application/pdf")),
    (zipped("a.txt"), Facts("application/zip")),
    (gzip.compress(REST), Facts("application/gzip")),
    (b"GIF89a" + REST, Facts("image/gif")),
    ("nombre;teléfono\r\n".encode() * 2_000, Facts("text/plain")),
    ("nombre\n".encode("utf-16"), Facts("text/plain")),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", Facts("text/plain")),
    (bytes(100), Facts("application/octet-stream")),
    (b"MZ\x90\x00" + bytes(100), Facts("application/x-msdownload")),
    (b"\xff\xfb\x90\x00" + bytes(1_000), Facts("application/octet-stream")),  # one frame and then none
]


def told(content: bytes, sizes: Iterator[int]) -> Facts:
    one, at = examiner(), 0
    while at < len(content):
        size = next(sizes)
        one.feed(content[at : at + size])
        at += size
    return one.end()


def forever(size: int) -> Iterator[int]:
    while True:
        yield size


@pytest.mark.parametrize(
    ("content", "facts"), KNOWN, ids=lambda value: value.mime_type if isinstance(value, Facts) else ""
)
@pytest.mark.parametrize("size", [7, 4_096, 1 << 20])
def test_what_it_is_does_not_hang_on_the_pieces(content: bytes, facts: Facts, size: int) -> None:
    found = told(content, forever(size))
    if facts.mime_type == "application/x-msdownload":  # a library's name for it: what counts is that it is no medium
        assert found.mime_type.startswith("application/")
    else:
        assert found == facts


@pytest.mark.parametrize("content", [content for content, _ in KNOWN])
def test_what_is_cut_off_is_told_without_a_fault(content: bytes) -> None:
    for cut in {1, 3, 8, 11, 12, 16, 20, 24, 26, 27, 28, 30, len(content) // 2, len(content) - 1}:
        assert told(content[:cut], forever(5)).mime_type


@given(st.binary(max_size=200), st.sampled_from([content[:40] for content, _ in KNOWN]), st.integers(1, 50))
def test_nothing_makes_it_fail(noise: bytes, begin: bytes, size: int) -> None:
    assert told(begin + noise, forever(size)).mime_type
    assert told(noise + begin, forever(size)) == told(noise + begin, forever(1 << 20))


def test_it_keeps_no_more_than_a_piece() -> None:
    one = examiner()
    one.feed(mp4(moov_last=True)[:8_000])
    for _ in range(100):
        one.feed(bytes(65_536))
        assert len(one._kept) <= 65_536 + 8_192  # the bound is what this class is for


def test_a_file_of_nothing_but_tiny_segments_is_given_up_soon() -> None:
    assert told(b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000, forever(65_536)) == Facts("image/jpeg")
    assert told(mp4()[:24] + b"\x00\x00\x00\x08free" * 100_000, forever(65_536)) == Facts("application/mp4")


GOOD = {
    ContentType.IMAGE: [Facts("image/jpeg", 640, 480), Facts("image/png", 2, 2)],
    ContentType.STICKER: [Facts("image/webp", 512, 512)],
    ContentType.VIDEO: [Facts("video/mp4"), Facts("video/3gpp")],
    ContentType.AUDIO: [Facts(kind) for kind in ("audio/mpeg", "audio/mp4", "audio/aac", "audio/amr", OPUS)],
    ContentType.VOICE: [Facts(OPUS, channels=1)],
    ContentType.DOCUMENT: [Facts("application/pdf"), Facts("image/png", 2, 2), Facts("application/octet-stream")],
}
BAD = [
    (ContentType.IMAGE, Facts("image/gif"), "its content is image/gif; image takes image/jpeg, image/png"),
    (ContentType.IMAGE, Facts("image/webp", 2, 2), "its content is image/webp"),
    (ContentType.IMAGE, Facts("image/jpeg"), "its header does not say how large"),
    (ContentType.IMAGE, Facts("image/png", 100_000, 100_000), "100000 × 100000 pixels"),
    (ContentType.DOCUMENT, Facts("image/png", 100_000, 100_000), "100000 × 100000 pixels"),
    (ContentType.STICKER, Facts("image/png", 512, 512), "sticker takes image/webp"),
    (ContentType.STICKER, Facts("image/webp", 513, 512), "is 513 × 512 pixels; sticker takes 512 × 512"),
    (ContentType.STICKER, Facts("image/webp"), "its header does not say"),
    (ContentType.VIDEO, Facts("video/quicktime"), "video takes video/mp4, video/3gpp"),
    (ContentType.VIDEO, Facts("audio/mp4"), "its content is audio/mp4"),
    (ContentType.AUDIO, Facts("video/mp4"), "its content is video/mp4"),
    (ContentType.AUDIO, Facts("audio/ogg; codecs=vorbis"), "its content is audio/ogg; codecs=vorbis"),
    (ContentType.VOICE, Facts("audio/mpeg"), f"voice takes {OPUS}"),
    (ContentType.VOICE, Facts(OPUS, channels=2), "has 2 channels; voice takes mono"),
]


def test_every_type_takes_what_it_should() -> None:
    assert set(GOOD) == MEDIA_TYPES
    assert set(TAKES) == MEDIA_TYPES - {ContentType.DOCUMENT}
    assert [(kind, facts) for kind, all_good in GOOD.items() for facts in all_good if fault_of(facts, kind, 64)] == []


@pytest.mark.parametrize(("kind", "facts", "said"), BAD)
def test_and_says_why_it_takes_nothing_else(kind: ContentType, facts: Facts, said: str) -> None:
    assert said in (fault_of(facts, kind, 64) or "")


def test_how_many_pixels_are_too_many() -> None:
    assert fault_of_any(Facts("image/png", 8_000, 8_000), 64) is None
    assert fault_of_any(Facts("image/png", 8_000, 8_001), 64) is not None
    assert fault_of_any(Facts("application/pdf"), 1) is None


@pytest.mark.parametrize(
    ("shown", "said", "taken"),
    [
        ("image/png", "image/png", "image/png"),
        ("image/jpeg", "image/jpg", "image/jpeg"),
        ("image/jpeg", "image/png", None),
        ("image/jpeg", "application/octet-stream", "image/jpeg"),
        ("image/jpeg", "no type", "image/jpeg"),
        (OPUS, "audio/ogg", OPUS),
        (OPUS, "audio/ogg; codecs=opus", OPUS),
        ("audio/mpeg", "audio/mp3", "audio/mpeg"),
        ("audio/mp4", "audio/x-m4a", "audio/mp4"),
        ("application/pdf", "application/msword", None),
        ("application/zip", "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        ("application/zip", "application/pdf", None),
        ("text/plain", "text/csv", "text/csv"),
        ("text/plain", "image/svg+xml", "image/svg+xml"),
        ("text/plain", "image/png", None),
        ("application/octet-stream", "application/vnd.ms-excel", "application/vnd.ms-excel"),
        ("application/octet-stream", "video/mp4", None),
        ("application/octet-stream", "application/zip", None),
    ],
)
def test_what_is_said_must_agree_with_what_shows(shown: str, said: str, taken: str | None) -> None:
    assert agreed(shown, said) == taken


def test_a_name_adds_to_what_shows_and_never_contradicts() -> None:
    assert by_name("text/plain", "lista.csv") == "text/csv"
    assert by_name("application/pdf", "a.png") == "application/pdf"
    assert by_name("image/png", "a.pdf") == "image/png"
    assert by_name("application/octet-stream", "a.jpg") == "application/octet-stream"
    assert by_name("application/octet-stream", "") == "application/octet-stream"


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"media_id": "0" * 26, "url": "https://a.example/"},
        {"base64": "aGk="},
        {"mime_type": "image/png", "url": "https://a.example/"},
        {"media_id": "../../../../etc/passwd"},
        {"base64": "", "mime_type": "image/png"},
    ],
)
def test_a_source_is_one_and_whole(source: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        MediaInput(**source)

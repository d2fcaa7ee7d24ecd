"""Which files a message of each type takes. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from hub_api.media.checks.facts import Facts
from hub_api.media.checks.films import FILM_3GP, MP4, SOUND_MP4
from hub_api.media.checks.pictures import JPEG, PNG, WEBP
from hub_api.media.checks.sounds import AAC, AMR, MP3, OPUS
from shared.protocol.content import ContentType

# What WhatsApp's own clients show as such; a document is whatever it is.
TAKES: Mapping[ContentType, tuple[str, ...]] = {
    ContentType.IMAGE: (JPEG, PNG),
    ContentType.STICKER: (WEBP,),
    ContentType.VIDEO: (MP4, FILM_3GP),
    ContentType.AUDIO: (MP3, SOUND_MP4, AAC, AMR, OPUS),
    ContentType.VOICE: (OPUS,),
}
MAX_STICKER_PIXELS = 512  # of each side
MEGAPIXEL = 1_000_000


def fault_of(facts: Facts, content_type: ContentType, max_megapixels: int) -> str | None:
    """Why a message of that type can't have the file; None where it can."""
    takes = TAKES.get(content_type)
    if takes is not None and facts.mime_type not in takes:
        return f"its content is {facts.mime_type}; {content_type} takes {', '.join(takes)}"
    if content_type in (ContentType.IMAGE, ContentType.STICKER) and facts.width is None:
        return f"its header does not say how large a picture it is ({facts.mime_type})"
    if content_type is ContentType.STICKER and max(facts.width or 0, facts.height or 0) > MAX_STICKER_PIXELS:
        return f"is {facts.width} × {facts.height} pixels; sticker takes {MAX_STICKER_PIXELS} × {MAX_STICKER_PIXELS}"
    if content_type is ContentType.VOICE and facts.channels != 1:
        return f"has {facts.channels} channels; voice takes mono"
    return fault_of_any(facts, max_megapixels)


def fault_of_any(facts: Facts, max_megapixels: int) -> str | None:
    """Why no message can have the file; None where one can. A picture that claims to be huge fills the memory of
    whoever decodes it, so it does not leave as a document either."""
    pixels = (facts.width or 0) * (facts.height or 0)
    if pixels <= max_megapixels * MEGAPIXEL:
        return None
    return f"is {facts.width} × {facts.height} pixels by its header; at most {max_megapixels} million are taken"

"""What a message that we send carries beside its text, of whatever type.

The text itself (of media: their caption) stands in the message's own field: what ended loses both. Names and values are
those of `POST …/messages`, as far as callers give them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from shared.protocol.inbound import ContactCard, Place, Poll
from shared.protocol.wire import Record, WireError


class ContentType(StrEnum):
    """The tag of what is sent."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    POLL = "poll"


MEDIA_TYPES = frozenset(
    {
        ContentType.IMAGE,
        ContentType.VIDEO,
        ContentType.AUDIO,
        ContentType.VOICE,
        ContentType.DOCUMENT,
        ContentType.STICKER,
    }
)


@dataclass(frozen=True, slots=True)
class MediaFile(Record):
    """A file of the tenant's in the media store (`shared/media/store.py`)."""

    sha256: str  # of its bytes, 64 hexadecimal digits: its name in the store
    mime_type: str  # by its content
    size: int  # bytes
    file_name: str = ""  # as the recipient is to see it


@dataclass(frozen=True, slots=True)
class Quote(Record):
    """The message that is answered. What the page needs to show it where it does not know it stands here too."""

    key: str  # WhatsApp's
    author: str = ""  # who wrote it: digits, or a LID; "": the tenant
    type: str = "text"  # of `InboundType`
    text: str = ""  # its text or caption


@dataclass(frozen=True, slots=True)
class LinkPreview(Record):
    """The card below a text with a link in it, as the caller wants it: nobody is asked for it."""

    url: str  # as it stands in the text
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Content(Record):
    """The default is a text and nothing beside it. media: exactly with a type of MEDIA_TYPES; so with the others."""

    type: ContentType = ContentType.TEXT
    media: MediaFile | None = None
    location: Place | None = None
    contact: ContactCard | None = None
    poll: Poll | None = None
    quote: Quote | None = None
    mentions: tuple[str, ...] = ()  # canonical digits of those whom the text names as `@<digits>`
    link_preview: LinkPreview | None = None

    def to_text(self) -> str:
        """As the ledger and SQL keep it: JSON; "" for a text and nothing beside it."""
        return "" if self == PLAIN else json.dumps(self.to_wire(), ensure_ascii=False, sort_keys=True)

    @classmethod
    def from_text(cls, text: str | None) -> Content:
        """What `to_text` wrote; None is "". Raises WireError."""
        if not text:
            return PLAIN
        try:
            data = json.loads(text)
        except ValueError:
            raise WireError("Content is no JSON") from None
        return cls.from_wire(data)


PLAIN = Content()

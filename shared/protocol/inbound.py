"""What a message of a conversation carries, of whatever type: parts of the record `events.MessageInbound`.

Names and values are those of the inbound object that callers get. Times are whole milliseconds since the epoch.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from shared.protocol.wire import Record


class InboundType(StrEnum):
    """What kind of message it is; UNKNOWN comes with WhatsApp's own word in `raw_type`."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACT = "contact"
    REACTION = "reaction"
    POLL = "poll"
    POLL_VOTE = "poll_vote"
    BUTTON = "button"
    LIST = "list"
    CALL = "call"
    ALBUM = "album"  # several pictures follow, each a message of its own
    UNKNOWN = "unknown"


class Direction(StrEnum):
    """IN: somebody wrote to the tenant. OUT: its owner wrote on the phone itself."""

    IN = "in"
    OUT = "out"


class Change(StrEnum):
    """What became of a message after it was written."""

    EDITED = "edited"
    REVOKED = "revoked"


class MediaStatus(StrEnum):
    """Of a message's bytes. PENDING: they are still to be fetched. EXPIRED: neither WhatsApp nor the phone has them."""

    AVAILABLE = "available"
    PENDING = "pending"
    EXPIRED = "expired"
    TOO_LARGE = "too_large"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class MediaSource(Record):
    """Where WhatsApp keeps a message's bytes, and what opens them. `media_key` is a secret: it decrypts them."""

    wa_type: str  # WhatsApp's name of the kind: image, video, gif, audio, ptt, ptv, document, sticker
    mime_type: str = ""
    size: int | None = None  # bytes, as its sender claims
    file_name: str = ""
    duration_s: int | None = None
    direct_path: str = ""
    media_key: str = ""  # base64, as the hashes
    media_key_timestamp: int = 0  # seconds, as WhatsApp has it
    filehash: str = ""  # SHA-256 of the bytes
    enc_filehash: str = ""  # of the encrypted bytes


@dataclass(frozen=True, slots=True)
class Place(Record):
    """A location. Degrees."""

    latitude: float
    longitude: float
    name: str = ""
    address: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class ContactCard(Record):
    """A person's card. numbers: as they are written in it."""

    name: str
    numbers: tuple[str, ...] = ()
    vcard: str = ""


@dataclass(frozen=True, slots=True)
class ReactionTo(Record):
    """emoji: "" where the reaction was taken back. to: the key of the message that it is put to."""

    emoji: str
    to: str


@dataclass(frozen=True, slots=True)
class Poll(Record):
    """A question with answers to choose from. multiple: more than one may be chosen."""

    question: str
    options: tuple[str, ...] = ()
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class PollVote(Record):
    """All that a person chooses now, by name; empty where the vote was taken back. poll: the key of the poll."""

    poll: str
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Choice(Record):
    """The button or the row of a list that was chosen."""

    choice_id: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class MissedCall(Record):
    """A call that nobody took."""

    video: bool = False
    group: bool = False


@dataclass(frozen=True, slots=True)
class Referral(Record):
    """The advertisement that a lead came from, as WhatsApp tells of it (`ctwaContext`). raw: all of it, as JSON."""

    source_url: str = ""
    title: str = ""
    description: str = ""
    media_type: str = ""
    media_url: str = ""
    thumbnail_url: str = ""
    source_app: str = ""
    source_id: str = ""
    conversion_source: str = ""
    raw: str = ""

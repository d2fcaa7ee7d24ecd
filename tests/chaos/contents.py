"""What the messages of a run carry: drawn from the seed, known again in what the hub and WhatsApp tell. Pure."""

from __future__ import annotations

import base64
import hashlib
import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from testing.real_media import ogg_of_opus

TYPES = {"text": 40, "image": 14, "video": 6, "document": 10, "voice": 8, "location": 7, "contact": 7, "poll": 8}
ON_RECORD = {
    "text": "chat",
    "image": "image",
    "video": "video",
    "document": "document",
    "voice": "ptt",
    "location": "location",
    "contact": "vcard",
    "poll": "poll_creation",
}
FROM_FILES = ("image", "video", "document")
REPLIES = 0.15
QUESTION = "¿tienen?"
_SILENCE = b"\xf8\xff\xfe"  # an Opus packet of 20 ms
_OPTIONS = ["Lunes", "Martes"]


@dataclass(frozen=True, slots=True)
class Shown:
    """A message as its recipient has it, beside its mark. type: WhatsApp's word. sha256: of its bytes. quote: the text
    of what it answers."""

    type: str = "chat"
    sha256: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """fields: of the call's body. mark: unique; it stands where people read it, of a voice note it is its hash."""

    fields: Mapping[str, Any]
    mark: str
    shown: Shown


@dataclass(frozen=True, slots=True)
class Stock:
    """What one tenant's messages are made from.

    files: of each of FROM_FILES the media ids of some, with their hashes. questions: WhatsApp's key of what each
    recipient asked (`QUESTION`), by number.
    """

    files: Mapping[str, list[tuple[str, str]]]
    questions: Mapping[str, str]


def draw(stock: Stock, to: str, text: str, rng: random.Random) -> Drawn:
    """A message of some type to somebody. text: unique."""
    (kind,) = rng.choices(list(TYPES), list(TYPES.values()))
    drawn = _of_type(kind, stock, text, rng)
    if rng.random() >= REPLIES:
        return drawn
    fields = {**drawn.fields, "reply_to": stock.questions[to]}
    return replace(drawn, fields=fields, shown=replace(drawn.shown, quote=QUESTION))


def _of_type(kind: str, stock: Stock, text: str, rng: random.Random) -> Drawn:
    shown = Shown(ON_RECORD[kind])
    if kind in FROM_FILES:
        media_id, sha256 = rng.choice(stock.files[kind])
        fields: dict[str, Any] = {"type": kind, "media": {"media_id": media_id}, "caption": text}
        return Drawn(fields, text, replace(shown, sha256=sha256))
    match kind:
        case "voice":
            content = ogg_of_opus([_SILENCE] * 50, text)
            mark = hashlib.sha256(content).hexdigest()
            media = {"base64": base64.b64encode(content).decode(), "mime_type": "audio/ogg"}
            return Drawn({"type": kind, "media": media}, mark, replace(shown, sha256=mark))
        case "location":
            fields = {"type": kind, "latitude": -34.6, "longitude": -58.4, "name": text}
        case "contact":
            fields = {"type": kind, "name": text, "phone_number": "+54 9 11 2222-3333"}
        case "poll":
            fields = {"type": kind, "question": text, "options": _OPTIONS}
        case _:
            fields = {"message": text}
    return Drawn(fields, text, shown)


def mark_of_message(message: Mapping[str, Any]) -> str:
    """Of a message object of the hub's."""
    match message["type"]:
        case "voice":
            return str(message["media"]["sha256"])
        case "location":
            return str(message["location"]["name"])
        case "contact":
            return str(message["contact"]["name"])
        case "poll":
            return str(message["poll"]["question"])
    return str(message["message"])


def mark_of_row(row: Mapping[str, Any]) -> str:
    """Of a row of WhatsApp's record."""
    match row["type"]:
        case "ptt":
            return str(row["sha256"])
        case "location":
            return str(row["fields"].get("loc"))
        case "vcard":
            return str(row["fields"].get("vcardFormattedName"))
        case "poll_creation":
            return str(row["fields"].get("pollName"))
    return str(row["body"])


def shown_of_row(row: Mapping[str, Any]) -> Shown:
    """What its recipient has."""
    return Shown(str(row["type"]), row["sha256"] or "", "" if row["quote"] is None else str(row["quote"]["text"]))

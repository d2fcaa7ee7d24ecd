"""What each type of message carries, by WhatsApp's own names, and what is filled in where a caller says nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from simulator.errors import BadRequest

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,40}")

THUMBNAIL = (
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAgGBgcGBQgHBwcJCQgKDBQNDAsLDBkSEw8UHRofHh0aHBwgJC4nICIsIxwcKDcpLDAxNDQ0Hyc5"
)
"""The beginning of a picture in base64: what stands in `body` of a message with media or a place."""

FIELDS: Mapping[str, type | tuple[type, ...]] = {
    "notifyName": str,
    "subtype": str,
    "futureproofType": str,
    "isForwarded": bool,
    "forwardingScore": int,
    "mentionedJidList": list,
    "ctwaContext": dict,
    "parentMsgKey": str,
    "associationType": str,
    # media
    "mimetype": str,
    "filename": str,
    "duration": int,
    "width": int,
    "height": int,
    "pageCount": int,
    "isGif": bool,
    "isViewOnce": bool,
    "isAnimated": bool,
    # places, cards, links
    "lat": (int, float),
    "lng": (int, float),
    "loc": str,
    "isLive": bool,
    "clientUrl": str,
    "vcardList": list,
    "vcardFormattedName": str,
    "matchedText": str,
    "title": str,
    "description": str,
    # polls, buttons, lists
    "pollName": str,
    "pollOptions": list,
    "pollSelectableOptionsCount": int,
    "selectedButtonId": str,
    "selectedId": str,
    "selectedIndex": int,
    "listResponse": dict,
    # calls
    "callOutcome": str,
    "isVideoCall": bool,
    "callDuration": int,
}
"""The fields that a caller may give, besides the text and what follows from other things, such as a quote's."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of message.

    Attributes:
        fields: what a message of this type has, where a caller says nothing.
        text: what is written in it, where a caller says nothing.
        shows_thumbnail: what is written stands in `caption`, and `body` holds a small picture.
        size: bytes of its media, where a caller says nothing; None for a type without media.
    """

    fields: Mapping[str, object] = field(default_factory=dict)
    text: str = ""
    shows_thumbnail: bool = False
    size: int | None = None


_VCARD = "BEGIN:VCARD\nVERSION:3.0\nN:;Ana;;;\nFN:Ana\nTEL;type=CELL;waid=5491122223333:+54 9 11 2222-3333\nEND:VCARD"
_OTHER_VCARD = "BEGIN:VCARD\nVERSION:3.0\nN:;Bruno;;;\nFN:Bruno\nTEL;type=CELL:+54 9 11 4444-5555\nEND:VCARD"


def _media(size: int, **fields: object) -> Kind:
    return Kind(fields, "", shows_thumbnail=True, size=size)


KINDS: Mapping[str, Kind] = {
    "chat": Kind(text="hola"),
    "image": _media(40_000, mimetype="image/jpeg", width=1200, height=1600),
    "video": _media(300_000, mimetype="video/mp4", duration=12, width=640, height=360),
    "ptv": _media(200_000, mimetype="video/mp4", duration=8, width=400, height=400),
    "audio": _media(120_000, mimetype="audio/mpeg", duration=61),
    "ptt": _media(9_000, mimetype="audio/ogg; codecs=opus", duration=4),
    "document": _media(80_000, mimetype="application/pdf", filename="presupuesto.pdf", pageCount=2),
    "sticker": _media(20_000, mimetype="image/webp", width=512, height=512, isAnimated=False),
    "location": Kind({"lat": -34.6037, "lng": -58.3816, "loc": "Obelisco\nAv. 9 de Julio"}, shows_thumbnail=True),
    "vcard": Kind({"vcardFormattedName": "Ana"}, _VCARD),
    "multi_vcard": Kind(
        {
            "vcardFormattedName": "2 contactos",
            "vcardList": [{"displayName": "Ana", "vcard": _VCARD}, {"displayName": "Bruno", "vcard": _OTHER_VCARD}],
        }
    ),
    "poll_creation": Kind(
        {"pollName": "¿Qué día?", "pollOptions": ["Lunes", "Martes"], "pollSelectableOptionsCount": 1}
    ),
    "buttons_response": Kind({"selectedButtonId": "si"}, "Sí, quiero"),
    "list_response": Kind(
        {
            "listResponse": {
                "title": "Plan básico",
                "description": "Hasta 100 mensajes",
                "listType": 1,
                "singleSelectReply": {"selectedRowId": "plan-1"},
            }
        },
        "Plan básico\nHasta 100 mensajes",
    ),
    "template_button_reply": Kind({"selectedId": "mas-info", "selectedIndex": 1}, "Más información"),
    "call_log": Kind({"callOutcome": "Missed", "isVideoCall": False, "callDuration": 0}),
    "unknown": Kind({"futureproofType": "hologram"}),
}
"""The types that messages are made of with a word; any other is taken as it is, without anything filled in."""

_UNSPECIAL = Kind()


def kind_of(type_: str) -> Kind:
    """Return what is known of a type; of one that isn't known, that there is nothing special about it."""
    return KINDS.get(type_, _UNSPECIAL)


def check_type(type_: object) -> str:
    """Return a message's type. Raises BadRequest if it isn't a word of WhatsApp's kind."""
    if not isinstance(type_, str) or not _TYPE.fullmatch(type_):
        raise BadRequest("type must be lower-case letters, digits and underscores, as in poll_creation")
    return type_


def complete(type_: str, given: Mapping[str, object]) -> dict[str, object]:
    """Return a message's fields: those given, and what its type has besides.

    Raises:
        BadRequest: a field that no message has, or of another kind than it has to be.
    """
    for name, value in given.items():
        wanted = FIELDS.get(name)
        if wanted is None:
            raise BadRequest(f"fields.{name} is unknown; known: {', '.join(sorted(FIELDS))}")
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
            raise BadRequest(f"fields.{name} must be of type {_name_of(wanted)}")
    fields = {**kind_of(type_).fields, **given}
    if "pollOptions" in fields:
        fields["pollOptions"] = _options(fields["pollOptions"])
    return fields


def _options(names: object) -> list[dict[str, object]]:
    if not isinstance(names, list) or len(names) < 2 or not all(isinstance(name, str) and name for name in names):
        raise BadRequest("fields.pollOptions must be a list of at least two texts")
    return [{"name": name, "localId": index} for index, name in enumerate(names)]


def _name_of(wanted: type | tuple[type, ...]) -> str:
    return " or ".join(one.__name__ for one in wanted) if isinstance(wanted, tuple) else wanted.__name__

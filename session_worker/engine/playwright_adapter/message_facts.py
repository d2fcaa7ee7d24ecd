"""What WhatsApp's words for a message mean: the bridge's facts become the record that goes over the wire. Pure.

A word that is not in the tables is recorded as `unknown` with that word, never dropped; a field that is missing or of
another type than expected leaves its part out.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

from shared.errors import InvalidTo
from shared.phone_number import canonical
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import (
    Choice,
    ContactCard,
    Direction,
    InboundType,
    MediaSource,
    MissedCall,
    Place,
    Poll,
    Referral,
)

Facts = Mapping[str, Any]

_TYPES = {
    "chat": InboundType.TEXT,
    "image": InboundType.IMAGE,
    "video": InboundType.VIDEO,
    "ptv": InboundType.VIDEO,
    "audio": InboundType.AUDIO,
    "ptt": InboundType.VOICE,
    "document": InboundType.DOCUMENT,
    "sticker": InboundType.STICKER,
    "location": InboundType.LOCATION,
    "vcard": InboundType.CONTACT,
    "multi_vcard": InboundType.CONTACT,
    "poll_creation": InboundType.POLL,
    "buttons_response": InboundType.BUTTON,
    "template_button_reply": InboundType.BUTTON,
    "interactive_response": InboundType.BUTTON,
    "list_response": InboundType.LIST,
    "call_log": InboundType.CALL,
    "album": InboundType.ALBUM,
}
_WITH_BYTES = frozenset(
    {
        InboundType.IMAGE,
        InboundType.VIDEO,
        InboundType.AUDIO,
        InboundType.VOICE,
        InboundType.DOCUMENT,
        InboundType.STICKER,
    }
)
_NO_TEXT = frozenset({InboundType.CONTACT, InboundType.POLL, InboundType.CALL})  # theirs is in their part
_TAKEN = frozenset({"connected", "completed", "accepted", "acceptedelsewhere", "ongoing"})
_CARD_NUMBER = re.compile(r"^(?:item\d+\.)?TEL[^:\r\n]*:(.+?)\r?$", re.MULTILINE | re.IGNORECASE)
_PICTURE = re.compile(r"(/9j/|iVBORw0KGgo)[A-Za-z0-9+/=]{40,}")  # a small picture in base64: no text
_REFERRAL_LENGTH = 32_768  # beyond that its picture is left out


def message_of(told: Facts) -> MessageInbound | None:
    """The message; None for a call that was taken, or that the owner made."""
    kind = _TYPES.get(str(told["type"]), InboundType.UNKNOWN)
    fields: Facts = told["fields"]
    if kind is InboundType.CALL and not _is_missed(told, fields):
        return None
    sender = person(str(told["sender"]))
    return MessageInbound(
        sender=sender,
        message=_text(told, kind),
        at=int(told["at_ms"]),
        whatsapp_id=str(told["key"]),
        chat_id=str(told["chat"]),
        author=sender if _in_group(told) else "",
        direction=Direction.OUT if told["from_me"] else Direction.IN,
        type=kind,
        raw_type=str(told["type"]) if kind is InboundType.UNKNOWN else "",
        push_name=str(told["push_name"]),
        chat_name=str(told.get("chat_name", "")),
        reply_to=str(told["reply_to"]),
        media=_media(told, fields) if kind in _WITH_BYTES else None,
        location=_place(fields) if kind is InboundType.LOCATION else None,
        contacts=_cards(told, fields) if kind is InboundType.CONTACT else (),
        poll=_poll(fields) if kind is InboundType.POLL else None,
        choice=_choice(told, fields) if kind in (InboundType.BUTTON, InboundType.LIST) else None,
        call=_missed_call(told, fields) if kind is InboundType.CALL else None,
        referral=_referral(fields.get("ctwaContext")),
    )


def person(told: str) -> str:
    """Canonical digits, or a LID as it is."""
    return told if "@" in told else canonical_digits(told)


def canonical_digits(digits: str) -> str:
    """WhatsApp's digits of a number as we keep them."""
    try:
        return canonical(f"{digits}@c.us", "AR")  # international digits: the country plays no part
    except InvalidTo:
        return digits


def _in_group(told: Facts) -> bool:
    return str(told["chat"]).endswith("@g.us")


def _text(told: Facts, kind: InboundType) -> str:
    text = str(told["text"])
    if kind in _NO_TEXT or (kind is not InboundType.TEXT and _PICTURE.match(text)):
        return ""
    return text


def _media(told: Facts, fields: Facts) -> MediaSource:
    wa_type = str(told["type"])
    return MediaSource(
        wa_type="gif" if wa_type == "video" and fields.get("isGif") is True else wa_type,
        mime_type=_word(fields, "mimetype"),
        size=_whole(fields.get("size")),
        file_name=_word(fields, "filename"),
        duration_s=_whole(fields.get("duration")),
        direct_path=_word(fields, "directPath"),
        media_key=_word(fields, "mediaKey"),
        media_key_timestamp=_whole(fields.get("mediaKeyTimestamp")) or 0,
        filehash=_word(fields, "filehash"),
        enc_filehash=_word(fields, "encFilehash"),
    )


def _place(fields: Facts) -> Place | None:
    latitude, longitude = _number(fields.get("lat")), _number(fields.get("lng"))
    if latitude is None or longitude is None:
        return None
    name, _, address = _word(fields, "loc").partition("\n")
    return Place(latitude, longitude, name, address, _word(fields, "clientUrl"))


def _cards(told: Facts, fields: Facts) -> tuple[ContactCard, ...]:
    several = fields.get("vcardList")
    if str(told["type"]) == "multi_vcard" and isinstance(several, list):
        given = [one for one in several if isinstance(one, dict)]
        return tuple(_card(_word(one, "displayName"), _word(one, "vcard")) for one in given)
    return (_card(_word(fields, "vcardFormattedName"), str(told["text"])),)


def _card(name: str, vcard: str) -> ContactCard:
    return ContactCard(name, tuple(number.strip() for number in _CARD_NUMBER.findall(vcard)), vcard)


def _poll(fields: Facts) -> Poll:
    offered = fields.get("pollOptions")
    options = [one for one in offered if isinstance(one, dict)] if isinstance(offered, list) else []
    return Poll(
        _word(fields, "pollName"),
        tuple(_word(one, "name") for one in options),
        _whole(fields.get("pollSelectableOptionsCount")) != 1,  # 0: as many as one likes
    )


def _choice(told: Facts, fields: Facts) -> Choice:
    title = str(told["text"])
    answer = fields.get("listResponse")
    if isinstance(answer, dict):
        row = answer.get("singleSelectReply")
        row_id = _word(row, "selectedRowId") if isinstance(row, dict) else ""
        return Choice(row_id, _word(answer, "title") or title)
    return Choice(_word(fields, "selectedButtonId") or _word(fields, "selectedId"), title)


def _is_missed(told: Facts, fields: Facts) -> bool:
    if told["from_me"] or (_whole(fields.get("callDuration")) or 0) > 0:
        return False
    return str(fields.get("callOutcome") or "").replace("_", "").lower() not in _TAKEN


def _missed_call(told: Facts, fields: Facts) -> MissedCall:
    subtype = str(told["subtype"])
    return MissedCall(
        video=fields.get("isVideoCall") is True or "video" in subtype,
        group=fields.get("isGroupCall") is True or "group" in subtype or _in_group(told),
    )


def _referral(context: object) -> Referral | None:
    if not isinstance(context, dict) or not context:
        return None
    raw = json.dumps(context, ensure_ascii=False)
    if len(raw) > _REFERRAL_LENGTH:
        raw = json.dumps({name: one for name, one in context.items() if name != "thumbnail"}, ensure_ascii=False)
    return Referral(
        source_url=_word(context, "sourceUrl"),
        title=_word(context, "title"),
        description=_word(context, "description"),
        media_type=_word(context, "mediaType"),
        media_url=_word(context, "mediaUrl"),
        thumbnail_url=_word(context, "thumbnailUrl"),
        source_app=_word(context, "sourceApp"),
        source_id=_word(context, "sourceId"),
        conversion_source=_word(context, "conversionSource"),
        raw=raw,
    )


def _word(fields: Facts, name: str) -> str:
    """A text, or a number as text; anything else is none."""
    value = fields.get(name)
    if isinstance(value, str):
        return value
    return str(value) if type(value) in (int, float) else ""


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None or number < 0 or number > 1e15 else int(number)

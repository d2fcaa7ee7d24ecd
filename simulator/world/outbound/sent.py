"""What a page hands to the server under a key, and what of it the server wouldn't take."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from simulator.errors import BadRequest
from simulator.world.content.media import Media
from simulator.world.content.types import check_type, kind_of

MAX_OPTIONS = 12
_SECRET_BYTES = 32

Fields = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Sent:
    """One message as its page hands it over.

    Attributes:
        wid: of the chat.
        id: the third part of its key.
        type: WhatsApp's word.
        text: what is written in it; over media their caption.
        fields: what else it carries, by WhatsApp's names.
        participant: in a group the own wid in the key, its fourth part; empty otherwise.
    """

    wid: str
    id: str
    type: str = "chat"
    text: str = ""
    fields: Fields = field(default_factory=dict)
    participant: str = ""


def read_sent(ask: Mapping[str, object]) -> Sent:
    """Return what a page asks to be sent. Raises BadRequest if it isn't a message."""
    texts = {name: ask.get(name) for name in ("wid", "id", "type", "text", "participant")}
    for name, value in texts.items():
        if not isinstance(value, str):
            raise BadRequest(f"{name} must be a string")
    fields = ask.get("fields")
    if not isinstance(fields, dict):
        raise BadRequest("fields must be an object")
    check_type(texts["type"])
    return Sent(fields=fields, **{name: str(value) for name, value in texts.items()})


def fault_of(sent: Sent, media_at: Callable[[str], Media | None]) -> str | None:
    """Say why the server takes no such message; None where it does.

    media_at: what WhatsApp has at an address. The real server sees nothing of what is in a message and takes it; it is
    its recipients who can't open it. Here it is refused, so that whoever sent it notices.
    """
    fault = _fault_of_quote(sent.fields)
    if fault is not None:
        return fault
    if kind_of(sent.type).size is not None:
        return _fault_of_media(sent.fields, media_at(str(sent.fields.get("directPath"))))
    check = _CHECKS.get(sent.type)
    return f"nobody sends messages of type {sent.type}" if check is None else check(sent)


def is_older_than(sent: Sent, seconds: int, now_s: int) -> bool:
    """Say whether a message carries media whose key is older than that."""
    made_at = sent.fields.get("mediaKeyTimestamp")
    return isinstance(made_at, int) and now_s - made_at > seconds


def _fault_of_media(fields: Fields, media: Media | None) -> str | None:
    if media is None:
        return "there is nothing at its directPath"
    known = media.fields(0)
    wrong = [name for name in ("mediaKey", "filehash", "encFilehash", "size") if fields.get(name) != known[name]]
    if wrong:
        return f"{', '.join(wrong)} aren't those of what lies at its directPath"
    timestamp = fields.get("mediaKeyTimestamp")
    if not isinstance(timestamp, int) or timestamp <= 0:
        return "mediaKeyTimestamp is missing"
    return None if fields.get("mimetype") else "mimetype is missing"


def _fault_of_text(sent: Sent) -> str | None:
    return None if sent.text else "there is no text in it"


def _fault_of_place(sent: Sent) -> str | None:
    for name, limit in (("lat", 90), ("lng", 180)):
        value = sent.fields.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float) or not -limit <= value <= limit:
            return f"{name} must be a number from {-limit} to {limit}"
    return None


def _fault_of_card(sent: Sent) -> str | None:
    return None if _is_card(sent.text) else "its text must be a vCard"


def _fault_of_cards(sent: Sent) -> str | None:
    cards = sent.fields.get("vcardList")
    if not isinstance(cards, list) or len(cards) < 2:
        return "vcardList must be a list of at least two"
    if all(isinstance(card, dict) and card.get("displayName") and _is_card(card.get("vcard")) for card in cards):
        return None
    return "each of vcardList must have a displayName and a vcard"


def _fault_of_poll(sent: Sent) -> str | None:
    fields = sent.fields
    options = fields.get("pollOptions")
    if not fields.get("pollName"):
        return "pollName is missing"
    if not isinstance(options, list) or not 2 <= len(options) <= MAX_OPTIONS:
        return f"pollOptions must be a list of 2 to {MAX_OPTIONS}"
    names = [option.get("name") for option in options if isinstance(option, dict)]
    if len(set(names)) != len(options) or not all(names):
        return "each of pollOptions must have a name of its own"
    choices = fields.get("pollSelectableOptionsCount")
    if not isinstance(choices, int) or not 0 <= choices <= len(options):
        return "pollSelectableOptionsCount must be 0 (any number) to the number of options"
    return None if _is_secret(fields.get("messageSecret")) else f"messageSecret must be {_SECRET_BYTES} bytes"


def _fault_of_quote(fields: Fields) -> str | None:
    named = [name for name in ("quotedStanzaID", "quotedParticipant", "quotedMsg") if fields.get(name)]
    return None if len(named) in (0, 3) else f"of a quote there is only {', '.join(named)}"


def _is_card(text: object) -> bool:
    return isinstance(text, str) and text.startswith("BEGIN:VCARD") and text.rstrip().endswith("END:VCARD")


def _is_secret(value: object) -> bool:
    try:
        return isinstance(value, str) and len(base64.b64decode(value, validate=True)) == _SECRET_BYTES
    except binascii.Error:
        return False


_CHECKS: Mapping[str, Callable[[Sent], str | None]] = {
    "chat": _fault_of_text,
    "location": _fault_of_place,
    "vcard": _fault_of_card,
    "multi_vcard": _fault_of_cards,
    "poll_creation": _fault_of_poll,
}
"""What a type without media has to have."""

"""Messages of every type, in WhatsApp's words and as an engine tells them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.protocol.inbound import (
    Choice,
    ContactCard,
    InboundType,
    MissedCall,
    Place,
    Poll,
    Referral,
)


@dataclass(frozen=True)
class Arrival:
    """What somebody writes. type, fields: WhatsApp's own words. told: fields of the record that it becomes."""

    type: str
    text: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    told: Mapping[str, Any] = field(default_factory=dict)


VCARD = "BEGIN:VCARD\nFN:Leo\nTEL;waid=5491100000001:+54 9 11 0000-0001\nEND:VCARD"
LEO = ContactCard("Leo", ("+54 9 11 0000-0001",), VCARD)
AD = {"sourceUrl": "https://fb.me/ad", "title": "Oferta", "conversionData": "b3BhY28="}
POLL = Arrival(
    "poll_creation",
    fields={"pollName": "¿Qué día?", "pollOptions": ["Lunes", "Martes"], "pollSelectableOptionsCount": 1},
    told={"type": InboundType.POLL, "poll": Poll("¿Qué día?", ("Lunes", "Martes"), multiple=False)},
)

# By what distinguishes them; media are told with more, see the tests.
ARRIVALS = {
    "text": Arrival("chat", "hola", told={"message": "hola"}),
    "location": Arrival(
        "location",
        fields={"lat": -34.6, "lng": -58.4, "loc": "Obelisco\nCorrientes 1"},
        told={"type": InboundType.LOCATION, "location": Place(-34.6, -58.4, "Obelisco", "Corrientes 1")},
    ),
    "card": Arrival("vcard", VCARD, {"vcardFormattedName": "Leo"}, {"type": InboundType.CONTACT, "contacts": (LEO,)}),
    "cards": Arrival(
        "multi_vcard",
        fields={"vcardList": [{"displayName": "Leo", "vcard": VCARD}] * 2},
        told={"type": InboundType.CONTACT, "contacts": (LEO, LEO)},
    ),
    "poll": POLL,
    "button": Arrival(
        "buttons_response",
        "Sí",
        {"selectedButtonId": "si"},
        {"type": InboundType.BUTTON, "message": "Sí", "choice": Choice("si", "Sí")},
    ),
    "template": Arrival(
        "template_button_reply",
        "Más",
        {"selectedId": "mas"},
        {"type": InboundType.BUTTON, "message": "Más", "choice": Choice("mas", "Más")},
    ),
    "list": Arrival(
        "list_response",
        "Rojo",
        {"listResponse": {"title": "Rojo", "singleSelectReply": {"selectedRowId": "r1"}}},
        {"type": InboundType.LIST, "message": "Rojo", "choice": Choice("r1", "Rojo")},
    ),
    "call": Arrival(
        "call_log", fields={"isVideoCall": True}, told={"type": InboundType.CALL, "call": MissedCall(video=True)}
    ),
    "album": Arrival("album", told={"type": InboundType.ALBUM}),
    "ad": Arrival(
        "chat",
        "vi el anuncio",
        {"ctwaContext": AD},
        {
            "message": "vi el anuncio",
            "referral": Referral(
                "https://fb.me/ad",
                "Oferta",
                raw='{"sourceUrl": "https://fb.me/ad", "title": "Oferta", "conversionData": "b3BhY28="}',
            ),
        },
    ),
    "unknown": Arrival(
        "hologram", "un texto", told={"type": InboundType.UNKNOWN, "raw_type": "hologram", "message": "un texto"}
    ),
}
NOTES = ("e2e_notification", "gp2", "protocol")
MEDIA = {
    "image": InboundType.IMAGE,
    "video": InboundType.VIDEO,
    "ptv": InboundType.VIDEO,
    "audio": InboundType.AUDIO,
    "ptt": InboundType.VOICE,
    "document": InboundType.DOCUMENT,
    "sticker": InboundType.STICKER,
}

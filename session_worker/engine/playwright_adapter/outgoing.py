"""What is handed over, as the bridge takes it. Pure."""

from __future__ import annotations

import json
from typing import Any

from session_worker.engine.port import EngineError, Outgoing, Prepared
from shared.protocol.inbound import ContactCard

_ESCAPED = str.maketrans({"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\r": ""})


def handing(prepared: Prepared, outgoing: Outgoing) -> dict[str, Any]:
    """The argument of the bridge's `handOver`. Raises EngineError WHATSAPP_ERROR where the upload can't be read."""
    content = outgoing.content.to_wire()
    if outgoing.content.contact is not None:
        content["contact"]["vcard"] = vcard_of(outgoing.content.contact)
    return {
        "chat_id": prepared.chat_id,
        "key": prepared.key,
        "text": outgoing.text,
        "content": content,
        "upload": _upload(outgoing.upload),
    }


def vcard_of(card: ContactCard) -> str:
    """The card as WhatsApp sends it: the caller's own, or one made of the name and the numbers."""
    if card.vcard:
        return card.vcard
    name = card.name.translate(_ESCAPED)
    lines = ["BEGIN:VCARD", "VERSION:3.0", f"N:;{name};;;", f"FN:{name}"]
    for number in card.numbers:
        digits = "".join(filter(str.isdigit, number))
        lines.append(f"TEL;type=CELL;type=VOICE;waid={digits}:+{digits}")
    return "\n".join([*lines, "END:VCARD"])


def _upload(upload: str) -> Any:
    if not upload:
        return None
    try:
        return json.loads(upload)
    except ValueError:
        raise EngineError("WHATSAPP_ERROR", "handOver: what the upload gave is no JSON") from None

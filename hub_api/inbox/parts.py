"""What a message has besides its text, by its type: kept as one JSON object, shown with all its fields."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from hub_api.storable import storable
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Choice, ContactCard, MissedCall, Place, Poll, PollVote, ReactionTo, Referral
from shared.protocol.wire import Record

_MAX_TEXT = 100_000
_RECORDS: dict[str, type[Record]] = {
    "location": Place,
    "reaction": ReactionTo,
    "poll": Poll,
    "vote": PollVote,
    "choice": Choice,
    "call": MissedCall,
    "referral": Referral,
}


def parts_text(message: MessageInbound) -> str | None:
    """The parts that the message has, as the column keeps them; None where it has none."""
    told = message.to_wire()
    found = {name: _storable(told[name]) for name in (*_RECORDS, "contacts") if name in told}
    return json.dumps(found) if found else None


def parts_shown(kept: str | None) -> dict[str, Any]:
    """All parts as callers see them: null where the message has none, and a list of contacts."""
    found: dict[str, Any] = {} if kept is None else json.loads(kept)
    shown: dict[str, Any] = {
        name: asdict(kind.from_wire(found[name])) if name in found else None  # type: ignore[call-overload]  # records are dataclasses
        for name, kind in _RECORDS.items()
    }
    shown["contacts"] = [asdict(ContactCard.from_wire(card)) for card in found.get("contacts", ())]
    return shown


def _storable(value: Any) -> Any:
    match value:
        case str():
            return storable(value, _MAX_TEXT)
        case dict():
            return {name: _storable(part) for name, part in value.items()}
        case list():
            return [_storable(part) for part in value]
    return value

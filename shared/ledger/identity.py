"""By what a message, or a change of one, is known when it is told again, by an event, its row, a later page. Pure.

Each has two marks in Redis. WhatsApp may come to keep a chat under another address, and its keys with it: the second
mark is what stays of them. Keys are `<from me>_<chat>_<id>`, with `_<author>` behind them in a group.
"""

from __future__ import annotations

import hashlib

from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, Direction
from shared.recipient_key import recipient_key


def identity(heard: MessageInbound | MessageUpdated) -> str:
    """A message's own key; of a change also what changed."""
    if isinstance(heard, MessageInbound):
        return heard.whatsapp_id
    return f"{heard.change.value}:{_changed_by(heard)}"


def twin(heard: MessageInbound | MessageUpdated) -> str:
    """What stays of its identity when its chat gets another address."""
    if isinstance(heard, MessageUpdated):
        return f"{heard.change.value}:{_own_part(_changed_by(heard))}"
    if heard.direction is Direction.OUT:
        return twin_of_own(heard.whatsapp_id)
    return f"{recipient_key(heard.sender)}:{_own_part(heard.whatsapp_id)}"


def twin_of_own(whatsapp_id: str) -> str:
    """The second mark of a message that went out: through us (`put_key.lua` makes it), or written on the phone."""
    return f"out:{_own_part(whatsapp_id).partition('_')[0]}"


def _changed_by(update: MessageUpdated) -> str:
    """A message may be edited often, each time under another key; it is deleted once."""
    if update.change is Change.REVOKED:
        return update.whatsapp_id
    return update.change_id or f"{update.whatsapp_id}:{hashlib.sha256(update.message.encode()).hexdigest()[:16]}"


def _own_part(key: str) -> str:
    """A key without the chat's address."""
    return key.split("_", 2)[-1]

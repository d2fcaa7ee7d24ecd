"""Edits and deletions: applied to the message they are of, or kept until it comes. No text is deleted."""

from __future__ import annotations

from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageChange
from hub_api.storable import storable
from shared.protocol.events import MessageUpdated
from shared.protocol.inbound import Change

MAX_TEXT = 100_000


def follow(row: InboundMessage | MessageChange, told: MessageUpdated) -> None:
    """Applies a change; one that was made before the latest that is known changes nothing."""
    if isinstance(row, MessageChange):
        row.at = max(row.at, told.at)
    if told.change is Change.REVOKED:
        row.revoked_at = row.revoked_at or told.at
    elif row.edited_at is None or told.at >= row.edited_at:
        row.text, row.edited_at = storable(told.message, MAX_TEXT), told.at


def is_applied(row: InboundMessage | MessageChange, told: MessageUpdated) -> bool:
    """Whether the row knows of it already, or of a later one."""
    if told.change is Change.REVOKED:
        return row.revoked_at is not None
    if row.edited_at is None or told.at > row.edited_at:
        return False
    return told.at < row.edited_at or row.text == storable(told.message, MAX_TEXT)


def catch_up(row: InboundMessage, kept: MessageChange) -> None:
    """Brings a message that has just come to what became of it before."""
    row.revoked_at = kept.revoked_at
    if kept.edited_at is not None:
        row.text, row.edited_at = kept.text or "", kept.edited_at

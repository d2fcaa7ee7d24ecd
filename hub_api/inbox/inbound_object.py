"""The inbound object as callers get it: from REST, in a webhook's `data`, in a live event."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.inbox.parts import parts_shown
from hub_api.messages.history import rows_by_key
from hub_api.recipients.other_keys import MessageKey
from shared.instant import to_iso


def inbound_object(row: InboundMessage, media: InboundMedia | None) -> dict[str, Any]:
    """One message with its media, where it has any."""
    return {
        "whatsapp_id": row.whatsapp_id,
        "cliente_id": row.cliente_id,
        "chat_id": row.chat_id,
        "from": row.from_number,
        "author": row.author,
        "push_name": row.push_name,
        "direction": row.direction,
        "type": row.type,
        "raw_type": row.raw_type,
        "message": row.text,
        "at": to_iso(row.at),
        "reply_to": row.reply_to,
        "media": None if media is None else media_object(media),
        **parts_shown(row.parts),
        "edited_at": to_iso(row.edited_at),
        "revoked_at": to_iso(row.revoked_at),
    }


def media_object(media: InboundMedia) -> dict[str, Any]:
    """What callers get of a message's bytes: never where WhatsApp has them."""
    return {
        "status": media.status,
        "mime_type": media.mime_type or None,
        "file_name": media.file_name or None,
        "size": media.size,
        "sha256": media.sha256,
        "error": media.error,
    }


def objects_of(session: Session, rows: Sequence[InboundMessage]) -> list[dict[str, Any]]:
    """Those of these rows, in their order."""
    media = media_of(session, ((row.cliente_id, row.whatsapp_id) for row in rows))
    return [inbound_object(row, media.get((row.cliente_id, row.whatsapp_id))) for row in rows]


def recorded_objects(session: Session, keys: Iterable[MessageKey]) -> dict[MessageKey, dict[str, Any]]:
    """Those of the messages that are recorded, also within the transaction that records them."""
    rows = list(recorded_rows(session, keys).values())
    found = objects_of(session, rows)
    return {(row.cliente_id, row.whatsapp_id): one for row, one in zip(rows, found, strict=True)}


def recorded_rows(session: Session, keys: Iterable[MessageKey]) -> dict[MessageKey, InboundMessage]:
    """The messages with these keys."""
    return rows_by_key(session, InboundMessage, keys)


def media_of(session: Session, keys: Iterable[MessageKey]) -> dict[MessageKey, InboundMedia]:
    """The media of the messages with these keys."""
    return rows_by_key(session, InboundMedia, keys)

"""A message of a conversation as callers get it: the inbound object, and what we know of one that we sent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.chats.timeline import Entry
from hub_api.inbox.inbound_object import inbound_object, media_of, objects_of, recorded_rows
from hub_api.inbox.models import InboundMessage
from hub_api.inbox.parts import parts_shown
from hub_api.messages.history import changes_of, ours_by_key, to_message
from hub_api.messages.models import MessageChange, MessageRecord
from hub_api.recipients import chats
from hub_api.recipients.other_keys import MessageKey, other_keys
from shared.instant import to_iso
from shared.protocol.content import Content, MediaFile
from shared.protocol.inbound import Direction, InboundType, MediaStatus
from shared.recipient_key import recipient_key
from shared.texts import Language

_OF_OURS = (
    "message_id",
    "status",
    "sent_at",
    "delivered_at",
    "read_at",
    "error",
    "error_message",
    "mentions",
    "link_preview",
)


def shown(session: Session, cliente_id: int, entries: Sequence[Entry], language: Language) -> list[dict[str, Any]]:
    """Messages of a tenant's conversations, in their order, each with the reactions that are put to it now."""
    keys = [(cliente_id, one.whatsapp_id) for one in entries if one.whatsapp_id]
    media, changes = media_of(session, keys), changes_of(session, keys)
    reactions = _reactions(session, cliente_id, [whatsapp_id for _, whatsapp_id in keys])
    found = []
    for one in entries:
        key: MessageKey = (cliente_id, one.whatsapp_id or "")
        if isinstance(one, InboundMessage):
            fields = inbound_object(one, media.get(key)) | dict.fromkeys(_OF_OURS)
        else:
            fields = _ours(one, changes.get(key), language)
        found.append(fields | {"reactions": reactions.get(key[1], [])})
    return found


def told_of(
    session: Session, keys: Iterable[MessageKey], language_of: Callable[[int], Language]
) -> dict[MessageKey, tuple[str, dict[str, Any]]]:
    """The conversation's key and the object of messages that a change names: under whichever key, ours as well.

    Of one that was received the inbound object, of ours the message as its conversation shows it.
    """
    asked = set(keys)
    others = other_keys(session, asked)
    names = {key: (key, *others.get(key, ())) for key in asked}
    every = {name for all_names in names.values() for name in all_names}
    rows = list(recorded_rows(session, every).values())
    received = zip(rows, objects_of(session, rows), strict=True)
    found = {(row.cliente_id, row.whatsapp_id): (row.chat, data) for row, data in received}
    for one in ours_by_key(session, every):
        [data] = shown(session, one.cliente_id, [one], language_of(one.cliente_id))
        found[one.cliente_id, one.whatsapp_id or ""] = (recipient_key(one.to_number), data)
    return {key: found[name] for key, all_names in names.items() for name in all_names if name in found}


def _ours(row: MessageRecord, change: MessageChange | None, language: Language) -> dict[str, Any]:
    message = to_message(row)
    content, told = message.content, message.to_object(language)
    edited = change is not None and change.edited_at is not None
    return {
        "whatsapp_id": row.whatsapp_id,
        "cliente_id": row.cliente_id,
        "chat_id": chats.of_recipient(row.to_number).chat_id,
        "from": None,
        "author": None,
        "push_name": None,
        "direction": Direction.OUT.value,
        "type": content.type.value,
        "raw_type": None,
        "message": change.text if change is not None and edited else row.text,
        "at": to_iso(row.sent_at or row.accepted_at),
        "reply_to": told["reply_to"],
        "media": None if content.media is None else _media(content.media),
        **_parts(content),
        "edited_at": to_iso(change.edited_at) if change is not None else None,
        "revoked_at": to_iso(change.revoked_at) if change is not None else None,
        **{name: told[name] for name in _OF_OURS},
    }


def _media(file: MediaFile) -> dict[str, Any]:
    """As of a received message; its bytes came from the tenant."""
    return {
        "status": MediaStatus.AVAILABLE.value,
        "mime_type": file.mime_type,
        "file_name": file.file_name or None,
        "size": file.size,
        "sha256": file.sha256,
        "error": None,
    }


def _parts(content: Content) -> dict[str, Any]:
    """As of a received message."""
    found = parts_shown(None)
    if content.location is not None:
        found["location"] = asdict(content.location)
    if content.contact is not None:
        found["contacts"] = [asdict(content.contact)]
    if content.poll is not None:
        found["poll"] = asdict(content.poll)
    return found


def _reactions(session: Session, cliente_id: int, whatsapp_ids: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    """The latest reaction of each person to each message, unless it was taken back."""
    row, asked = InboundMessage, list(whatsapp_ids)
    if not asked:
        return {}
    statement = (
        select(row)
        .where(row.cliente_id == cliente_id, row.about.in_(asked), row.type == InboundType.REACTION.value)
        .order_by(row.at, row.id)
    )
    latest: dict[tuple[str, str], InboundMessage] = {}
    for one in session.scalars(statement):
        latest[one.about or "", recipient_key(one.from_number)] = one
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for (about, _), one in latest.items():
        emoji = parts_shown(one.parts)["reaction"]["emoji"]
        if emoji and one.revoked_at is None:
            found[about].append(
                {"from": one.from_number, "direction": one.direction, "emoji": emoji, "at": to_iso(one.at)}
            )
    return found

"""What callers do with conversations: list them, read one, mark one as read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.chats import chat_message, timeline
from hub_api.chats.models import Conversation
from hub_api.chats.timeline import Entry
from hub_api.chats.unread import count_anew
from hub_api.database import rows_after
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageRecord
from hub_api.principal import TenantProfile
from hub_api.recipients import chats
from hub_api.recipients.chats import Chat
from hub_api.services import Services
from hub_api.sessions.service import require_ready
from hub_api.storable import storable
from hub_api.web.cursor import read_cursor, write_cursor
from hub_api.workers.control import new_question_id
from shared.errors import NotFound, ValidationFailed
from shared.instant import to_iso
from shared.protocol.commands import MarkRead, ShowTyping
from shared.texts import Language

_FIELD = "chat_id"
Found = tuple[list[dict[str, Any]], str | None]


def listed(services: Services, cliente_id: int, cursor: str | None, limit: int, language: Language) -> Found:
    """A page of conversations, the one with the latest message first, and the cursor of the next.

    Raises ValidationFailed.
    """
    row = Conversation
    statement = select(row).where(row.cliente_id == cliente_id)
    if cursor is not None:
        at, last = read_cursor(cursor)
        if not last.isdigit() or len(last) > 18:
            raise ValidationFailed(details={"cursor": "not one of this list"})
        statement = statement.where(rows_after(row.last_at, row.id, at, int(last)))
    statement = statement.order_by(row.last_at.desc(), row.id.desc()).limit(limit + 1)
    with services.database.reading() as session:
        rows = list(session.scalars(statement))
        items = _objects(session, cliente_id, rows[:limit], language)
    following = write_cursor(rows[limit - 1].last_at, str(rows[limit - 1].id)) if len(rows) > limit else None
    return items, following


def messages(
    services: Services, cliente_id: int, asked: str, profile: TenantProfile, cursor: str | None, limit: int
) -> Found:
    """A page of a conversation, newest first, and the cursor of the next.

    asked: any address of the chat. Raises NotFound where nobody ever wrote in it, InvalidTo, ValidationFailed.
    """
    with services.database.reading() as session:
        chat = chats.asked_for(session, cliente_id, asked, profile.country, _FIELD)
        entries, following = timeline.page(session, cliente_id, chat, cursor, limit)
        if not entries and _conversation(session, cliente_id, chat) is None:
            raise NotFound()
        return chat_message.shown(session, cliente_id, entries, profile.language), following


def mark_read(services: Services, cliente_id: int, asked: str, profile: TenantProfile) -> dict[str, Any]:
    """Has a conversation count as read: for those who wrote in it, on the phone, and in our list.

    Nobody is asked where nothing was received in it. Raises NotFound, InvalidTo; SessionNotReady, SessionManagerTimeout
    and WhatsAppError, and then nothing counts as read.
    """
    with services.database.reading() as session:
        chat = chats.asked_for(session, cliente_id, asked, profile.country, _FIELD)
        row = _conversation(session, cliente_id, chat)
        if row is None:
            raise NotFound()
        told_as, until_ms = row.told_as, row.received_at
    if told_as is not None:
        require_ready(services, cliente_id, profile.language)
        services.control.ask(MarkRead(cliente_id, new_question_id(), told_as))
    with services.database.writing() as session:
        row = _conversation(session, cliente_id, chat, for_change=True)
        if row is None:
            raise NotFound()
        row.read_until = max(row.read_until, until_ms)
        count_anew(session, row)
        return _objects(session, cliente_id, [row], profile.language)[0]


def show_typing(
    services: Services, cliente_id: int, asked: str, seconds: float, profile: TenantProfile, *, recording: bool
) -> str:
    """Shows in a conversation that somebody is writing, or recording; returns its chat id once that has begun.

    asked: any address of the chat. Raises InvalidTo, SessionNotReady, SessionManagerTimeout, WhatsAppError.
    """
    with services.database.reading() as session:
        chat = chats.asked_for(session, cliente_id, asked, profile.country, _FIELD)
        row = _conversation(session, cliente_id, chat)
        told_as = (None if row is None else row.told_as) or chat.chat_id
    require_ready(services, cliente_id, profile.language)
    services.control.ask(ShowTyping(cliente_id, new_question_id(), told_as, seconds, recording))
    return chat.chat_id


def name_groups(services: Services, cliente_id: int, names: Mapping[str, str]) -> None:
    """Keeps what groups are called, for those in which somebody wrote. names: by chat id."""
    if not names:
        return
    with services.database.reading() as session:
        groups = select(Conversation.chat, Conversation.name).where(
            Conversation.cliente_id == cliente_id, Conversation.chat.in_(names)
        )
        old = [chat for chat, name in session.execute(groups) if name != storable(names[chat], 100)]
    if not old:
        return
    with services.database.writing() as session:
        rows = select(Conversation).where(Conversation.cliente_id == cliente_id, Conversation.chat.in_(old))
        for row in session.scalars(rows.with_for_update()):
            row.name = storable(names[row.chat], 100)


def _conversation(session: Session, cliente_id: int, chat: Chat, *, for_change: bool = False) -> Conversation | None:
    statement = select(Conversation).where(Conversation.cliente_id == cliente_id, Conversation.chat == chat.key)
    return session.scalars(statement.with_for_update() if for_change else statement).first()


def _objects(
    session: Session, cliente_id: int, rows: Sequence[Conversation], language: Language
) -> list[dict[str, Any]]:
    last = _last_messages(session, rows)
    entries = [last[row.id] for row in rows if row.id in last]
    messages_by_row = dict(
        zip(
            [row.id for row in rows if row.id in last],
            chat_message.shown(session, cliente_id, entries, language),
            strict=True,
        )
    )
    return [
        {
            "chat_id": row.chat_id,
            "cliente_id": row.cliente_id,
            "number": row.number,
            "name": row.name,
            "group": row.chat.endswith("@g.us"),
            "unread": row.unread,
            "last_at": to_iso(row.last_at),
            "last_message": messages_by_row.get(row.id),
        }
        for row in rows
    ]


def _last_messages(session: Session, rows: Sequence[Conversation]) -> dict[int, Entry]:
    """The last message of each conversation that still is on record."""
    inbound = [row.last_inbound for row in rows if row.last_inbound is not None]
    ours = [row.last_message_id for row in rows if row.last_message_id is not None]
    received = {one.id: one for one in session.scalars(select(InboundMessage).where(InboundMessage.id.in_(inbound)))}
    sent = {
        one.message_id: one for one in session.scalars(select(MessageRecord).where(MessageRecord.message_id.in_(ours)))
    }
    found: dict[int, Entry] = {}
    for row in rows:
        one: Entry | None = received.get(row.last_inbound or 0) or sent.get(row.last_message_id or "")
        if one is not None:
            found[row.id] = one
    return found

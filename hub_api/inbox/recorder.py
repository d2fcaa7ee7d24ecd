"""What the inbox does with events: each message is recorded once, however often it was told, and its changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TypeVar

from sqlalchemy.orm import Session

from hub_api.inbox import changes, counting
from hub_api.inbox.inbound_object import media_of, recorded_rows
from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.inbox.parts import parts_text
from hub_api.messages.history import changes_of, ours_by_key
from hub_api.messages.models import MessageChange
from hub_api.recipients import chats
from hub_api.recipients.chats import Chat
from hub_api.recipients.other_keys import MessageKey, other_keys
from hub_api.storable import storable
from shared.names import EventType
from shared.protocol.events import Body, Event, MessageInbound, MessageMedia, MessageUpdated
from shared.protocol.inbound import InboundType, MediaSource, MediaStatus
from shared.recipient_key import address_of

_OF_CONVERSATIONS = (EventType.MESSAGE_INBOUND, EventType.MESSAGE_UPDATED, EventType.MESSAGE_MEDIA)
_B = TypeVar("_B", bound=Body)
_Kinds = tuple[type[Body], ...]


class InboxRecorder:
    """Takes `message.inbound`, `message.updated` and `message.media`. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """Events whose message or change was recorded before, or stands in an earlier one of these.

        What a Redis that forgot a message told once more, or an older one holds, is counted here, for nobody takes it.
        """
        told = [event for event in events if event.type in _OF_CONVERSATIONS]
        received = MessageInbound, MessageUpdated
        known = _Known(session, told, rows=received, changes=(MessageUpdated,), ours=(MessageInbound,))
        found: set[str] = set()
        repeated: list[int] = []
        seen: set[object] = set()
        for event in _of(told, MessageInbound):
            if known.row(event) is not None or known.is_ours(event) or _key(event) in seen:
                found.add(event.event_id)
                repeated.append(event.cliente_id)
            seen.add(_key(event))
        for event in _of(told, MessageUpdated):
            changed = known.row(event) or known.change(event)
            body = _body(event, MessageUpdated)
            change = (_key(event), body.change, body.message)
            if change in seen or (changed is not None and changes.is_applied(changed, body)):
                found.add(event.event_id)
            seen.add(change)
        counting.count(session, repeated=repeated)
        return found

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Adds a message for each that came, and has messages follow what became of them."""
        told = [event for event in events if event.type in _OF_CONVERSATIONS]
        if not told:
            return
        inbound = _of(told, MessageInbound)
        addresses = [(one.cliente_id, address_of(_body(one, MessageInbound).chat)) for one in inbound]
        numbers = chats.numbers_of(session, [one for one in addresses if one[1]])
        batch = _Batch(session, told)
        for event in told:
            match event.body:
                case MessageInbound() if batch.is_ours(event):
                    pass  # these very events told that its key is ours
                case MessageInbound() as body:
                    batch.receive(event, body, chats.of_message(event.cliente_id, body, numbers))
                case MessageUpdated() as body:
                    batch.change(event, body)
                case MessageMedia() as body:
                    batch.keep_media(event, body)
        session.flush()  # rows are numbered in the order in which they were added
        counting.count(session, recorded=[event.cliente_id for event in inbound])


class _Known:
    """What is on record of the messages that some events are about, under whichever key it stands."""

    def __init__(self, session: Session, events: Sequence[Event], *, rows: _Kinds, changes: _Kinds, ours: _Kinds):
        """Each is looked up for the events of these kinds alone."""
        self._others = other_keys(session, map(_key, _of(events, *rows, *changes, *ours)))
        self.rows = recorded_rows(session, self._keys(events, rows))
        self.changes = changes_of(session, self._keys(events, changes))
        handed_over = ours_by_key(session, (key for key in self._keys(events, ours) if key[1].startswith("true_")))
        self._ours = {(one.cliente_id, one.whatsapp_id) for one in handed_over}

    def row(self, event: Event) -> InboundMessage | None:
        """The message itself."""
        return next((self.rows[key] for key in self._all(event) if key in self.rows), None)

    def change(self, event: Event) -> MessageChange | None:
        """What became of it, where it is not on record."""
        return next((self.changes[key] for key in self._all(event) if key in self.changes), None)

    def is_ours(self, event: Event) -> bool:
        """Whether it went out through us: a Redis that forgot so takes its row for what the owner wrote."""
        return self.our_key(event) is not None

    def our_key(self, event: Event) -> MessageKey | None:
        """The key under which we handed it over."""
        return next((key for key in self._all(event) if key in self._ours), None)

    def _keys(self, events: Sequence[Event], kinds: _Kinds) -> set[MessageKey]:
        return {key for event in _of(events, *kinds) for key in self._all(event)}

    def _all(self, event: Event) -> list[MessageKey]:
        return [_key(event), *self._others.get(_key(event), ())]


class _Batch:
    """The rows that some events are about."""

    def __init__(self, session: Session, events: Sequence[Event]) -> None:
        self._session = session
        changed = MessageInbound, MessageUpdated
        self._known = _Known(session, events, rows=(MessageUpdated,), changes=changed, ours=changed)
        self._media = dict(media_of(session, map(_key, _of(events, MessageInbound, MessageMedia))))

    def is_ours(self, event: Event) -> bool:
        """Whether it went out through us, as those who stand before this recorder have it by now."""
        return self._known.is_ours(event)

    def receive(self, event: Event, told: MessageInbound, chat: Chat) -> None:
        """Records a message, with what became of it before it came."""
        row = _row(event, told, chat)
        kept = self._known.change(event)
        if kept is not None:
            changes.catch_up(row, kept)
            self._known.changes.pop((kept.cliente_id, kept.whatsapp_id))
            if kept in self._session.new:  # it came with the same events
                self._session.expunge(kept)
            else:
                self._session.delete(kept)
        self._session.add(row)
        self._known.rows[_key(event)] = row
        if told.media is not None:
            self._expect_media(event, told, told.media)

    def change(self, event: Event, told: MessageUpdated) -> None:
        """Has a message follow a change; one of ours, or one that did not come yet, is remembered by its key."""
        row = self._known.row(event) or self._known.change(event)
        if row is None:
            cliente_id, whatsapp_id = self._known.our_key(event) or _key(event)
            row = MessageChange(cliente_id=cliente_id, whatsapp_id=whatsapp_id, at=told.at)
            self._session.add(row)
            self._known.changes[cliente_id, whatsapp_id] = row
        changes.follow(row, told)

    def keep_media(self, event: Event, told: MessageMedia) -> None:
        """Keeps what became of a message's bytes."""
        row = self._media_row(event, event.at)
        row.status = told.status.value
        row.mime_type = storable(told.mime_type, 100) or row.mime_type
        row.size = row.size if told.size is None else told.size
        row.sha256 = storable(told.sha256, 64) or row.sha256
        row.error = storable(told.error, 60) or None
        row.attempts = told.attempts
        if told.status is MediaStatus.AVAILABLE:
            row.stored_at = event.at

    def _expect_media(self, event: Event, told: MessageInbound, source: MediaSource) -> None:
        known = _key(event) in self._media
        row = self._media_row(event, told.at)
        row.source, row.at = json.dumps(source.to_wire()), told.at
        row.file_name = storable(source.file_name, 255)
        if not known:
            row.mime_type, row.size = storable(source.mime_type, 100), source.size

    def _media_row(self, event: Event, at_ms: int) -> InboundMedia:
        row = self._media.get(_key(event))
        if row is None:
            row = InboundMedia(
                cliente_id=event.cliente_id,
                whatsapp_id=_whatsapp_id(event),
                source="",
                status=MediaStatus.PENDING.value,
                mime_type="",
                file_name="",
                attempts=0,
                at=at_ms,
            )
            self._session.add(row)
            self._media[_key(event)] = row
        return row


def _row(event: Event, told: MessageInbound, chat: Chat) -> InboundMessage:
    about = told.reaction.to if told.reaction is not None else told.vote.poll if told.vote is not None else ""
    in_person = chat.number is not None and told.from_person
    return InboundMessage(
        event_id=event.event_id,
        cliente_id=event.cliente_id,
        whatsapp_id=_whatsapp_id(event),
        chat=storable(chat.key, 100),
        chat_id=storable(chat.chat_id, 100),
        from_number=storable(chat.number if in_person and not told.sender.isdigit() else told.sender, 100),
        author=storable(told.author, 100) or None,
        direction=told.direction.value,
        type=told.type.value,
        raw_type=storable(told.raw_type, 60) or None if told.type is InboundType.UNKNOWN else None,
        push_name=storable(told.push_name, 100) or None,
        text=storable(told.message, changes.MAX_TEXT),
        at=told.at,
        reply_to=storable(told.reply_to, 200) or None,
        about=storable(about, 200) or None,
        parts=parts_text(told),
    )


def _of(events: Sequence[Event], *kinds: type[Body]) -> list[Event]:
    return [event for event in events if isinstance(event.body, kinds)]


def _body(event: Event, kind: type[_B]) -> _B:
    if not isinstance(event.body, kind):
        raise TypeError(f"no {kind.__name__}")
    return event.body


def _key(event: Event) -> MessageKey:
    return event.cliente_id, _whatsapp_id(event)


def _whatsapp_id(event: Event) -> str:
    return storable(event.message_id, 200)

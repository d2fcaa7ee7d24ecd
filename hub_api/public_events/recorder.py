"""Which public events recorded events make; they are kept in the transaction that records those."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from hub_api.accounts.tenants.profiles import profile_of
from hub_api.authorizations import service as authorizations
from hub_api.chats import chat_message
from hub_api.inbox.inbound_object import objects_of, recorded_rows
from hub_api.messages.history import records_of, to_message
from hub_api.principal import Principal
from hub_api.public_events.as_of import TOLD, message_as_of, session_as_of
from hub_api.public_events.envelope import Change, chat_key
from hub_api.public_events.publishing import Publishing
from hub_api.public_events.types import PublicEventType
from hub_api.recipients.other_keys import MessageKey
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.protocol.events import Event, MessageInbound, MessageMedia, MessageUpdated, SessionCode, SessionMoved
from shared.protocol.inbound import InboundType, MediaStatus
from shared.sessions.view import SessionView
from shared.texts import Language

_Received = dict[MessageKey, tuple[str, dict[str, Any]]]  # the chat's key, the inbound object


class PublicEventRecorder:
    """Stands after the recorders of messages, sessions and inbox: it reads what they recorded."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._publishing = Publishing(services)

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: what is known was published when the others recorded it."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
        self._publishing.publish(session, list(self._changes(session, events)))

    def _changes(self, session: Session, events: Sequence[Event]) -> Iterator[Change]:
        messages = _messages(session, [event for event in events if event.type in TOLD])
        received = _received(session, events)
        of_others = {(one.cliente_id, one.message_id) for one in events if isinstance(one.body, MessageUpdated)}
        if missing := of_others - received.keys():  # of ours, or under another address of its chat
            received |= chat_message.told_of(session, missing, self._language)
        views = self._views([event for event in events if isinstance(event.body, SessionMoved | SessionCode)])
        for event in events:
            change: Change | None = None
            if event.type in TOLD:
                change = self._of_message(event, messages.get(event.message_id))
            elif isinstance(event.body, SessionMoved):
                change = self._of_session(event, event.body, views[event.cliente_id])
            elif isinstance(event.body, SessionCode):
                change = self._of_code(event, views[event.cliente_id])
            elif isinstance(event.body, MessageInbound | MessageUpdated | MessageMedia):
                change = self._of_conversation(event, received.get((event.cliente_id, event.message_id)))
            if change is not None:
                yield change

    def _of_message(self, event: Event, message: Message | None) -> Change | None:
        if message is None or message.cliente_id != event.cliente_id:
            return None
        then = message_as_of(message, event.type, event.body)
        data = then.to_object(self._language(event.cliente_id))
        return Change(event.cliente_id, PublicEventType.MESSAGE_STATUS, event.at, data, chat_key(message.to))

    def _of_session(self, event: Event, moved: SessionMoved, view: SessionView) -> Change:
        then = session_as_of(view, moved, event.at)
        data = then.to_object(now_ms(), self._language(event.cliente_id), with_code=False)
        return Change(event.cliente_id, PublicEventType.SESSION_STATUS, event.at, data)

    def _of_code(self, event: Event, view: SessionView) -> Change | None:
        """None where the code has run out by now, or where the tenant may not scan it."""
        now, cliente_id = now_ms(), event.cliente_id
        tenant = Principal("events", "cliente", cliente_id)
        if not view.has_code(now) or not authorizations.may_scan(self._services.database, tenant, cliente_id):
            return None
        data = view.to_object(now, self._language(cliente_id), with_code=True)
        return Change(cliente_id, PublicEventType.SESSION_QR, event.at, data)

    def _of_conversation(self, event: Event, found: tuple[str, dict[str, Any]] | None) -> Change | None:
        if found is None or (isinstance(event.body, MessageMedia) and event.body.status is MediaStatus.PENDING):
            return None
        received = isinstance(event.body, MessageInbound) and event.body.type is not InboundType.REACTION
        kind = PublicEventType.MESSAGE_RECEIVED if received else PublicEventType.MESSAGE_UPDATED
        chat, data = found
        return Change(event.cliente_id, kind, event.at, data, chat)

    def _views(self, events: Sequence[Event]) -> dict[int, SessionView]:
        ids = sorted({event.cliente_id for event in events})
        return dict(zip(ids, self._services.snapshots.read_many(ids), strict=True)) if ids else {}

    def _language(self, cliente_id: int) -> Language:
        return profile_of(self._services, cliente_id).language


def _messages(session: Session, events: Sequence[Event]) -> dict[str, Message]:
    found = records_of(session, {event.message_id for event in events})
    return {message_id: to_message(row) for message_id, row in found.items()}


def _received(session: Session, events: Sequence[Event]) -> _Received:
    of_conversations = [
        event for event in events if isinstance(event.body, MessageInbound | MessageUpdated | MessageMedia)
    ]
    rows = list(recorded_rows(session, ((event.cliente_id, event.message_id) for event in of_conversations)).values())
    objects = objects_of(session, rows)
    return {(row.cliente_id, row.whatsapp_id): (row.chat, data) for row, data in zip(rows, objects, strict=True)}

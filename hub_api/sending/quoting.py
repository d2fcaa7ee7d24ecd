"""The message that another one answers, as the page needs it: one of the same conversation that WhatsApp has."""

from __future__ import annotations

from sqlalchemy.orm import Session

from hub_api.inbox.inbound_object import recorded_rows
from hub_api.inbox.models import InboundMessage
from hub_api.messages import history
from hub_api.messages.history import changes_of
from hub_api.recipients import chats
from hub_api.recipients.other_keys import MessageKey, other_keys
from hub_api.services import Services
from shared.errors import ValidationFailed
from shared.ledger.message import Message, message_time_ms
from shared.protocol.content import Quote
from shared.protocol.inbound import Direction, InboundType
from shared.recipient_key import recipient_key
from shared.transitions.message import OUT_STATUSES

MAX_SHOWN = 1_024  # characters of the answered text, for a page that does not know the message
_FIELD = "reply_to"
# They are put to another message, or are none that could be answered.
_NOT_ANSWERED = {
    InboundType.REACTION.value,
    InboundType.POLL_VOTE.value,
    InboundType.CALL.value,
    InboundType.ALBUM.value,
}


def quote(services: Services, cliente_id: int, reply_to: str, to: str) -> Quote:
    """The quote of a tenant's message.

    reply_to: our message id, or WhatsApp's key. to: whom the answer goes to, canonical digits or a group's id.
    Raises ValidationFailed naming the field; redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    if message_time_ms(reply_to) is not None:
        return _of_ours(services, _ours(services, cliente_id, reply_to), to)
    keys = {(cliente_id, reply_to)}
    with services.database.reading() as session:
        for others in other_keys(session, keys).values():
            keys.update(others)
        for row in recorded_rows(session, keys).values():
            return _of_theirs(session, row, to)
        sent = [one.message_id for one in history.ours_by_key(session, keys)]
    for _, whatsapp_id in keys:  # what was sent just now may not be on record yet
        message_id = services.ledger.entries.id_of_key(cliente_id, whatsapp_id)
        sent += [] if message_id is None else [message_id]
    if not sent:
        raise _refused("no message of this tenant has this id")
    return _of_ours(services, _ours(services, cliente_id, sent[0]), to)


def _ours(services: Services, cliente_id: int, message_id: str) -> Message:
    entry = services.ledger.entries.read(message_id)
    if entry is None or entry.text is None:
        entry = history.recorded(services.database, message_id) or entry
    if entry is None or entry.cliente_id != cliente_id:
        raise _refused("no message of this tenant has this id")
    return entry


def _of_ours(services: Services, message: Message, to: str) -> Quote:
    if message.status not in OUT_STATUSES or message.whatsapp_id is None:
        raise _refused("that message was not sent")
    _require_same(recipient_key(message.to), to)
    key: MessageKey = (message.cliente_id, message.whatsapp_id)
    with services.database.reading() as session:
        change = changes_of(session, [key]).get(key)
    if change is not None and change.revoked_at is not None:
        raise _refused("that message was deleted")
    text = message.text or ""
    if change is not None and change.edited_at is not None:
        text = change.text or ""
    return Quote(message.whatsapp_id, type=message.content.type.value, text=text[:MAX_SHOWN])


def _of_theirs(session: Session, row: InboundMessage, to: str) -> Quote:
    if row.type in _NOT_ANSWERED:
        raise _refused("no message that could be answered")
    if row.revoked_at is not None:
        raise _refused("that message was deleted")
    known = chats.numbers_of(session, [(row.cliente_id, row.chat)]).get((row.cliente_id, row.chat))
    _require_same(row.chat if known is None else recipient_key(known), to)
    author = "" if row.direction == Direction.OUT.value else row.author or row.from_number
    return Quote(row.whatsapp_id, author, row.type, row.text[:MAX_SHOWN])


def _require_same(conversation: str, to: str) -> None:
    """Nobody is shown what was written to somebody else."""
    if conversation != recipient_key(to):
        raise _refused("that message is of another conversation")


def _refused(why: str) -> ValidationFailed:
    return ValidationFailed(details={_FIELD: why})

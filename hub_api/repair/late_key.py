"""SQL learned late that a key is of ours → what was recorded under it as the owner's own message is taken away.

Redis may lose a message's key, and the events that told it, while the message is on its way. Its row in the page's
database is then taken for one that the owner wrote on the phone. Once an acknowledgement tells the key after all, the
conversation shows the message once, as ours, with what became of it meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update
from sqlalchemy.orm import Session

from hub_api.chats.models import Conversation
from hub_api.inbox.inbound_object import recorded_rows
from hub_api.inbox.models import InboundMessage
from hub_api.messages.history import changes_of
from hub_api.messages.models import MessageChange
from hub_api.recipients.other_keys import MessageKey, other_keys
from shared.logs import get_logger
from shared.protocol.inbound import Direction

_log = get_logger(__name__)


def mend(session: Session, keys: Mapping[MessageKey, str]) -> None:
    """keys: tenant and key → our id of the message. Raises sqlalchemy.exc.SQLAlchemyError."""
    others = other_keys(session, keys)
    named = {name: key for key in keys for name in (key, *others.get(key, ()))}
    changed = changes_of(session, keys)
    for name, row in recorded_rows(session, named).items():
        key = named[name]
        if row.direction != Direction.OUT.value:
            continue
        if key not in changed and (row.edited_at is not None or row.revoked_at is not None):
            session.add(_change(row, key))
        _show_ours(session, row, keys[key])
        session.delete(row)
        _log.warning("message.was_taken_for_the_owners", cliente_id=row.cliente_id, message_id=keys[key])
    session.flush()


def _change(row: InboundMessage, key: MessageKey) -> MessageChange:
    """What became of the message, to be shown with ours."""
    return MessageChange(
        cliente_id=key[0],
        whatsapp_id=key[1],
        text=row.text if row.edited_at is not None else None,
        edited_at=row.edited_at,
        revoked_at=row.revoked_at,
        at=max(row.edited_at or 0, row.revoked_at or 0),
    )


def _show_ours(session: Session, row: InboundMessage, message_id: str) -> None:
    """Where it was the last message of its conversation."""
    one = Conversation
    session.execute(
        update(one)
        .where(one.cliente_id == row.cliente_id, one.chat == row.chat, one.last_inbound == row.id)
        .values(last_inbound=None, last_message_id=message_id)
    )

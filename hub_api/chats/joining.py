"""A chat that was known by a LID alone, and whose number is known by now, is one conversation with that number's."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from hub_api.chats.models import Conversation
from hub_api.chats.unread import count_anew
from hub_api.database import Database
from hub_api.inbox.models import InboundMessage
from hub_api.recipients import chats
from hub_api.recipients.chats import Chat
from hub_api.recipients.models import IS_UNJOINED, RecipientAddress
from hub_api.services import Services
from shared.protocol.inbound import Direction

_AT_ONCE = 100
_UNJOINED = select(RecipientAddress).where(IS_UNJOINED).limit(_AT_ONCE)

ConversationKey = tuple[int, str]  # (cliente_id, key of the chat)


class Joining:
    """Joins what was learned outside of events: who was checked as a contact, whom a person named."""

    def __init__(self, services: Services) -> None:
        self._database: Database = services.database

    def run(self) -> int:
        """Returns how many conversations were joined. Raises sqlalchemy.exc.SQLAlchemyError."""
        with self._database.reading() as session:
            if session.scalars(_UNJOINED.limit(1)).first() is None:
                return 0
        with self._database.writing() as session:
            return len(join(session))


def join(session: Session) -> set[ConversationKey]:
    """Joins what is kept under addresses whose numbers were learned; returns the conversations that grew."""
    found: set[ConversationKey] = set()
    for known in list(session.scalars(_UNJOINED)):
        chat = chats.of_number(known.number)
        if chat.key != known.address and _move(session, known.cliente_id, known.address, chat):
            found.add((known.cliente_id, chat.key))
        known.joined = 1
    session.flush()
    return found


def _move(session: Session, cliente_id: int, address: str, chat: Chat) -> bool:
    """Gives what is kept under an address to a conversation. False where nothing is."""
    old = _conversation(session, cliente_id, address)
    if old is None:
        return False
    one = InboundMessage
    of_chat = one.cliente_id == cliente_id, one.chat == address
    from_it = *of_chat, one.from_number == address, one.direction == Direction.IN.value
    session.execute(update(one).where(*from_it).values(from_number=chat.number))
    session.execute(update(one).where(*of_chat).values(chat=chat.key, chat_id=chat.chat_id))
    into = _conversation(session, cliente_id, chat.key)
    if into is None:
        old.chat, old.chat_id, old.number = chat.key, chat.chat_id, chat.number
        return True
    _merge(old, into)
    session.delete(old)
    session.flush()
    count_anew(session, into)
    return True


def _merge(old: Conversation, into: Conversation) -> None:
    if old.last_at >= into.last_at:
        into.last_at, into.last_inbound, into.last_message_id = old.last_at, old.last_inbound, old.last_message_id
    if old.received_at >= into.received_at:
        into.received_at, into.told_as = old.received_at, old.told_as or into.told_as
        into.name = old.name or into.name
    into.read_until = max(into.read_until, old.read_until)


def _conversation(session: Session, cliente_id: int, key: str) -> Conversation | None:
    statement = select(Conversation).where(Conversation.cliente_id == cliente_id, Conversation.chat == key)
    return session.scalars(statement.with_for_update()).first()

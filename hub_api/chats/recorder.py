"""Conversations follow what is recorded, in its transaction: a list of them costs no more than a page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.chats import joining
from hub_api.chats.joining import ConversationKey
from hub_api.chats.models import Conversation, ConversationRow
from hub_api.chats.turns import Turn, turns
from hub_api.chats.unread import count_anew
from hub_api.recording.rows import among, columns_of, insert_rows, rows_of, update_rows, values_of
from shared.protocol.events import Event

_ALL = tuple(ConversationRow.__slots__)
_COLUMNS = columns_of(Conversation, ConversationRow)
_NEW = tuple(name for name in _ALL if name != "id")  # the database numbers it
_FOLLOWING = tuple(name for name in _ALL if name not in ("cliente_id", "chat"))


class ConversationRecorder:
    """Stands after the recorders of messages, recipients and inbox. Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: what is known others told of."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Has each conversation follow what was written in it."""
        grown = joining.join(session)
        by_chat: dict[ConversationKey, list[Turn]] = defaultdict(list)
        for turn in turns(session, events):
            by_chat[turn.cliente_id, turn.chat.key].append(turn)
        there = _rows(session, by_chat)
        rows = {key: there.get(key) or _begun(taken[0]) for key, taken in by_chat.items()}
        for key, taken in by_chat.items():
            row = rows[key]
            read_before = row.read_until
            for turn in taken:
                follow(row, turn)
            if key in grown or row.read_until != read_before:
                count_anew(session, row)  # what is counted stands in the database by now, these messages too
            else:
                row.unread += sum(turn.waits and turn.at > row.read_until for turn in taken)
        insert_rows(session, Conversation, [values_of(row, _NEW) for row in rows.values() if row.id is None])
        update_rows(session, Conversation, "id", [values_of(row, _FOLLOWING) for row in there.values()])


def follow(row: ConversationRow, turn: Turn) -> None:
    """Takes one message into a conversation; messages may come in another order than they were written. Pure."""
    if turn.at >= row.last_at:
        row.last_at, row.last_inbound, row.last_message_id = turn.at, turn.inbound, turn.message_id
    if row.number is None and turn.chat.number is not None:
        row.number, row.chat_id = turn.chat.number, turn.chat.chat_id
    row.told_as = turn.told_as or row.told_as
    row.name = turn.name or row.name
    if turn.waits:
        row.received_at = max(row.received_at, turn.at)
    if turn.answers:
        row.read_until = max(row.read_until, turn.at)


def _begun(turn: Turn) -> ConversationRow:
    return ConversationRow(
        id=None,
        cliente_id=turn.cliente_id,
        chat=turn.chat.key,
        chat_id=turn.chat.chat_id,
        told_as=None,
        number=turn.chat.number,
        name=None,
        last_at=turn.at,
        last_inbound=None,
        last_message_id=None,
        received_at=0,
        read_until=0,
        unread=0,
    )


def _rows(session: Session, keys: Collection[ConversationKey]) -> dict[ConversationKey, ConversationRow]:
    """Those that are there, until the transaction ends nobody else's to change."""
    if not keys:
        return {}
    statement = (
        select(*_COLUMNS)
        .where(
            Conversation.cliente_id.in_({cliente_id for cliente_id, _ in keys}),
            among(session, Conversation.chat, {key for _, key in keys}),
        )
        .order_by(Conversation.id)
        .with_for_update()
    )
    found = rows_of(session, ConversationRow, statement)
    return {key: row for row in found if (key := (row.cliente_id, row.chat)) in keys}

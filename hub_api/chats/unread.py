"""How many messages of a conversation wait to be read.

Those that somebody wrote since the conversation was marked as read, or since it was answered: with a single message, or
by the owner on the phone. What bulk and campaigns send answers nobody; reactions and votes wait for nobody.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from hub_api.chats.models import Conversation, ConversationRow
from hub_api.chats.turns import QUIET
from hub_api.inbox.models import InboundMessage
from shared.protocol.inbound import Direction


def count_anew(session: Session, row: Conversation | ConversationRow) -> None:
    """Counts what was written after `read_until`; asks nothing where that is nothing."""
    if row.received_at <= row.read_until:
        row.unread = 0
        return
    one = InboundMessage
    statement = select(func.count()).where(
        one.cliente_id == row.cliente_id,
        one.chat == row.chat,
        one.at > row.read_until,
        one.direction == Direction.IN.value,
        one.type.not_in(QUIET),
    )
    row.unread = session.scalar(statement) or 0

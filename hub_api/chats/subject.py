"""What conversations add to the hub."""

from __future__ import annotations

from hub_api.chats.models import Conversation
from hub_api.registry import Expiring, Subject

SUBJECT = Subject(
    name="chats",
    expiring=(Expiring("conversations", Conversation.id, lambda before: Conversation.last_at < before),),
)

"""What conversations add to the hub."""

from __future__ import annotations

from hub_api.chats.joining import Joining
from hub_api.chats.models import Conversation
from hub_api.chats.recorder import ConversationRecorder
from hub_api.registry import Expiring, Subject

SUBJECT = Subject(
    name="chats",
    views=("hub_api.chats.views",),
    event_handlers=(lambda services: ConversationRecorder(),),
    after_events=(lambda services: Joining(services).run,),
    expiring=(Expiring("conversations", Conversation.id, lambda before: Conversation.last_at < before),),
)

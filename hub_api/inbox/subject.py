"""What the inbox adds to the hub."""

from __future__ import annotations

from hub_api.inbox.media.expiry import INBOUND_FILES
from hub_api.inbox.media.restore import restore as restore_pending
from hub_api.inbox.models import InboundMedia, InboundMessage
from hub_api.inbox.recorder import InboxRecorder
from hub_api.inbox.restore import restore
from hub_api.messages.models import MessageChange
from hub_api.registry import Expiring, Subject

SUBJECT = Subject(
    name="inbox",
    views=("hub_api.inbox.views", "hub_api.inbox.media.views"),
    event_handlers=(lambda services: InboxRecorder(),),
    restore=(restore, restore_pending),
    expiring=(
        Expiring("inbound_messages", InboundMessage.id, lambda before: InboundMessage.at < before),
        Expiring("inbound_media", InboundMedia.id, lambda before: InboundMedia.at < before),
        Expiring("message_changes", MessageChange.id, lambda before: MessageChange.at < before),
    ),
    named_files=(INBOUND_FILES,),
)

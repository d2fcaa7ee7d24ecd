"""The types of public events. They are fixed: callers filter by them."""

from __future__ import annotations

from enum import StrEnum


class PublicEventType(StrEnum):
    """What a caller can be told of; `data` is the object that the API gives of the same thing."""

    MESSAGE_RECEIVED = "message.received"  # the inbound object; also what the owner wrote on the phone itself
    MESSAGE_UPDATED = "message.updated"  # the object of a message that was edited, deleted or reacted to, or whose
    # media came; of a reaction, the reaction's own
    MESSAGE_STATUS = "message.status"  # the message object: sent, delivered, read, or how it ended
    SESSION_STATUS = "session.status"  # the session object
    SESSION_QR = "session.qr"  # the session object, with a code to scan
    CAMPAIGN_STATUS = "campaign.status"  # the campaign object, without its progress
    OPTOUT_CHANGED = "optout.changed"  # the entry of the list, and whether it stands there now
    WEBHOOK_DISABLED = "webhook.disabled"  # the webhook object

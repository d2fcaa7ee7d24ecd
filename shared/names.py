"""Every Redis key, queue, task and event name, built in one place; the keys by subject in `shared/keys/`."""

from __future__ import annotations

from enum import StrEnum

from shared.keys.acts import ActKeys
from shared.keys.campaigns import CampaignKeys
from shared.keys.inbound import InboundKeys
from shared.keys.messages import MessageKeys
from shared.keys.service import ServiceKeys
from shared.keys.sessions import SessionKeys

SESSION_QUEUE_PREFIX = "session."
BACKGROUND_QUEUE = "background"
WEBHOOK_QUEUE = "webhooks"

# Tasks a session worker serves, on its tenant's queue.
TASK_NOTIFY = "session.notify"
TASK_STATUS = "session.status"
TASK_CONNECT = "session.connect"
TASK_DISCONNECT = "session.disconnect"
TASK_RESTART = "session.restart"
TASK_PAIRING_CODE = "session.pairing_code"
TASK_CHECK_CONTACT = "session.check_contact"
TASK_MARK_READ = "session.mark_read"
TASK_ACT = "session.act"
TASK_SHOW_TYPING = "session.show_typing"
TASK_READ_GROUPS = "session.read_groups"
TASK_READ_GROUP = "session.read_group"
TASK_READ_PROFILE = "session.read_profile"

# Tasks of the hub's background worker.
TASK_DRAIN_EVENTS = "background.drain_events"
TASK_EXPIRE_OVERDUE = "background.expire_overdue"
TASK_END_ACTS = "background.end_acts"
TASK_WAKE_WAITING = "background.wake_waiting"
TASK_RECORD_DEPTHS = "background.record_depths"
TASK_CAMPAIGN_TICK = "background.campaign_tick"
TASK_CAMPAIGN_RECOUNT = "background.campaign_recount"
TASK_CAMPAIGN_IMPORTS = "background.campaign_imports"
TASK_CHECK_BALANCE = "background.check_balance"
TASK_SWEEP = "background.sweep"
TASK_FORGET_OLD = "background.forget_old"
TASK_FORGET_MEDIA = "background.forget_media"
TASK_MIRROR_TENANTS = "background.mirror_tenants"
TASK_FIND_LOST_HOSTS = "background.find_lost_hosts"

# Tasks of the webhook worker.
TASK_DELIVER_WEBHOOKS = "webhooks.deliver"


class EventType(StrEnum):
    """Every type of event. Those of messages that are named like a status say that the message has it now."""

    MESSAGE_QUEUED = "message.queued"
    MESSAGE_SENDING = "message.sending"
    MESSAGE_KEY = "message.key"
    MESSAGE_SENT = "message.sent"
    MESSAGE_DELIVERED = "message.delivered"
    MESSAGE_READ = "message.read"
    MESSAGE_FAILED = "message.failed"
    MESSAGE_CANCELLED = "message.cancelled"
    MESSAGE_EXPIRED = "message.expired"
    MESSAGE_UNCERTAIN = "message.uncertain"
    MESSAGE_HELD = "message.held"
    MESSAGE_RELEASED = "message.released"
    MESSAGE_RESTORED = "message.restored"
    MESSAGE_REINDEXED = "message.reindexed"
    MESSAGE_INBOUND = "message.inbound"
    MESSAGE_UPDATED = "message.updated"
    MESSAGE_MEDIA = "message.media"
    MESSAGE_ACT_ASKED = "message.act_asked"
    MESSAGE_ACT_DONE = "message.act_done"
    MESSAGE_ACT_FAILED = "message.act_failed"
    MESSAGE_ACT_UNKNOWN = "message.act_unknown"
    SESSION_STATUS = "session.status"
    SESSION_QR = "session.qr"
    SESSION_UNWANTED = "session.unwanted"
    SESSION_UNLINKED = "session.unlinked"
    LEDGER_IMBALANCE = "ledger.imbalance"


def session_queue(cliente_id: int) -> str:
    """The Celery queue of one tenant's notifications, e.g. `session.51`."""
    return f"{SESSION_QUEUE_PREFIX}{cliente_id}"


def control_queue(cliente_id: int) -> str:
    """The Celery queue of what a tenant's worker is told and asked, e.g. `session.51.control`; it is served first."""
    return f"{session_queue(cliente_id)}.control"


def worker_hostname(cliente_id: int) -> str:
    """The Celery node name that Flower shows: `sender_51@leadmaster`."""
    return f"{instance_id(cliente_id)}@leadmaster"


def instance_id(cliente_id: int) -> str:
    """The session's name in older callers' URLs."""
    return f"sender_{cliente_id}"


class Keys(MessageKeys, ActKeys, InboundKeys, CampaignKeys, SessionKeys, ServiceKeys):
    """All Redis keys under one prefix."""

    __slots__ = ()

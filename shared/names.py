"""Every Redis key, queue, task and event name, built in one place."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

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

# Tasks of the hub's background worker.
TASK_DRAIN_EVENTS = "background.drain_events"
TASK_EXPIRE_OVERDUE = "background.expire_overdue"
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


@dataclass(frozen=True, slots=True)
class Keys:
    """Redis keys under one prefix. kombu's own keys get the same prefix by `global_keyprefix`."""

    prefix: str  # e.g. "lm:"

    def queue_list(self, queue: str) -> str:
        """The Redis list behind a Celery queue at priority 0, as kombu names it."""
        return f"{self.prefix}{queue}"

    def message(self, message_id: str) -> str:
        """Hash: one message of the ledger."""
        return f"{self.prefix}msg:{message_id}"

    @property
    def message_prefix(self) -> str:
        return f"{self.prefix}msg:"

    def open(self, cliente_id: int) -> str:
        """Sorted set: queued messages of a tenant, scored by lane and order of acceptance."""
        return f"{self.open_prefix}{cliente_id}"

    @property
    def open_prefix(self) -> str:
        return f"{self.prefix}open:"

    def in_flight(self, cliente_id: int) -> str:
        """Sorted set: messages in `sending`, scored as in `open`."""
        return f"{self.in_flight_prefix}{cliente_id}"

    @property
    def in_flight_prefix(self) -> str:
        return f"{self.prefix}inflight:"

    def held(self, cliente_id: int) -> str:
        """Sorted set: queued messages that wait for a person, since another phone was paired; scored as in `open`."""
        return f"{self.held_prefix}{cliente_id}"

    @property
    def held_prefix(self) -> str:
        return f"{self.prefix}held:"

    def claim_scan(self, cliente_id: int) -> str:
        """Hash with a time to live: where a claim's look at `open` stopped, and which recipients it found blocked."""
        return f"{self.prefix}scan:{cliente_id}"

    def own_number(self, cliente_id: int) -> str:
        """String: the phone that was paired last."""
        return f"{self.prefix}number:{cliente_id}"

    def counts(self, cliente_id: int) -> str:
        """Hash: messages accepted, how they ended, their bytes, how many came in; counted apart from the indexes."""
        return f"{self.counts_prefix}{cliente_id}"

    @property
    def counts_prefix(self) -> str:
        return f"{self.prefix}counts:"

    @property
    def imbalances(self) -> str:
        """Hash: cliente_id → JSON of a balance that did not add up twice in a row."""
        return f"{self.prefix}imbalances"

    def sent_today(self, cliente_id: int, day: str) -> str:
        """Counter: bulk and campaign messages that left or are leaving on one day (`20261120`) of the tenant's."""
        return f"{self.prefix}today:{cliente_id}:{day}"

    def sequence(self, cliente_id: int) -> str:
        """Counter: order of acceptance."""
        return f"{self.prefix}seq:{cliente_id}"

    def whatsapp_key_prefix(self, cliente_id: int) -> str:
        """Strings under it: WhatsApp's message key → our message id, kept as long as the message's entry."""
        return f"{self.whatsapp_keys_prefix}{cliente_id}:"

    @property
    def whatsapp_keys_prefix(self) -> str:
        return f"{self.prefix}wakey:"

    def unread(self, cliente_id: int) -> str:
        """Sorted set: ids of messages that were sent and not read yet, by sent_at; asked about after a downtime."""
        return f"{self.prefix}unread:{cliente_id}"

    def inbound_seen_prefix(self, cliente_id: int) -> str:
        """Strings under it, for 7 days: what was recorded or went out; see `shared.ledger.identity`."""
        return f"{self.prefix}inseen:{cliente_id}:"

    def row_cursors(self, cliente_id: int) -> str:
        """Hash: login id → how far the page's database was read, `<row id> <since, ms>`; at first for texts alone."""
        return f"{self.prefix}incursor:text:{cliente_id}"

    def placeholders(self, cliente_id: int) -> str:
        """Sorted set: WhatsApp's keys of messages that came in and can't be read yet, by when they were written."""
        return f"{self.prefix}inopen:{cliente_id}"

    def recorded_until(self, cliente_id: int) -> str:
        """String: when the latest inbound message that SQL had was written, in ms; put back into an empty Redis."""
        return f"{self.prefix}inuntil:{cliente_id}"

    def media_due(self, cliente_id: int) -> str:
        """Sorted set: WhatsApp's keys of messages whose bytes are to be fetched, by when that is tried next."""
        return f"{self.prefix}inmedia:due:{cliente_id}"

    def media_pending(self, cliente_id: int) -> str:
        """Hash: WhatsApp's key → JSON of where the bytes are and what came of fetching them so far."""
        return f"{self.prefix}inmedia:pending:{cliente_id}"

    def media_used(self, cliente_id: int) -> str:
        """Counter: bytes that a tenant's received media take; the hub counts them anew."""
        return f"{self.prefix}inmedia:used:{cliente_id}"

    def idempotency(self, cliente_id: int, digest: str) -> str:
        """String: `<body digest>:<message id>`, kept 24 h."""
        return f"{self.prefix}idem:{cliente_id}:{digest}"

    def rate(self, cliente_id: int, minute: int) -> str:
        """Counter: messages accepted in one minute."""
        return f"{self.prefix}rate:{cliente_id}:{minute}"

    def contact(self, cliente_id: int, recipient: str) -> str:
        """String with a time to live: JSON of what WhatsApp said of a number, by its recipient key."""
        return f"{self.prefix}contact:{cliente_id}:{recipient}"

    def contacts_asked(self, cliente_id: int, hour: int) -> str:
        """Counter: numbers of which WhatsApp was asked in one hour."""
        return f"{self.prefix}contacts_asked:{cliente_id}:{hour}"

    def pace(self, cliente_id: int) -> str:
        """Hash: when the next message, and the next bulk or campaign message, may leave."""
        return f"{self.prefix}pace:{cliente_id}"

    def opted_out(self, cliente_id: int) -> str:
        """Set: keys of recipients that asked a tenant not to write to them; SQL is the master, this is never less."""
        return f"{self.prefix}optout:{cliente_id}"

    def addresses(self, cliente_id: int) -> str:
        """Hash: an address that WhatsApp answered, such as a LID → the number that the tenant writes to there."""
        return f"{self.prefix}addresses:{cliente_id}"

    def heard_prefix(self, cliente_id: int) -> str:
        """Strings under it, by recipient key: who wrote to a tenant within 24 h."""
        return f"{self.prefix}heard:{cliente_id}:"

    @property
    def campaign_stop_versions(self) -> str:
        """Hash: campaign id → stop version; `*<cliente_id>` the tenant's, `*` everybody's. A raised one stops."""
        return f"{self.prefix}campaign:stops"

    def campaign_in_flight(self, cliente_id: int) -> str:
        """String: id of the tenant's latest campaign message; no other is released until it has ended."""
        return f"{self.prefix}campaign:inflight:{cliente_id}"

    def campaign_quota(self, cliente_id: int, day: int) -> str:
        """Counter: campaign messages of a tenant on a local day such as 20261120."""
        return f"{self.prefix}campaign:quota:{cliente_id}:{day}"

    def campaign_slot(self, slot: int) -> str:
        """String with a time to live: the tick of one slot of time ran, whichever beat asked for it."""
        return f"{self.prefix}campaign:slot:{slot}"

    @property
    def clock(self) -> str:
        """Hash: what all processes hold of Redis' clock; see `shared.clock.agreement`."""
        return f"{self.prefix}clock"

    @property
    def deadlines(self) -> str:
        """Sorted set over all tenants: `<cliente_id>:<message_id>` of queued messages by expires_at."""
        return f"{self.prefix}deadlines"

    @property
    def events(self) -> str:
        """Stream: every transition of sessions and messages and every inbound message."""
        return f"{self.prefix}events"

    def session(self, cliente_id: int) -> str:
        """Hash: the session's snapshot, written by its owner only."""
        return f"{self.prefix}session:{cliente_id}"

    @property
    def sessions(self) -> str:
        """Set: tenants that have a snapshot."""
        return f"{self.prefix}sessions"

    def lease(self, cliente_id: int) -> str:
        """String with a time to live: `<token> <fence> <store id> <pid> <host id>` of the one owner."""
        return f"{self.prefix}lease:{cliente_id}"

    def fence(self, cliente_id: int) -> str:
        """Counter: grows with every new owner."""
        return f"{self.prefix}fence:{cliente_id}"

    @property
    def wanted(self) -> str:
        """Hash: cliente_id → JSON of a wanted session; SQL is the master, this is the mirror."""
        return f"{self.prefix}wanted"

    @property
    def logouts(self) -> str:
        """Hash: cliente_id → login id (or "") of a phone that is to be unlinked; SQL is the master, this the mirror."""
        return f"{self.prefix}logouts"

    @property
    def incarnation(self) -> str:
        """String: `<incarnation id> <state>`, which life of the ledger this is: `ledger/restoring/incarnation.py`."""
        return f"{self.prefix}incarnation"

    @property
    def tenant_rules(self) -> str:
        """Hash: cliente_id → JSON of a tenant's own cap, zone and suspension; SQL is the master, this is the mirror."""
        return f"{self.prefix}tenants"

    @property
    def suspended(self) -> str:
        """Set: tenants whose sessions do not run, though they may be wanted; changes together with `tenant_rules`."""
        return f"{self.prefix}suspended"

    @property
    def accounts_version(self) -> str:
        """String: another one after each change of a user, key or tenant; processes then forget what they looked up."""
        return f"{self.prefix}accounts:version"

    @property
    def store_of(self) -> str:
        """Hash: cliente_id → id of the profile store that holds its login."""
        return f"{self.prefix}stores"

    @property
    def wake_channel(self) -> str:
        """Channel: a cliente_id whose session is wanted; hosts reconcile at once."""
        return f"{self.prefix}wake"

    def changed_channel(self, cliente_id: int) -> str:
        """Channel: a session's snapshot or one of its messages changed."""
        return f"{self.prefix}changed:{cliente_id}"

    @property
    def arrived_channel(self) -> str:
        """Channel: something came in from WhatsApp, which is recorded at once."""
        return f"{self.prefix}arrived"

    @property
    def public_events_channel(self) -> str:
        """Channel: events that callers are told of were recorded."""
        return f"{self.prefix}public"

    def own_channel(self, process: str) -> str:
        """Channel: one process of the hub tells itself that it listens to something else from now on."""
        return f"{self.prefix}own:{process}"

    def event_ticket(self, digest: str) -> str:
        """String with a time to live: JSON of the caller who may open one stream with a ticket."""
        return f"{self.prefix}ticket:{digest}"

    @property
    def hosts(self) -> str:
        """Set: ids of hosts that announced themselves; each lives while its `host` key does, and is then taken out."""
        return f"{self.prefix}hosts"

    @property
    def host_prefix(self) -> str:
        """Hashes under it, by host id; see `host`."""
        return f"{self.prefix}host:"

    def host(self, host_id: str) -> str:
        """Hash with a time to live: one session host's heartbeat and load."""
        return self.host_prefix + host_id

    def reply(self, question_id: str) -> str:
        """List: a worker's answer to one question, short-lived."""
        return f"{self.prefix}reply:{question_id}"

    @property
    def builds(self) -> str:
        """Sorted set: ids of WhatsApp Web's builds that sessions loaded, by when one last said something of it."""
        return f"{self.prefix}builds"

    def build(self, build_id: str) -> str:
        """Hash with a time to live: cliente_id → JSON of what that session says of a build."""
        return f"{self.prefix}build:{build_id}"

    @property
    def served_build(self) -> str:
        """Hash: the newest revision that the site was seen to serve, since when, and when it was last asked."""
        return f"{self.prefix}builds:served"

    @property
    def build_trial(self) -> str:
        """Hash: the build that one session loads for all, which session, and since when."""
        return f"{self.prefix}builds:trial"

    def login_attempts(self, limited: str) -> str:
        """Sorted set: attempts to log in by their time in milliseconds. limited: of what; names are digested."""
        return f"{self.prefix}login:{limited}"

    def login_known(self, pair: str) -> str:
        """String with a time to live: that a user logged in from an address lately. pair: a digest of both."""
        return f"{self.prefix}login:known:{pair}"

    @property
    def drain_cursor(self) -> str:
        """String: the id of the last event that was recorded in SQL."""
        return f"{self.prefix}events:recorded"

    def last_look(self, part: str) -> str:
        """String: when `background` last recorded events, or `webhooks` looked for what is due, in milliseconds."""
        return f"{self.prefix}looked_at:{part}"

    def task_lock(self, task: str) -> str:
        """String with a time to live: one run of a background task at a time."""
        return f"{self.prefix}lock:{task}"

"""Keys of the installation as a whole: queues, events, accounts, time, and who does what alone."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class ServiceKeys(Prefixed):
    """Keys of the installation as a whole."""

    __slots__ = ()

    def queue_list(self, queue: str) -> str:
        """The Redis list behind a Celery queue at priority 0, as kombu names it."""
        return f"{self.prefix}{queue}"

    @property
    def clock(self) -> str:
        """Hash: what all processes hold of Redis' clock; see `shared.clock.agreement`."""
        return f"{self.prefix}clock"

    @property
    def events(self) -> str:
        """Stream: every transition of sessions and messages and every inbound message."""
        return f"{self.prefix}events"

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

    def login_attempts(self, limited: str) -> str:
        """Sorted set: attempts to log in by their time in milliseconds. limited: of what; names are digested."""
        return f"{self.prefix}login:{limited}"

    def login_known(self, pair: str) -> str:
        """String with a time to live: that a user logged in from an address lately. pair: a digest of both."""
        return f"{self.prefix}login:known:{pair}"

    @property
    def unseen_since(self) -> str:
        """String: when SQL had last read the events before this server of Redis began, in milliseconds."""
        return f"{self.prefix}events:unseen_since"

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

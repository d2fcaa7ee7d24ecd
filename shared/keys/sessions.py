"""Keys of sessions, of the hosts that run them and of the builds that they load."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class SessionKeys(Prefixed):
    """Keys of sessions, of the hosts that run them and of the builds that they load."""

    __slots__ = ()

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

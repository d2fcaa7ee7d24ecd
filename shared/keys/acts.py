"""Keys of acts: what is to be done to messages that are on WhatsApp already."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class ActKeys(Prefixed):
    """Keys of acts."""

    __slots__ = ()

    def act(self, act_id: str) -> str:
        """Hash with a time to live: one act, see `shared.ledger.acts`."""
        return f"{self.prefix}act:{act_id}"

    def acts_open(self, cliente_id: int) -> str:
        """Sorted set: ids of a tenant's acts that have not ended, by when they were asked for."""
        return f"{self.prefix}acts:open:{cliente_id}"

    @property
    def act_deadlines(self) -> str:
        """Sorted set over all tenants: `<cliente_id>:<act_id>` of acts that have not ended, by when they must have."""
        return f"{self.prefix}acts:deadlines"

"""Keys of campaigns: what stops them, and what they have released."""

from __future__ import annotations

from shared.keys.prefixed import Prefixed


class CampaignKeys(Prefixed):
    """Keys of campaigns."""

    __slots__ = ()

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

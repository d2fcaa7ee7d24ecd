"""A wake-up was lost: messages wait in a wanted session that nobody owns → its hosts are notified again."""

from __future__ import annotations

from hub_api.services import Services


def mend(services: Services) -> list[int]:
    """Returns whose hosts were notified. Raises redis.RedisError."""
    wanted = sorted(services.wanted.all())
    depths, owned = services.ledger.entries.depths(wanted), services.wanted.owned(wanted)
    waiting = [cliente_id for cliente_id in wanted if depths[cliente_id][0] and cliente_id not in owned]
    services.wanted.notify_hosts(*waiting)
    return waiting

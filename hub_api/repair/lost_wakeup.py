"""A wake-up was lost: messages wait in a wanted session that nobody owns → its hosts are notified again."""

from __future__ import annotations

from typing import cast

import redis

from hub_api.services import Services
from shared.names import Keys


def mend(services: Services) -> list[int]:
    """Returns whose hosts were notified. Raises redis.RedisError."""
    waiting = _waiting_without_owner(services.client, services.keys)
    for cliente_id in waiting:
        services.client.publish(services.keys.wake_channel, cliente_id)
    return waiting


def _waiting_without_owner(client: redis.Redis, keys: Keys) -> list[int]:
    wanted = sorted(map(int, cast("list[str]", client.hkeys(keys.wanted))))
    pipeline = client.pipeline(transaction=False)
    for cliente_id in wanted:
        pipeline.exists(keys.lease(cliente_id))
        pipeline.zcard(keys.open(cliente_id))
    answers = pipeline.execute()
    return [
        cliente_id
        for cliente_id, owned, queued in zip(wanted, answers[::2], answers[1::2], strict=True)
        if queued and not owned
    ]

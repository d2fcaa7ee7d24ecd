"""The door to sessions' queues (`commands.Door`) as the background worker has it."""

from __future__ import annotations

from dataclasses import dataclass

import redis

from celery_config import make_celery
from hub_api.database import Database
from hub_api.doorbell import Doorbell
from hub_api.memory_guard import MemoryGuard
from shared.acceptance import AcceptLimits
from shared.ledger import Ledger
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class BackgroundDoor:
    """The parts, by name."""

    settings: Settings
    database: Database
    ledger: Ledger
    doorbell: Doorbell
    memory: MemoryGuard
    limits: AcceptLimits


def make_door(settings: Settings, database: Database, client: redis.Redis, ledger: Ledger) -> BackgroundDoor:
    """Wires the parts; nothing connects."""
    limits = AcceptLimits(settings.queue_limit, settings.accept_rate_per_minute)
    return BackgroundDoor(settings, database, ledger, Doorbell(make_celery(settings)), MemoryGuard(client), limits)

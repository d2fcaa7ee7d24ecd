"""One agency with campaigns that wait for nobody: no delays, and midday wherever the tests run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis

from hub_api import background_tasks as tasks
from shared.ledger.ledger import make_ledger
from shared.names import Keys
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from tests.hub.campaigns.campaign_world import NOON, Worker, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"default_timezone": NOON, "send_delay_min_seconds": 0, "send_delay_max_seconds": 0}
    )


@pytest.fixture
def world(
    settings: Settings, client: Any, services: Any, maria: Any, root: Any, server: redis.Redis
) -> Iterator[World]:
    background = tasks.make_background(settings)
    yield World(client, services, background, maria, root)
    background.close()


@pytest.fixture
def worker(world: World, own: Callable[..., Any], server: redis.Redis, keys: Keys) -> Worker:
    """The owner of a READY session."""
    return Worker(make_ledger(server, keys), own(SessionStatus.READY).lease, world)

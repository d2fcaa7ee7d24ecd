"""One agency with campaigns that wait for nobody: no delays, and midday wherever the tests run."""

from __future__ import annotations

import pytest
import redis
from flask.testing import FlaskClient

from hub_api.services import Services
from shared.names import Keys
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from support.owner import own
from tests.hub.campaigns.campaign_world import NOON, Worker, World


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(
        update={"default_timezone": NOON, "send_delay_min_seconds": 0, "send_delay_max_seconds": 0}
    )


@pytest.fixture
def world(
    services: Services, client: FlaskClient, maria: dict[str, str], root: dict[str, str], server: redis.Redis
) -> World:
    return World(client, services, maria, root)


@pytest.fixture
def worker(world: World, server: redis.Redis, keys: Keys) -> Worker:
    """The owner of a READY session."""
    return Worker(own(server, keys, SessionStatus.READY, clock=lambda: world.clock), world)

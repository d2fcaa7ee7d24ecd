"""The background worker besides what its tasks do: one run at a time, the schema, how much waits."""

from __future__ import annotations

import pytest
import redis
from hub_records import accept

from hub_api.background import alone
from hub_api.database import migrate
from hub_api.health.service import record_depths
from hub_api.services import Services
from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_depths_are_counted(services: Services, server: redis.Redis) -> None:
    accept(services)
    depths = record_depths(services)
    assert (depths["queued"], depths["deepest"]) == (1, {51: 1})


def test_one_run_of_a_task_at_a_time(services: Services, server: redis.Redis) -> None:
    ran: list[str] = []

    def work() -> None:
        ran.append("outer")
        alone(services, "x", lambda: ran.append("inner"))()

    alone(services, "x", work)()
    alone(services, "x", lambda: ran.append("later"))()

    assert ran == ["outer", "later"]


def test_migrating_twice_does_nothing(settings: Settings) -> None:
    migrate(settings.sqlalchemy_url)
    migrate(settings.sqlalchemy_url)

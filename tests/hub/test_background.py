"""The background worker besides what its tasks do: one run at a time, the schema, how much waits."""

from __future__ import annotations

import pytest
import redis
from hub_records import accept

from hub_api.database import migrate
from hub_api.health.service import record_depths
from hub_api.services import Services
from shared.names import Keys
from shared.redis import alone as locking
from shared.redis.alone import alone, is_alone
from shared.settings import Settings
from support.waiting import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_depths_are_counted(services: Services, server: redis.Redis) -> None:
    accept(services)
    depths = record_depths(services)
    assert (depths["queued"], depths["deepest"]) == (1, {51: 1})


def test_one_run_of_a_task_at_a_time(services: Services, server: redis.Redis, keys: Keys) -> None:
    ran: list[str] = []

    def work() -> None:
        ran.append("outer")
        alone(services.client, keys.task_lock("x"), lambda: ran.append("inner"))()

    alone(services.client, keys.task_lock("x"), work)()
    alone(services.client, keys.task_lock("x"), lambda: ran.append("later"))()

    assert ran == ["outer", "later"]


def test_the_lock_lives_as_long_as_the_work(
    services: Services, server: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_S", 1.5)
    key, ran = keys.task_lock("x"), []

    def work() -> None:
        for _ in range(3):  # renewed again and again, and never anybody else's
            until(lambda: server.pttl(key) < 1_200, 10, "time passes")
            until(lambda: server.pttl(key) > 1_200, 10, "the lock is renewed")
            alone(services.client, keys.task_lock("x"), lambda: ran.append("another"))()

    alone(services.client, keys.task_lock("x"), work)()
    assert ran == []
    assert not server.exists(key)


def test_a_lock_that_is_anothers_ends_the_run_and_is_left_alone(
    services: Services, server: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_S", 0.6)
    key = keys.task_lock("x")

    def work() -> None:
        assert is_alone()
        server.set(key, "another's")
        until(lambda: not is_alone(), 10, "the loss is noticed")

    alone(services.client, keys.task_lock("x"), work)()
    assert server.get(key) == "another's"
    assert is_alone()


def test_a_lock_that_redis_lost_is_taken_again(
    services: Services, server: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_S", 0.6)
    key = keys.task_lock("x")

    def work() -> None:
        server.delete(key)
        until(lambda: server.exists(key), 10, "the lock is there again")
        assert is_alone()

    alone(services.client, keys.task_lock("x"), work)()
    assert not server.exists(key)


def test_work_that_hangs_lets_others_have_a_try(
    services: Services, server: redis.Redis, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "LOCK_S", 0.6)
    monkeypatch.setattr(locking, "MAX_RUN_S", 0.0)
    ran: list[str] = []

    def work() -> None:
        until(lambda: not server.exists(keys.task_lock("x")), 10, "the lock runs out")
        alone(services.client, keys.task_lock("x"), lambda: ran.append("another"))()

    alone(services.client, keys.task_lock("x"), work)()
    assert ran == ["another"]


def test_migrating_twice_does_nothing(settings: Settings) -> None:
    migrate(settings.sqlalchemy_url)
    migrate(settings.sqlalchemy_url)

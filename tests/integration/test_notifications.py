"""What a process hears of Redis' channels, on a real server: one connection for all who wait."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Iterator

import pytest
import redis

from hub_api.workers.waiting import Waiting
from shared.names import Keys
from shared.redis.client import connect, connect_waiting
from shared.redis.notifications import Notifications
from support.waiting import until


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    made = connect(redis_url)
    yield made
    made.close()


@pytest.fixture
def keys() -> Keys:
    return Keys(f"t{uuid.uuid4().hex[:10]}:")


@pytest.fixture
def notifications(redis_url: str, keys: Keys) -> Iterator[Notifications]:
    waiting = connect_waiting(redis_url, longest_s=30, max_connections=4)
    made = Notifications(waiting, keys.own_channel("one"))
    yield made
    made.close()
    waiting.close()


def _subscribers(client: redis.Redis, channel: str) -> int:
    return int(dict(client.pubsub_numsub(channel))[channel])


def _subscribed_connections(client: redis.Redis) -> set[str]:
    return {one["id"] for one in client.client_list(_type="pubsub")}


def test_all_who_wait_share_one_connection(client: redis.Redis, keys: Keys, notifications: Notifications) -> None:
    before = _subscribed_connections(client)
    places = Waiting(notifications, keys, maximum=24, per_tenant=8)
    answers: list[str | None] = []
    said = threading.Event()

    def wait(cliente_id: int) -> None:
        with places.place(cliente_id) as place:
            answers.append(place.until(30, lambda: "found" if said.is_set() else None))

    threads = [threading.Thread(target=wait, args=(cliente_id,)) for cliente_id in (51, 52, 53) for _ in range(8)]
    for thread in threads:
        thread.start()
    until(lambda: all(_subscribers(client, keys.changed_channel(one)) == 1 for one in (51, 52, 53)))
    assert len(_subscribed_connections(client) - before) == 1

    said.set()
    for cliente_id in (51, 52, 53):
        client.publish(keys.changed_channel(cliente_id), "")
    for thread in threads:
        thread.join(timeout=20)
    assert answers == ["found"] * 24


def test_who_waits_looks_only_when_told(client: redis.Redis, keys: Keys, notifications: Notifications) -> None:
    """At the beginning, once its subscription stands, and when time is up."""
    places = Waiting(notifications, keys, maximum=1, per_tenant=1)
    looks: list[None] = []

    with places.place(51) as place:
        assert place.until(3, lambda: looks.append(None)) is None

    assert len(looks) == 3


def test_what_nobody_waits_for_any_more_is_not_listened_to(
    client: redis.Redis, keys: Keys, notifications: Notifications
) -> None:
    first, second = keys.changed_channel(51), keys.changed_channel(52)
    with notifications.listening(second, lambda: None):
        with notifications.listening(first, lambda: None):
            until(lambda: _subscribers(client, first) and _subscribers(client, second))
        client.publish(second, "")
        until(lambda: not _subscribers(client, first))
        assert _subscribers(client, second) == 1


def test_a_broken_connection_is_told_as_a_change_and_mended(
    client: redis.Redis, keys: Keys, notifications: Notifications
) -> None:
    channel, told, before = keys.changed_channel(51), threading.Event(), _subscribed_connections(client)
    with notifications.listening(channel, told.set):
        until(lambda: _subscribers(client, channel))
        until(told.is_set)
        told.clear()
        for connection in _subscribed_connections(client) - before:
            client.client_kill_filter(_id=connection)

        until(told.is_set, what="that something may have been missed")
        until(lambda: _subscribers(client, channel))
        told.clear()
        client.publish(channel, "")
        until(told.is_set)


def test_who_begins_to_listen_while_others_do_is_told_at_once(
    client: redis.Redis, keys: Keys, notifications: Notifications
) -> None:
    """What came between its first look and now is not missed."""
    channel = keys.changed_channel(51)
    first, second = threading.Event(), threading.Event()
    with notifications.listening(channel, first.set):
        until(first.is_set)
        with notifications.listening(channel, second.set):
            assert second.is_set()


def test_who_has_left_is_told_nothing(client: redis.Redis, keys: Keys, notifications: Notifications) -> None:
    channel, stays, told = keys.changed_channel(51), threading.Event(), list[None]()
    with notifications.listening(channel, stays.set):
        with notifications.listening(channel, lambda: told.append(None)):
            until(lambda: told)
        told.clear()
        stays.clear()
        client.publish(channel, "")
        until(stays.is_set)
    assert not told

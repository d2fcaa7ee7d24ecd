"""How guessing of passwords is slowed: per user, per address and in all, counted before anything is checked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from sqlalchemy.exc import OperationalError
from stand_ins import PASSWORD

from hub_api.accounts import login_limit, views
from hub_api.accounts.login_limit import LoginLimit
from hub_api.accounts.passwords import MAX_HASHING, MAX_WAITING, Passwords, room
from hub_api.accounts.users import service as accounts
from shared.errors import InvalidCredentials, RateLimited
from shared.names import Keys
from support.waiting import until

LOGIN = "/api/auth/login"
WRONG = {"usuario": "maria", "password": "wrong password"}
HOME, ELSEWHERE = "203.0.113.9", "198.51.100.7"


class World:
    """The limit with a clock of its own."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.now_ms = 1_000_000
        self.limit = LoginLimit(client, keys, lambda: self.now_ms)

    def fails(self, usuario: str, address: str) -> bool:
        """A wrong guess. True where it was let through to be checked."""
        try:
            with self.limit.attempt(usuario, address):
                raise InvalidCredentials
        except InvalidCredentials:
            return True
        except RateLimited:
            return False

    def succeeds(self, usuario: str, address: str) -> bool:
        try:
            with self.limit.attempt(usuario, address):
                return True
        except RateLimited:
            return False

    def wait_s(self, usuario: str, address: str) -> int:
        """What a refused attempt is told to wait."""
        with pytest.raises(RateLimited) as refused, self.limit.attempt(usuario, address):
            pass
        assert refused.value.retry_after_s is not None
        return refused.value.retry_after_s

    def passes(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1_000)


@pytest.fixture
def world(server: redis.Redis, keys: Keys) -> World:
    return World(server, keys)


def test_repeated_failures_have_to_wait(client: FlaskClient) -> None:
    answers = [client.post(LOGIN, json=WRONG).status_code for _ in range(6)]

    assert answers == [401] * 5 + [429]
    refused = client.post(LOGIN, json=WRONG | {"password": PASSWORD})
    assert refused.json["error"] == "RATE_LIMITED"
    assert 0 < int(refused.headers["Retry-After"]) <= 15


def test_of_many_guesses_at_once_as_few_are_checked_as_one_after_another(
    app: OpenAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub_api.accounts.passwords.MAX_WAIT_S", 60)
    gate = threading.Barrier(32)

    def guess(_: int) -> int:
        client = app.test_client()
        gate.wait(timeout=30)
        return client.post(LOGIN, json=WRONG).status_code

    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(guess, range(32)))

    assert (answers.count(401), answers.count(429)) == (5, 27)


def test_who_goes_on_guessing_waits_longer_and_longer(world: World) -> None:
    waits = []
    for _ in range(10):
        while not world.fails("maria", HOME):
            waits.append(world.wait_s("maria", HOME))
            world.passes(waits[-1] + 0.001)

    assert waits[:5] == [15, 30, 60, 120, 240]
    assert world.fails("maria", ELSEWHERE)
    assert world.fails("pedro", HOME)
    assert not world.fails("maria", HOME)


def test_one_user_from_two_hundred_addresses_is_slowed(world: World) -> None:
    passed = [world.fails("maria", f"198.51.100.{n}") for n in range(200)]

    assert passed == [True] * 20 + [False] * 180
    assert world.wait_s("maria", "192.0.2.1") == 60
    assert world.fails("pedro", "192.0.2.1")
    for _ in range(59):
        world.passes(60)
        world.fails("maria", "192.0.2.2")
    hour = sum(world.fails("maria", f"10.0.{n // 100}.{n % 100}") for n in range(200))
    assert hour <= 20


def test_two_hundred_users_from_one_address_are_slowed(world: World) -> None:
    passed = [world.fails(f"user{n}", HOME) for n in range(200)]

    assert passed == [True] * 30 + [False] * 170
    assert world.fails("maria", ELSEWHERE)


def test_many_users_from_many_addresses_are_slowed(world: World) -> None:
    passed = [world.fails(f"user{n}", f"10.0.{n // 250}.{n % 250}") for n in range(320)]

    assert passed == [True] * 300 + [False] * 20
    world.passes(60.001)
    assert world.fails("user1", "10.1.0.1")


def test_who_guesses_elsewhere_locks_nobody_out_of_the_address_they_use(world: World) -> None:
    assert world.succeeds("maria", HOME)
    for n in range(400):
        world.fails("maria", f"198.51.{n // 250}.{n % 250}")
        world.fails(f"user{n}", f"198.51.{n // 250}.{n % 250}")

    assert world.wait_s("maria", ELSEWHERE) > 0
    assert world.succeeds("maria", HOME)
    # What that address guesses itself still counts.
    assert [world.fails("maria", HOME) for _ in range(6)] == [True] * 5 + [False]


def test_logging_in_uses_nothing_up(world: World) -> None:
    assert all(world.succeeds(f"user{n}", HOME) for n in range(400))
    for _ in range(4):
        assert world.fails("maria", HOME)
    assert world.succeeds("maria", HOME)
    assert [world.fails("maria", HOME) for _ in range(6)] == [True] * 5 + [False]


def test_one_customers_ipv6_addresses_are_one(world: World) -> None:
    passed = [world.fails(f"user{n}", f"2001:db8:1:2::{n:x}") for n in range(40)]

    assert passed == [True] * 30 + [False] * 10
    assert world.fails("user1", "2001:db8:1:3::1")
    assert [world.fails("maria", f"::ffff:203.0.113.{n}") for n in range(10)] == [True] * 10


def test_what_was_not_checked_does_not_count(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, server: redis.Redis, keys: Keys
) -> None:
    def away(*_: object) -> Any:
        raise OperationalError("SELECT 1", {}, Exception("refused"))

    with monkeypatch.context() as patched:
        patched.setattr(accounts, "verify", away)
        assert {client.post(LOGIN, json=WRONG).status_code for _ in range(10)} == {503}

    assert client.post(LOGIN, json=WRONG | {"password": PASSWORD}).status_code == 200


def test_nothing_of_it_stays_for_ever(world: World, server: redis.Redis, keys: Keys) -> None:
    world.fails("maria", HOME)
    world.succeeds("pedro", HOME)

    found = list(server.scan_iter(f"{keys.prefix}login*"))
    assert len(found) >= 4
    assert all(0 < server.ttl(key) <= login_limit.KNOWN_S for key in found)
    assert not any(text in key for key in found for text in ("maria", HOME))


class Held:
    """A hasher that hashes until it is told to end."""

    def __init__(self) -> None:
        self.begun = 0
        self.end = threading.Event()

    def verify(self, stored: str, password: str) -> bool:
        self.begun += 1
        assert self.end.wait(timeout=60)
        return True

    hash = verify


@pytest.fixture
def held() -> Held:
    return Held()


def test_few_are_checked_at_once_few_wait_and_the_others_are_told_at_once(held: Held) -> None:
    passwords = Passwords(held)  # type: ignore[arg-type]  # as much of a hasher as is needed
    outcomes: list[str] = []

    def check() -> None:
        try:
            with room():
                outcomes.append("checked" if passwords.matches("stored", "x") else "wrong")
        except RateLimited as refused:
            outcomes.append(f"busy {refused.retry_after_s}")

    threads = [threading.Thread(target=check) for _ in range(20)]
    for thread in threads:
        thread.start()
    until(lambda: len(outcomes) == 20 - MAX_HASHING - MAX_WAITING, what="the refused ones")
    assert set(outcomes) == {"busy 1"}
    assert held.begun == MAX_HASHING
    held.end.set()
    for thread in threads:
        thread.join()
    assert outcomes.count("checked") == MAX_HASHING + MAX_WAITING


def test_a_login_for_which_there_is_no_room_costs_redis_nothing(
    client: FlaskClient, server: redis.Redis, keys: Keys
) -> None:
    with ExitStack() as taken:
        for _ in range(MAX_HASHING + MAX_WAITING):
            taken.enter_context(room())
        answer = client.post(LOGIN, json=WRONG)

    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "1")
    assert list(server.scan_iter(f"{keys.prefix}login*")) == []
    assert client.post(LOGIN, json=WRONG).status_code == 401


def test_who_waits_does_not_wait_for_ever(held: Held, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hub_api.accounts.passwords.MAX_WAIT_S", 0.01)
    passwords = Passwords(held)  # type: ignore[arg-type]
    threads = [threading.Thread(target=passwords.matches, args=("stored", "x")) for _ in range(MAX_HASHING)]
    for thread in threads:
        thread.start()
    until(lambda: held.begun == MAX_HASHING, what="all of them hashing")

    with pytest.raises(RateLimited):
        Passwords(held).matches("stored", "x")  # type: ignore[arg-type]  # another object, the same few places
    held.end.set()
    for thread in threads:
        thread.join()


def test_a_login_that_is_not_checked_for_want_of_room_is_no_attempt(
    client: FlaskClient, held: Held, monkeypatch: pytest.MonkeyPatch, world: World, maria: dict[str, str]
) -> None:
    monkeypatch.setattr("hub_api.accounts.passwords.MAX_WAIT_S", 0.01)
    passwords: Callable[..., bool] = Passwords(held).matches  # type: ignore[arg-type]
    threads = [threading.Thread(target=passwords, args=("stored", "x")) for _ in range(MAX_HASHING)]
    for thread in threads:
        thread.start()
    until(lambda: held.begun == MAX_HASHING, what="all of them hashing")

    busy = [client.post(LOGIN, json=WRONG) for _ in range(10)]
    assert {(answer.status_code, answer.headers["Retry-After"]) for answer in busy} == {(429, "1")}
    assert client.get("/api/whatsapp/51/status", headers=maria).status_code == 200
    held.end.set()
    for thread in threads:
        thread.join()
    assert client.post(LOGIN, json=WRONG | {"password": PASSWORD}).status_code == 200
    assert views.blueprint.name == "auth"

"""A real server whose clock jumps: nothing expires, who begins after it is told the same, and nobody is silenced."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.clock import timekeeper
from shared.clock.agreement import CONFIRM_MS, Finding
from shared.clock.timekeeper import Timekeeper
from shared.instant import Clock, boot_ms, own_clock_ms
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.claiming.work import Outcome, Pace, Pause, Send
from shared.ledger.message import Draft, new_message_id
from shared.names import Keys
from shared.redis.client import connect
from shared.transitions.message import Lane
from shared.transitions.session import SessionStatus
from support.owner import Owner, own
from testing.claims import open_claims
from testing.clocked_server import ClockedServer
from testing.waiting import until

CLIENTE = 51
HOUR_S = 3_600
LIMITS = AcceptLimits(queue=100, per_minute=0)
SLACK_MS = 30_000  # of a machine that is busy; less than a jump


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClockedServer]:
    made = ClockedServer(tmp_path_factory.mktemp("clocked"))
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def client(server: ClockedServer, keys: Keys) -> Iterator[redis.Redis]:
    server.shift(0)
    with connect(server.url) as made:
        until(lambda: abs(_redis_ms(made) - own_clock_ms()) < SLACK_MS)
        open_claims(made, keys)
        yield made
    server.shift(0)


class Process:
    """What keeps time in one process, and its clock."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self.clock = Clock()
        self.keeper = Timekeeper(client, keys, self.clock)
        self.keeper.ask()

    @property
    def error_ms(self) -> int:
        return self.clock.now_ms() - own_clock_ms()


def _redis_ms(client: redis.Redis) -> int:
    seconds, micros = client.time()
    return seconds * 1000 + micros // 1000


def shift(server: ClockedServer, client: redis.Redis, seconds: int) -> None:
    server.shift(seconds)
    until(lambda: abs(_redis_ms(client) - own_clock_ms() - seconds * 1000) < SLACK_MS)


def accept(owner: Owner, to: str, lane: Lane = Lane.SINGLE) -> None:
    now = owner.clock()
    draft = Draft(new_message_id(), CLIENTE, to, "hola", lane, now, now + 600_000, wake=True)
    owner.ledger.accepting.accept(draft, b"", LIMITS)


def test_a_jump_forward_expires_nothing(server: ClockedServer, client: redis.Redis, keys: Keys) -> None:
    # given a message that lives for ten minutes
    process = Process(client, keys)
    accept(own(client, keys, SessionStatus.READY, CLIENTE, clock=process.clock.now_ms), "5491100000001")
    # when Redis' clock jumps by six hours
    shift(server, client, 6 * HOUR_S)
    assert process.keeper.ask() is Finding.JUMPED
    # then nothing is overdue, also for a process that begins now, which is what owners do whose lease the jump ended
    later = Process(client, keys)
    for one in (process, later):
        assert abs(one.error_ms) < SLACK_MS
    owner = own(client, keys, SessionStatus.READY, CLIENTE, clock=later.clock.now_ms)
    assert owner.ledger.entries.overdue(process.clock.now_ms(), 10) == []
    assert isinstance(owner.next_work(), Send)
    # and /ready says so
    good, words = timekeeper.describe(timekeeper.read(client, keys), own_clock_ms())
    assert not good
    assert "jumped by +2160" in words or "jumped by +2159" in words


def test_it_is_believed_in_the_end(server: ClockedServer, client: redis.Redis, keys: Keys) -> None:
    process = Process(client, keys)
    shift(server, client, HOUR_S)
    assert process.keeper.ask() is Finding.JUMPED
    # when it was noticed long enough ago
    client.hset(keys.clock, "jumped_at_ms", process.clock.now_ms() - CONFIRM_MS - SLACK_MS)
    assert process.keeper.ask() is Finding.BELIEVED
    assert abs(process.error_ms - HOUR_S * 1000) < SLACK_MS
    assert timekeeper.describe(timekeeper.read(client, keys), own_clock_ms() + HOUR_S * 1000) == (
        True,
        "goes on evenly",
    )
    good, words = timekeeper.describe(timekeeper.read(client, keys), own_clock_ms())
    assert not good
    assert "this machine's clock is -3" in words


def test_one_process_says_it_for_all(server: ClockedServer, client: redis.Redis, keys: Keys) -> None:
    processes = [Process(client, keys) for _ in range(3)]
    shift(server, client, -HOUR_S)
    assert [process.keeper.ask() for process in processes] == [Finding.JUMPED, Finding.EVEN, Finding.EVEN]
    assert all(abs(process.error_ms) < SLACK_MS for process in processes)


@pytest.mark.parametrize("lane", [Lane.SINGLE, Lane.BULK])
def test_a_clock_put_back_silences_nobody(client: redis.Redis, keys: Keys, lane: Lane) -> None:
    # given a tenant whose next message may leave in some seconds
    owner = own(client, keys, SessionStatus.READY, CLIENTE)
    accept(owner, "5491100000001", lane)
    accept(owner, "5491100000002", lane)
    pace, now = Pace(3_000, 90_000), owner.clock()
    assert isinstance(owner.next_work(at_ms=now, pace=pace), Send)
    # when the time that all go by is an hour earlier
    now -= HOUR_S * 1000
    waits = owner.next_work(at_ms=now, pace=pace)
    assert isinstance(waits, Pause)
    assert waits.retry_ms == 3_000
    # then it waits for no longer than it would have
    assert owner.next_work(at_ms=now + 3_000, pace=pace) == Pause(87_000) if lane is Lane.BULK else True
    assert isinstance(owner.next_work(at_ms=now + 90_000, pace=pace), Send)


def test_nor_does_an_attempt_that_waits_for_its_next(client: redis.Redis, keys: Keys) -> None:
    owner = own(client, keys, SessionStatus.READY, CLIENTE)
    accept(owner, "5491100000001")
    message, now = owner.claim(), owner.clock()
    owner.complete(message, Outcome.QUEUED, "ENGINE_FAILED", again_at_ms=now + 60_000)
    assert isinstance(owner.next_work(at_ms=now), Pause)
    assert isinstance(owner.next_work(at_ms=now - HOUR_S * 1000), Send)


def test_a_process_that_stood_still_follows_the_others(client: redis.Redis, keys: Keys) -> None:
    asleep = Process(client, keys)
    asleep.clock.set(asleep.clock.now_ms() - HOUR_S * 1000, boot_ms())
    client.hset(keys.clock, "seen_at_ms", own_clock_ms())  # as others say
    assert asleep.keeper.ask() is Finding.OWN
    assert abs(asleep.error_ms) < SLACK_MS
    assert timekeeper.read(client, keys).agreed.held_ms == 0


def test_a_redis_that_is_away_leaves_the_machines_clock(keys: Keys, tmp_path: Path) -> None:
    away = ClockedServer(tmp_path / "away")
    clock = Clock()
    with connect(away.url) as client:
        keeper = Timekeeper(client, keys, clock)
        keeper.start()
        assert abs(clock.now_ms() - own_clock_ms()) < SLACK_MS
        keeper.stop()


def test_a_server_started_by_a_thread_outlives_it(tmp_path: Path) -> None:
    server = ClockedServer(tmp_path)
    thread = threading.Thread(target=server.start)
    thread.start()
    thread.join()
    with connect(server.url) as client:
        until(lambda: client.info("server")["uptime_in_seconds"] >= 1, 20, "the server to have worked for a while")
    server.terminate()

"""Many threads, one round trip: everybody gets its own answer or its own error, whatever happens to the others."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from shared.names import Keys
from shared.redis.client import NotSent, connect, may_have_run
from shared.redis.group_commit import GroupCommit
from shared.redis.scripts import Script
from support.cutting_proxy import CuttingProxy

SCRIPT = """#!lua
if ARGV[1] == 'wrong' then return redis.error_reply('WRONG ' .. ARGV[2]) end
redis.call('INCR', KEYS[1])
return ARGV[2]
"""


@pytest.fixture
def script(tmp_path: Path) -> Script:
    path = tmp_path / "any.lua"
    path.write_text(SCRIPT, "utf-8")
    return Script(path)


@pytest.fixture
def group(client: redis.Redis, script: Script) -> GroupCommit:
    return GroupCommit(client, script)


def together(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What each of `count` threads that start at one moment returns or raises."""
    start = threading.Barrier(count)

    def one(number: int) -> Any:
        start.wait()
        try:
            return work(number)
        except redis.RedisError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(one, range(count)))


def test_one_alone(group: GroupCommit, client: redis.Redis, keys: Keys) -> None:
    client.script_flush()
    assert group.run([keys.events], ["", "a"]) == "a"
    with pytest.raises(redis.ResponseError, match="WRONG b"):
        group.run([keys.events], ["wrong", "b"])
    assert group.run([keys.events], ["", "c"]) == "c"


def test_everybody_gets_its_own(group: GroupCommit, client: redis.Redis, keys: Keys) -> None:
    """Errors of some leave the others alone; a server that forgot the script is taught and nothing runs twice."""
    expected = 0
    for number in range(30):
        if number % 10 == 5:
            client.script_flush()
        answers = together(16, lambda n: group.run([keys.events], ["wrong" if n % 5 == 0 else "", f"x{n}"]))
        for n, answer in enumerate(answers):
            if n % 5 == 0:
                assert isinstance(answer, redis.ResponseError)
                assert f"x{n}" in str(answer)
            else:
                assert answer == f"x{n}"
                expected += 1
    assert client.get(keys.events) == str(expected)


def test_who_comes_meanwhile_shares_the_next_trip(
    group: GroupCommit, monkeypatch: pytest.MonkeyPatch, keys: Keys
) -> None:
    trips: list[int] = []
    send = group._trip

    def slow(batch: list[Any]) -> None:
        trips.append(len(batch))
        time.sleep(0.05)
        send(batch)

    monkeypatch.setattr(group, "_trip", slow)
    group.run([keys.events], ["", "loads the script"])
    trips.clear()
    assert together(16, lambda n: group.run([keys.events], ["", str(n)])) == [str(n) for n in range(16)]
    assert sum(trips) == 16
    assert len(trips) <= 3


def test_a_server_that_is_away_fails_each_and_hangs_nobody(keys: Keys, script: Script) -> None:
    away = connect("redis://127.0.0.1:1/0")
    group = GroupCommit(away, script)
    answers = together(12, lambda n: group.run([keys.events], ["", str(n)]))
    assert all(isinstance(answer, redis.ConnectionError) for answer in answers)
    away.close()


def test_a_server_that_hangs_costs_nobody_more_than_one_time_out(keys: Keys, script: Script) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        hanging = redis.Redis.from_url(url, socket_timeout=0.5, retry=Retry(NoBackoff(), 0))
        group = GroupCommit(hanging, script)
        started = time.monotonic()
        answers = together(8, lambda n: group.run([keys.events], ["", str(n)]))
        assert time.monotonic() - started < 1.0
    assert all(isinstance(answer, redis.TimeoutError | NotSent) for answer in answers)
    assert any(may_have_run(answer) for answer in answers)  # who led; the others' was never sent
    hanging.close()


@pytest.mark.parametrize(("needle", "ran", "heard"), [(b"LOAD", False, False), (b"EVALSHA", True, True)])
def test_a_broken_trip_says_whether_the_script_may_have_run(
    redis_url: str, keys: Keys, script: Script, client: redis.Redis, needle: bytes, ran: bool, heard: bool
) -> None:
    proxy = CuttingProxy(redis_url)
    through = connect(proxy.url)
    group = GroupCommit(through, script)
    client.script_flush()
    if heard:
        assert group.run([keys.events], ["", "loads the script"]) == "loads the script"
    proxy.cut(needle, ran=ran)

    with pytest.raises(redis.ConnectionError) as error:
        group.run([keys.events], ["", "x"])

    assert may_have_run(error.value) is heard
    assert int(client.get(keys.events) or 0) == 2 * heard
    through.close()
    proxy.close()


def test_a_leader_that_is_cut_short_leaves_nobody_waiting(
    group: GroupCommit, monkeypatch: pytest.MonkeyPatch, keys: Keys
) -> None:
    send, cut = group._trip, threading.Event()

    def ends(batch: list[Any]) -> None:
        if not cut.is_set():
            cut.set()
            time.sleep(0.05)
            raise SystemExit(1)
        send(batch)

    monkeypatch.setattr(group, "_trip", ends)

    def first() -> None:
        with pytest.raises(SystemExit):
            group.run([keys.events], ["", "first"])

    leader = threading.Thread(target=first)
    leader.start()
    cut.wait()
    assert group.run([keys.events], ["", "second"]) == "second"
    leader.join()
    assert group.run([keys.events], ["", "third"]) == "third"

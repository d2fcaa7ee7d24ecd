"""A real hub, callers who follow events, and events for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from event_reader import EventReader
from stand_ins import SECRET

from hub_api.public_events.envelope import Change
from hub_api.public_events.publishing import Publishing
from hub_api.public_events.types import PublicEventType
from hub_api.services import Services
from shared.instant import now_ms
from shared.settings import Settings
from testing.processes import Processes


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    """Of the hub, for tests to add to."""
    return {
        "REDIS_URL": settings.redis_url,
        "REDIS_PREFIX": settings.redis_prefix,
        "DATABASE_URL": settings.database_url,
        "LEADMASTER_DATA_DIR": str(settings.leadmaster_data_dir),
        "JWT_SECRET": SECRET,
        "HUB_PORT": "0",
        "HUB_WORKERS": "1",
        "HUB_THREADS": "4",
        "EVENTS_HEARTBEAT_SECONDS": "0.2",
    }


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path, {}) as started:
        yield started


@pytest.fixture
def start_hub(processes: Processes, environment: dict[str, str], tmp_path: Path) -> Callable[..., str]:
    """Starts a hub and returns its URL."""

    def start(**more: str) -> str:
        ready = tmp_path / "hub.ready"
        processes.start("hub", "-m", "leadmaster", "hub", "--ready-file", str(ready), **environment | more)
        return processes.ready_file("hub", ready).strip()

    return start


@pytest.fixture
def publish(services: Services) -> Callable[..., None]:
    """Records one event of a tenant. n: what the test knows it by."""
    publishing = Publishing(services)

    def one(
        n: int, cliente_id: int = 51, kind: PublicEventType = PublicEventType.CAMPAIGN_STATUS, text: str = ""
    ) -> None:
        with services.database.writing() as session:
            publishing.publish(session, [Change(cliente_id, kind, now_ms(), {"n": n, "text": text})])
        services.client.publish(services.keys.public_events_channel, "")

    return one


@pytest.fixture
def follow() -> Iterator[Callable[..., EventReader]]:
    """Opens a stream; it is left at the end."""
    opened: list[EventReader] = []

    def one(*arguments: Any, **query: str) -> EventReader:
        reader = EventReader(*arguments, **query)
        opened.append(reader)
        return reader

    yield one
    for reader in opened:
        reader.close()

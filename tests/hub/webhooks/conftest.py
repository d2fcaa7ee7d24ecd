"""Webhooks in this process: a hub, the drain of its events, who delivers, and a real receiver."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from receiver import Receiver
from sqlalchemy import text

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.webhooks.delivery.run import Deliverer
from hub_api.webhooks.delivery.task import make_deliverer
from shared.instant import now_ms
from shared.names import EventType, Keys
from shared.settings import Settings


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Receivers stand on this machine."""
    return settings.model_copy(update={"webhook_allowed_networks": ("127.0.0.0/8",)})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


@pytest.fixture
def deliverer(services: Services) -> Deliverer:
    return make_deliverer(services)


@pytest.fixture
def make(client: FlaskClient, maria: dict[str, str], receiver: Receiver) -> Callable[..., dict[str, Any]]:
    """Makes an endpoint of tenant 51."""

    def make_endpoint(url: str | None = None, **fields: Any) -> dict[str, Any]:
        answer = client.post("/api/webhooks", headers=maria, json={"url": url or receiver.url, **fields})
        assert answer.status_code == 201, answer.text
        made: dict[str, Any] = answer.json
        return made

    return make_endpoint


@pytest.fixture
def receive(server: redis.Redis, keys: Keys) -> Callable[..., str]:
    """Has the stream tell of a message that came in; returns WhatsApp's key."""
    count = 0

    def tell(sender: str = "5491187654321", message: str = "hola", cliente_id: int = 51) -> str:
        nonlocal count
        count += 1
        key = f"false_{sender}@c.us_{count:04d}"
        fields = {"from": sender, "message": message, "at": now_ms(), "whatsapp_id": key, "chat_id": f"{sender}@c.us"}
        entry: Any = {
            "type": EventType.MESSAGE_INBOUND.value,
            "cliente_id": str(cliente_id),
            "message_id": key,
            "at": str(now_ms()),
            "data": json.dumps(fields),
        }
        server.xadd(keys.events, entry)
        return key

    return tell


@pytest.fixture
def work(drain: Drain, deliverer: Deliverer) -> Callable[[], int]:
    """Records what happened and delivers what is due; returns how many attempts were made."""

    def run() -> int:
        drain.run()
        return deliverer.run()

    return run


@pytest.fixture
def later(services: Services) -> Callable[[int], None]:
    """Has so many milliseconds pass for webhooks."""

    def shift(ms: int) -> None:
        columns = {
            "webhook_deliveries": ("next_at",),
            "webhook_lanes": ("next_at",),
            "webhook_endpoints": ("failing_since", "previous_until"),
        }
        with services.database.writing() as session:
            for table, names in columns.items():
                for name in names:
                    session.execute(text(f"UPDATE {table} SET {name} = {name} - :ms"), {"ms": ms})

    return shift


@pytest.fixture
def log(client: FlaskClient, maria: dict[str, str]) -> Callable[..., list[dict[str, Any]]]:
    """An endpoint's deliveries, oldest first."""

    def read(webhook_id: str, **query: str) -> list[dict[str, Any]]:
        answer = client.get(f"/api/webhooks/{webhook_id}/deliveries", headers=maria, query_string=query)
        assert answer.status_code == 200, answer.text
        items: list[dict[str, Any]] = answer.json["items"]
        return items[::-1]

    return read

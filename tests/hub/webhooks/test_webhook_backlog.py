"""Whether somebody delivers and how much waits, as an operator sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import redis
from flask.testing import FlaskClient
from receiver import Receiver, Reply
from sqlalchemy import text

from hub_api.health.service import record_depths
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.names import Keys

NOTHING = {
    "waiting": 0,
    "oldest_waiting_seconds": 0,
    "failed_last_day": 0,
    "failing_endpoints": 0,
    "disabled_endpoints": 0,
}


def _part(client: FlaskClient, headers: dict[str, str]) -> Any:
    return client.get("/ready", headers=headers).json["parts"]["webhooks"]


def test_a_worker_is_known_by_its_looks(
    client: FlaskClient, root: dict[str, str], work: Callable[[], int], server: redis.Redis, keys: Keys
) -> None:
    assert _part(client, root)["ok"] is False
    work()
    assert _part(client, root)["ok"] is True
    server.set(keys.last_look("webhooks"), now_ms() - 31_000)
    assert _part(client, root)["ok"] is False


def test_what_waits_has_failed_or_is_disabled_is_counted(
    client: FlaskClient,
    root: dict[str, str],
    make: Any,
    receive: Callable[..., str],
    drain: Drain,
    work: Callable[[], int],
    receiver: Receiver,
    services: Services,
) -> None:
    assert _part(client, root)["depths"] == NOTHING
    make()
    receive()
    drain.run()
    with services.database.writing() as session:
        session.execute(text("UPDATE webhook_deliveries SET created_at = created_at - 90000"))
    found = _part(client, root)["depths"]
    assert 90 <= found.pop("oldest_waiting_seconds") < 150
    assert found == {name: number for name, number in NOTHING.items() if name in found} | {"waiting": 1}

    receiver.reply = lambda got: Reply(500)
    work()
    assert _part(client, root)["depths"]["failing_endpoints"] == 1

    receiver.reply = lambda got: Reply(410)
    receive("5491187654399")
    work()
    found = record_depths(services)["webhooks"]
    assert isinstance(found, dict)
    assert (found["failed_last_day"], found["disabled_endpoints"]) == (2, 1)


def test_nobody_but_an_admin_sees_numbers(client: FlaskClient, maria: dict[str, str]) -> None:
    assert _part(client, {}) == {"ok": False}
    assert _part(client, maria) == {"ok": False}

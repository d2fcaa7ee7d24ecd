"""What is on record: messages, their history, what was received."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from flask.testing import FlaskClient

from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.names import Keys
from shared.protocol.events import MessageInbound
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "+54 9 11 2345-6789", "message": "hola ñandú 🦙"}


def test_history_is_recorded_listed_and_filtered(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], services: Services, drain: Drain
) -> None:
    owner = own(SessionStatus.READY)
    first = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    second = client.post(URL, headers=maria, json=HELLO | {"message": "=1+1", "to": "5491123456780"}).json["message_id"]
    message = owner.send_next(ack=1)
    assert message is not None
    for ack in (2, 3):
        owner.acknowledge(message, ack)
    services.ledger.receipts.record_inbound(51, [MessageInbound("5491123456789", "hola", 5, "wa-1")], now_ms())

    assert drain.run() > 0
    assert drain.run() == 0

    def listed(query: str = "") -> list[str]:
        return [item["message_id"] for item in client.get(f"{URL}{query}", headers=maria).json["items"]]

    assert listed() == [second, first]
    assert listed("?status=read") == [first]
    assert listed("?to=5491123456780") == [second]
    assert listed("?lane=bulk") == listed("?campaign=c1") == []
    assert listed("?from=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z") == []
    page = client.get(f"{URL}?limit=1", headers=maria).json
    assert listed(f"?limit=1&cursor={page['next']}") == [first]
    assert client.get(f"{URL}?cursor=AAAA", headers=maria).json["error"] == "VALIDATION_ERROR"

    one = client.get(f"{URL}/{first}?events=true", headers=maria).json
    assert [event["type"] for event in one["events"]] == [
        "message.queued",
        "message.sending",
        "message.key",
        "message.sent",
        "message.delivered",
        "message.read",
    ]
    assert "hola" not in str(one["events"])
    table = client.get(URL, headers=maria | {"Accept": "text/csv"})
    assert table.mimetype == "text/csv"
    assert "'=1+1" in table.text
    inbound = client.get("/api/whatsapp/51/inbound?from_number=5491123456789", headers=maria).json["items"]
    assert [(item["whatsapp_id"], item["from"], item["message"]) for item in inbound] == [
        ("wa-1", "5491123456789", "hola")
    ]


def test_a_recorded_message_outlives_the_ledger(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], server: redis.Redis, keys: Keys, drain: Drain
) -> None:
    owner = own(SessionStatus.READY)
    message_id = client.post(URL, headers=maria, json=HELLO).json["message_id"]
    assert owner.send_next()
    before = client.get(f"{URL}/{message_id}", headers=maria).json
    drain.run()
    server.delete(keys.message(message_id))

    assert client.get(f"{URL}/{message_id}", headers=maria).json == before

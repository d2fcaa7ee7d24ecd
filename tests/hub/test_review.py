"""What persons decide about messages: uncertain ones and held ones; the report of all."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from hub_records import accept, recorded
from sqlalchemy import select

from hub_api.accounts.models import AuditEntry
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.work import Outcome, PutKey
from shared.names import Keys
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

T = "/api/whatsapp/51"

Headers = dict[str, str]


@pytest.fixture
def owner(own: Callable[..., Owner]) -> Owner:
    return own(SessionStatus.READY)


@pytest.fixture
def uncertain(services: Services, owner: Owner) -> str:
    """A message of which WhatsApp could not be asked."""
    message_id = accept(services)
    message = owner.claim()
    assert owner.put_key(message) is PutKey.OK
    assert owner.complete(message, Outcome.UNCERTAIN, "OUTCOME_UNKNOWN") == "uncertain"
    return message_id


class TestResolve:
    @pytest.mark.parametrize("outcome", ["sent", "failed", "queued"])
    def test_a_person_resolves_what_is_uncertain(
        self,
        client: FlaskClient,
        maria: Headers,
        services: Services,
        drain: Drain,
        uncertain: str,
        outcome: str,
        server: redis.Redis,
        keys: Keys,
    ) -> None:
        drain.run()
        answer = client.post(f"{T}/messages/{uncertain}/resolve", headers=maria, json={"outcome": outcome})
        again = client.post(f"{T}/messages/{uncertain}/resolve", headers=maria, json={"outcome": outcome})
        drain.run()

        assert (answer.status_code, answer.json["status"], answer.json["certain"]) == (200, outcome, True)
        assert (again.status_code, again.json["status"]) == (200, outcome)
        before = client.get(f"{T}/messages/{uncertain}", headers=maria).json
        server.delete(keys.message(uncertain))
        assert client.get(f"{T}/messages/{uncertain}", headers=maria).json == before
        with services.database.reading() as session:
            [audit] = session.scalars(select(AuditEntry).where(AuditEntry.what.startswith("message")))
        details = json.loads(audit.details)
        assert (audit.who, audit.what, details["outcome"]) == ("user:maria", "message.resolve", outcome)
        assert services.ledger.entries.balance(51).accepted == 1

    def test_it_stands_as_uncertain_until_then(
        self, client: FlaskClient, maria: Headers, drain: Drain, uncertain: str, server: redis.Redis, keys: Keys
    ) -> None:
        drain.run()
        live = client.get(f"{T}/messages/{uncertain}", headers=maria).json
        server.delete(keys.message(uncertain))
        on_record = client.get(f"{T}/messages/{uncertain}", headers=maria).json

        assert (live["status"], live["certain"], live["error"]) == ("uncertain", False, "OUTCOME_UNKNOWN")
        assert on_record == live

    def test_anything_else_is_409(self, client: FlaskClient, maria: Headers, services: Services) -> None:
        message_id = accept(services)
        answer = client.post(f"{T}/messages/{message_id}/resolve", headers=maria, json={"outcome": "sent"})
        none = client.post(f"{T}/messages/nothing/resolve", headers=maria, json={"outcome": "sent"})
        bad = client.post(f"{T}/messages/{message_id}/resolve", headers=maria, json={"outcome": "read"})

        assert (answer.status_code, answer.json["error"], answer.json["details"]) == (
            409,
            "NOT_CANCELLABLE",
            {"status": "queued"},
        )
        assert (none.status_code, bad.status_code) == (404, 400)

    def test_one_that_the_ledger_forgot_is_resolved_too(
        self,
        client: FlaskClient,
        maria: Headers,
        services: Services,
        drain: Drain,
        uncertain: str,
        server: redis.Redis,
        keys: Keys,
        owner: Owner,
    ) -> None:
        drain.run()
        server.delete(keys.message(uncertain))
        answer = client.post(f"{T}/messages/{uncertain}/resolve", headers=maria, json={"outcome": "queued"})

        assert answer.json["status"] == "queued"
        assert services.ledger.entries.balance(51).balanced
        assert owner.claim().message_id == uncertain


class TestHeld:
    @pytest.fixture
    def held(self, services: Services, owner: Owner) -> list[str]:
        """Three messages that were accepted while another phone was paired."""
        services.ledger.claiming.hold_for_another_phone(owner.lease, "5491", now_ms())
        ids = [accept(services, f"549112345678{n}") for n in range(3)]
        services.ledger.claiming.hold_for_another_phone(owner.lease, "5492", now_ms())
        return ids

    def test_a_person_releases_one_and_cancels_the_rest(
        self, client: FlaskClient, maria: Headers, services: Services, drain: Drain, held: list[str], owner: Owner
    ) -> None:
        listed = client.get(f"{T}/held", headers=maria).json
        drain.run()
        assert [item["message_id"] for item in listed["items"]] == held
        assert {item["error"] for item in listed["items"]} == {"HELD_NUMBER_CHANGED"}
        assert recorded(services, held[0]).error == "HELD_NUMBER_CHANGED"

        body = {"action": "release", "message_ids": [held[1], "nothing"]}
        released = client.post(f"{T}/held", headers=maria, json=body).json
        assert (released["done"], released["not_held"], released["still_held"]) == ([held[1]], ["nothing"], 2)
        assert client.post(f"{T}/held", headers=maria, json={"action": "cancel"}).json["done"] == [held[0], held[2]]
        drain.run()
        assert (recorded(services, held[1]).status, recorded(services, held[1]).error) == ("queued", None)
        assert recorded(services, held[0]).status == "cancelled"
        assert owner.claim().message_id == held[1]
        with services.database.reading() as session:
            assert len(list(session.scalars(select(AuditEntry).where(AuditEntry.what.startswith("held"))))) == 2

    def test_only_its_tenant(self, client: FlaskClient, token_of: Callable[[str], str], held: list[str]) -> None:
        pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
        assert client.get(f"{T}/held", headers=pedro).status_code == 403
        body = {"action": "release", "message_ids": held}
        assert client.post("/api/whatsapp/52/held", headers=pedro, json=body).json["done"] == []


def test_the_report_adds_up(
    client: FlaskClient, maria: Headers, services: Services, drain: Drain, owner: Owner
) -> None:
    ids = [accept(services, f"549112345678{n}") for n in range(4)]
    message = owner.claim()
    assert owner.put_key(message) is PutKey.OK
    owner.acknowledge(message, 2)
    services.ledger.review.cancel(51, ids[1], now_ms())
    owner.claim()
    drain.run()
    report: Any = client.get(f"{T}/report", headers=maria).json

    assert report == {
        "ok": True, "cliente_id": 51, "accepted": 4, "sent": 1, "failed": 0, "cancelled": 1, "expired": 0,
        "uncertain": 0, "open": 2, "queued": 1, "in_flight": 1, "held": 0, "balanced": True,
        "recorded": {"delivered": 1, "cancelled": 1, "sending": 1, "queued": 1}, "unattributed_optouts": 0,
        "received": 0, "received_recorded": 0,
    }  # fmt: skip

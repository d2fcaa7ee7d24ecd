"""A tenant's profile: what it does not say is the installation's, and a change is followed everywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient

from hub_api.accounts.tenants import mirror
from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.tenants.profiles import profile_of
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from session_worker.sending.pace import for_tenant
from shared.instant import from_iso, now_ms
from shared.ledger.claiming.work import Pace
from shared.names import Keys
from shared.sessions.tenant_rules import TenantRules
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.waiting import until
from support.worker_process import end_worker, start_worker

T = "/api/whatsapp/51"
Change = Callable[..., None]


@pytest.fixture
def change(services: Services) -> Change:
    def made(**changes: Any) -> None:
        with services.database.writing() as session:
            tenants.change(services, session, 51, changes)
        tenants.announce(services, 51)

    return made


def test_what_a_tenant_does_not_say_is_the_installations(services: Services, change: Change):
    found = profile_of(services, 51)
    assert (found.country, found.timezone, found.daily_cap, found.language, found.suspended_at) == (
        "AR",
        "America/Argentina/Buenos_Aires",
        1_000,
        "es",
        None,
    )
    change(country="BR", timezone="America/Sao_Paulo", daily_cap=0, language="en", name="Agência")
    found = profile_of(services, 51)
    assert (found.name, found.country, found.timezone, found.daily_cap, found.language) == (
        "Agência",
        "BR",
        "America/Sao_Paulo",
        0,
        "en",
    )
    assert profile_of(services, 52).country == "AR"


def test_every_process_follows_a_change_at_once(services: Services, elsewhere: Services, change: Change):
    assert profile_of(elsewhere, 51).country == "AR"  # remembered there for seconds
    change(country="BR")
    until(lambda: profile_of(elsewhere, 51).country == "BR", 2, "a change that another process made")


def test_what_was_looked_up_before_a_change_is_not_remembered_after_it(services: Services):
    remembered = services.remembered

    def look() -> str:
        remembered.changed()  # commits while this reads
        return "old"

    assert remembered.get("x", 1, look) == "old"
    assert remembered.get("x", 1, lambda: "new") == "new"


def test_texts_are_in_the_tenants_language(client: FlaskClient, maria: Any, change: Change, server: redis.Redis):
    wrong = {"to": "nobody", "message": "x"}
    assert "destinatario" in client.post(f"{T}/messages", json=wrong, headers=maria).json["message"]
    change(language="en")
    assert "recipient" in client.post(f"{T}/messages", json=wrong, headers=maria).json["message"]


class TestSuspension:
    def test_nothing_is_accepted_and_nothing_starts(self, client: FlaskClient, maria: Any, own: Any, change: Change):
        own(SessionStatus.READY)
        change(suspended_at=now_ms())
        message = {"to": "+5491123456789", "message": "hola"}
        calls = [
            (f"{T}/messages", message),
            (f"{T}/connect", None),
            (f"{T}/restart", None),
            ("/send", {"cliente_id": 51, **message}),
            ("/connect", None),
        ]
        for path, body in calls:
            answer = client.post(path, json=body, headers=maria | {"X-Cliente-Id": "51"})
            assert (path, answer.status_code, answer.json["error"]) == (path, 403, "TENANT_SUSPENDED")
        answer = client.get(f"{T}/qr?wait=0", headers=maria)
        assert (answer.status_code, answer.json["error"]) == (403, "TENANT_SUSPENDED")
        bulk = client.post(f"{T}/messages/bulk", json={"messages": [message]}, headers=maria)
        assert [item["error"] for item in bulk.json["items"]] == ["TENANT_SUSPENDED"]
        assert client.get(f"{T}/status", headers=maria).status_code == 200

    def test_what_waits_stays_and_goes_out_after_it(
        self, client: FlaskClient, maria: Any, own: Callable[..., Owner], change: Change
    ):
        owner = own(SessionStatus.READY)
        message = {"to": "+5491123456789", "message": "hola"}
        accepted = client.post(f"{T}/messages", json=message, headers=maria).json["message_id"]
        change(suspended_at=now_ms())
        assert owner.send_next() is None
        assert client.get(f"{T}/messages/{accepted}", headers=maria).json["status"] == "queued"
        change(suspended_at=None)
        assert owner.send_next() is not None

    def test_no_host_runs_it_though_it_stays_wanted(
        self, services: Services, client: FlaskClient, maria: Any, change: Change
    ):
        client.post(f"{T}/connect", headers=maria)
        assert list(services.wanted.stores()) == [51]
        change(suspended_at=now_ms())
        assert list(services.wanted.stores()) == []
        assert services.wanted.has(51)
        change(suspended_at=None)
        assert list(services.wanted.stores()) == [51]

    def test_it_comes_back_into_an_empty_redis(
        self, services: Services, change: Change, lost_state: LostState, server: redis.Redis, keys: Keys
    ):
        change(suspended_at=now_ms(), daily_cap=5)
        for key in server.scan_iter(f"{keys.prefix}*"):
            server.delete(key)
        assert services.tenant_rules.all() == {}
        lost_state.mend()
        assert services.tenant_rules.all() == {51: TenantRules(daily_cap=5, suspended=True)}
        assert server.sismember(keys.suspended, "51")

    def test_a_mirror_that_says_otherwise_is_put_right(self, services: Services, change: Change):
        change(daily_cap=5)
        services.tenant_rules.write({51: TenantRules(), 52: TenantRules(suspended=True)})
        assert mirror.mend(services) == [51, 52]
        assert services.tenant_rules.all() == {51: TenantRules(daily_cap=5)}
        assert mirror.mend(services) == []


def test_the_tenants_own_midnight_begins_its_day():
    at = from_iso("2026-11-21T02:30:00Z")
    kiritimati = for_tenant(Pace(0, 0, 9, "x", 1), TenantRules(timezone="Pacific/Kiritimati"), at)
    assert (kiritimati.daily_cap, kiritimati.day, kiritimati.day_left_ms) == (9, "20261121", 27_000_000)
    capped = for_tenant(Pace(0, 0, 9, "20261120", 1), TenantRules(daily_cap=0), at)
    assert (capped.daily_cap, capped.day) == (0, "20261120")


@pytest.fixture
def at_work(settings: Settings, server: redis.Redis) -> Iterator[Settings]:
    """A real worker of the tenant, whose messages follow at once."""
    quick = settings.model_copy(
        update={
            "whatsapp_web_url": "fake://auto",
            "send_gap_min_seconds": 0,
            "send_gap_max_seconds": 0,
            "send_delay_min_seconds": 0,
            "send_delay_max_seconds": 0,
        }
    )
    process = start_worker(quick)
    yield quick
    end_worker(process)


def test_a_running_worker_follows_cap_and_suspension(
    at_work: Settings, services: Services, client: FlaskClient, maria: Any, change: Change
):
    def status_of(message_id: str) -> str:
        return str(client.get(f"{T}/messages/{message_id}", headers=maria).json["status"])

    def is_out(message_id: str) -> bool:
        return status_of(message_id) in ("sent", "delivered", "read")

    until(lambda: services.snapshots.read(51).can_send, 30, "READY")
    change(daily_cap=1)
    messages = [{"to": f"+54911234567{n:02}", "message": "hola"} for n in range(3)]
    bulk = client.post(f"{T}/messages/bulk", json={"messages": messages}, headers=maria).json
    first, second, third = [item["message_id"] for item in bulk["items"]]
    until(lambda: is_out(first), 20, "the day's one message")
    alone = client.post(f"{T}/messages?wait=20", json=messages[0], headers=maria)
    assert alone.status_code == 200  # no cap for it, and the worker went on after the first
    assert status_of(second) == "queued"
    change(daily_cap=2)
    until(lambda: is_out(second), 20, "the second once the cap is higher")
    assert status_of(third) == "queued"
    change(suspended_at=now_ms(), daily_cap=None)
    until(lambda: not services.snapshots.read(51).owned, 30, "the session's end")
    assert status_of(third) == "queued"

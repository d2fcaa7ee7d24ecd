"""Callers are told of each QR code once, and only where the tenant may scan it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from event_schemas import documented
from flask.testing import FlaskClient

from hub_api.public_events import log
from hub_api.public_events.codes import Codes
from hub_api.public_events.log import Wanted
from hub_api.public_events.pending import Pending
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.transitions.session import QrStatus, SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def show(own: Callable[..., Any]) -> Callable[..., Any]:
    """Has tenant 51's session show a code."""

    owners: list[Owner] = []

    def shows(code: str, *, expires_in_ms: int = 60_000) -> None:
        owners[:] = owners or [own(SessionStatus.INIT, 51)]
        expires_at = now_ms() + expires_in_ms
        owners[0].shows(
            SessionStatus.QR_REQUIRED, qr_string=code, qr_status=QrStatus.GENERATED, qr_expires_at=expires_at
        )

    return shows


def _codes(services: Services) -> list[str]:
    entries = log.after(services.database, 0, Wanted(cliente_id=51, types=["session.qr"]), 100)
    return [documented(entry.body)["data"]["qr_string"] for entry in entries]


def test_each_code_is_told_once(drain: Drain, services: Services, show: Callable[..., Any]) -> None:
    show("first")
    drain.run()
    drain.run()
    show("second")
    drain.run()
    assert _codes(services) == ["first", "second"]


def test_a_process_that_starts_tells_no_code_again(services: Services, drain: Drain, show: Callable[..., Any]) -> None:
    show("first")
    assert Codes(services).note_new() == 1
    assert Codes(services).note_new() == 0
    Pending(services).publish()
    assert Codes(services).note_new() == 0
    assert _codes(services) == ["first"]


def test_who_may_not_scan_is_told_of_none(
    client: FlaskClient, root: Any, drain: Drain, services: Services, show: Callable[..., Any]
) -> None:
    place = "/api/whatsapp/51/qr-authorization"
    assert client.put(place, headers=root, json={"enabled": False}).status_code == 200
    show("secret")
    drain.run()
    assert _codes(services) == []
    client.delete(place, headers=root)
    drain.run()
    assert _codes(services) == ["secret"]


def test_a_code_that_ran_out_is_not_told(drain: Drain, services: Services, show: Callable[..., Any]) -> None:
    show("old", expires_in_ms=-1)
    drain.run()
    assert _codes(services) == []

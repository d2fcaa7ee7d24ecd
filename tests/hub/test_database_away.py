"""What callers are told while the database is away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from flask.testing import FlaskClient

from hub_api.services import Services

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

T = "/api/whatsapp/51"


@pytest.fixture
def take_away(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Closes the connections that were made before; every new one is refused."""
    dialect: Any = services.database.engine.dialect

    def refused(*_: object, **__: object) -> NoReturn:
        raise dialect.loaded_dbapi.OperationalError("refused")

    def away() -> None:
        services.database.engine.dispose()
        monkeypatch.setattr(dialect, "connect", refused)

    return away


def test_it_is_said(client: FlaskClient, maria: dict[str, str], take_away: Callable[[], None]) -> None:
    assert client.get(f"{T}/status", headers=maria).status_code == 200  # who calls is remembered a few seconds
    take_away()
    answer = client.get(f"{T}/messages", headers=maria)
    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    assert answer.json["message"] == "No se puede contactar a la base de datos"
    assert answer.json["details"] == {"database": "OperationalError"}
    assert client.get("/ready").json["parts"]["database"]["ok"] is False


def test_a_message_that_was_accepted_is_answered_as_accepted(
    client: FlaskClient, maria: dict[str, str], services: Services, take_away: Callable[[], None]
) -> None:
    client.get(f"{T}/status", headers=maria)
    take_away()
    body = {"to": "5491123456789", "message": "x", "on_not_ready": "queue"}
    assert client.post(f"{T}/messages", headers=maria, json=body).status_code == 202
    assert services.client.hexists(services.keys.wanted, "51")

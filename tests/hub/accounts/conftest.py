"""Two processes of the hub on one installation, and calls by whom one names."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask.testing import FlaskClient

from hub_api.app import create_app
from hub_api.services import Services, make_services
from shared.settings import Settings

Call = Callable[..., Any]


@pytest.fixture
def elsewhere(settings: Settings) -> Iterator[Services]:
    """The services of another process of the hub."""
    made = make_services(settings)
    yield made
    made.close()


@pytest.fixture
def other_client(settings: Settings, elsewhere: Services) -> FlaskClient:
    """A caller of that process."""
    return create_app(settings, elsewhere).test_client()


@pytest.fixture
def call(client: FlaskClient, root: dict[str, str]) -> Call:
    """A call of the hub, an admin's unless `by` says whose; its JSON, with the status as `http`."""

    def made(method: str, path: str, body: Any = None, by: dict[str, str] | None = None) -> Any:
        answer = client.open(f"/api{path}", method=method, json=body, headers=root if by is None else by)
        return {"http": answer.status_code, **answer.json}

    return made

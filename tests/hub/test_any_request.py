"""Whatever the document allows to be sent, to every call, by everybody: no fault, no answer beside the document, and
nothing of another tenant's.

The examples are always the same ones: a fixed seed, no database of earlier runs, so many for each call.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from flask.testing import FlaskClient
from hypothesis import HealthCheck, Phase, seed
from hypothesis import settings as hypothesis_settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from tenant_objects import make_objects, tells

from hub_api.pairing.bodies import QrQuery

EXAMPLES = 2  # of each call, each sent by everybody, with ids made up and with real ones
CHECKS = [status_code_conformance, content_type_conformance, response_schema_conformance]
NOT_JSON = {"text/csv", "text/event-stream"}
GONE_BY_ITS_CALLS = {"usuario", "key_id"}  # made up: an admin's call would take away who calls next

load_all_checks()
schema = schemathesis.openapi.from_path(Path(__file__).parents[2] / "docs" / "openapi.json")


@pytest.fixture
def objects(client: FlaskClient, maria: dict[str, str]) -> dict[str, str]:
    made = make_objects(client, maria)
    return {name: value for name, value in made.items() if name not in GONE_BY_ITS_CALLS}


@pytest.fixture
def everybody(maria: dict[str, str], root: dict[str, str], token_of: Callable[[str], str]) -> dict[str, dict[str, str]]:
    """Headers by who sends them; those who change least go first."""
    return {"nobody": {}, "another": {"Authorization": f"Bearer {token_of('pedro')}"}, "own": maria, "admin": root}


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor where a call can't be told to: for a code, by the older name of a session."""
    monkeypatch.setattr("hub_api.older.views.QrQuery", lambda: QrQuery(wait=0))


def _form(kwargs: dict[str, Any]) -> tuple[bytes, dict[str, str]] | None:
    """The body and its header, where a file is sent."""
    if not kwargs.get("files"):
        return None
    sent = requests.Request("POST", "http://localhost", files=kwargs["files"], data=kwargs.get("data")).prepare()
    assert isinstance(sent.body, bytes)
    return sent.body, {"Content-Type": sent.headers["Content-Type"]}


@pytest.mark.filterwarnings("ignore")  # of schemathesis itself
@schema.parametrize()
@seed(20_240_601)
@hypothesis_settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_nothing_makes_it_fail(case: Any, client: FlaskClient, objects: dict[str, str], everybody: Any) -> None:
    case.query = {name: value for name, value in (case.query or {}).items() if name != "wait"} | {"wait": "0"}
    named = dict(case.path_parameters or {})
    for path_parameters in (named, {name: objects.get(name, value) for name, value in named.items()}):
        case.path_parameters = path_parameters
        kwargs = case.as_transport_kwargs(base_url="http://localhost")
        form = _form(kwargs)
        for who, headers in everybody.items():
            answer = client.open(
                kwargs["url"].removeprefix("http://localhost"),
                method=kwargs["method"],
                headers=dict(kwargs.get("headers") or {}) | headers | ({} if form is None else form[1]),
                query_string=kwargs.get("params"),
                data=kwargs.get("data") if form is None else form[0],
                json=kwargs.get("json"),
            )
            assert answer.status_code != 500, (who, answer.text)
            assert answer.status_code == 404 or answer.is_json or answer.mimetype in NOT_JSON, (who, answer.text)
            assert who in ("own", "admin") or not tells(answer), (who, answer.text)
            case.validate_response(answer, checks=CHECKS)
        if path_parameters == named == {}:
            break

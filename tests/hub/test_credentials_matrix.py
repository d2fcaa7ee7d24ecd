"""Every call of the URL map with credentials that are none, and with another tenant's: one rule for all of them.

A call that is added is covered by itself. One that anybody may make is named in `PUBLIC`; an object that a URL names
has to be made in `tenant_objects`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from typing import Any

import jwt
import pytest
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI
from sqlalchemy import text
from stand_ins import SECRET
from tenant_objects import MARK, PHONE, make_objects, tells
from werkzeug.routing import Rule

from hub_api.accounts.models import ApiKey
from hub_api.services import Services
from shared.transitions.session import SessionStatus

PUBLIC = {
    "/", "/api/auth/login", "/health", "/ready", "/openapi", "/openapi.json", "/openapi/oauth2-redirect.html",
    "/openapi/swagger", "/openapi/swagger/<path:filename>", "/static/<path:filename>",
}  # fmt: skip
_ULIDS = ("schedule_id", "campaign_id", "import_id", "message_id", "bulk_id", "webhook_id", "act_id")
NOBODYS = dict.fromkeys(_ULIDS, "0" * 26) | {
    "recipient_id": "999999", "key_id": "999999", "number": "5491100000000", "usuario": "nobody",
    "whatsapp_id": "false_5491100000000@c.us_3EB0", "chat_id": "5491100000000@c.us",
    "group_id": "120363000000000009@g.us",
}  # fmt: skip
TENANT_IN_URL = {"cliente_id", "instance_id"}
Headers = dict[str, str]


def _calls(app: OpenAPI) -> Iterator[tuple[str, Rule]]:
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            yield method, rule


def _closed(app: OpenAPI) -> list[tuple[str, Rule]]:
    found = [(method, rule) for method, rule in _calls(app) if rule.rule not in PUBLIC]
    assert len(found) > 50
    return found


@pytest.fixture
def objects(client: FlaskClient, maria: Headers, own: Callable[..., Any]) -> dict[str, str]:
    """What URLs may name, all of it tenant 51's."""
    own(SessionStatus.READY, 51, phone_number=PHONE, push_name=MARK)

    return make_objects(client, maria)


def _open(
    client: FlaskClient, call: tuple[str, Rule], objects: dict[str, str], headers: Headers, query: Any = None
) -> Any:
    method, rule = call
    assert rule.arguments <= objects.keys(), f"{rule.rule}: make what it names in `tenant_objects`"
    urls = client.application.url_map.bind("localhost")
    path = urls.build(rule.endpoint, {name: objects[name] for name in rule.arguments}, method=method)
    body = None if method in ("GET", "DELETE") else {}
    return client.open(path, method=method, headers=headers, json=body, query_string=query)


def _code(answer: Any) -> str:
    return str((answer.json or {}).get("error"))


def _key(services: Services, cliente_id: int, *, revoked: bool) -> str:
    key = f"lm_{cliente_id}_{revoked}"
    digest = hashlib.sha256(key.encode()).hexdigest()
    row = ApiKey(digest=digest, label="x", tipo="cliente", cliente_id=cliente_id, created_at=1)
    row.revoked_at = 1 if revoked else None
    with services.database.writing() as session:
        session.add(row)
    return key


@pytest.fixture
def refused(services: Services, token_of: Callable[[str], str], maria: Headers) -> dict[str, tuple[Headers, str]]:
    """Credentials that are none, with the code that each is refused with. All were tenant 51's."""
    good = token_of("maria")
    claims = jwt.decode(good, options={"verify_signature": False})
    now = int(time.time())
    expired = jwt.encode(claims | {"iat": now - 100, "exp": now - 50}, SECRET, algorithm="HS256")
    other_secret = jwt.encode(claims, "x" * 32, algorithm="HS256")
    promoted = jwt.encode(claims | {"tipo": "admin", "cliente_id": None}, SECRET, algorithm="HS256")
    with services.database.writing() as session:
        columns = "password_hash, tipo, cliente_id, created_at"
        session.execute(
            text(f"INSERT INTO users (usuario, {columns}) SELECT 'gone', {columns} FROM users WHERE usuario = 'maria'")
        )
    disabled = token_of("gone")
    with services.database.writing() as session:
        session.execute(text("UPDATE users SET disabled_at = 1 WHERE usuario = 'gone'"))
    return {
        "none": ({}, "UNAUTHORIZED"),
        "no token at all": ({"Authorization": "Bearer x.y.z"}, "UNAUTHORIZED"),
        "another scheme": ({"Authorization": f"Basic {good}"}, "UNAUTHORIZED"),
        "an expired token": ({"Authorization": f"Bearer {expired}"}, "TOKEN_EXPIRED"),
        "signed with another secret": ({"Authorization": f"Bearer {other_secret}"}, "UNAUTHORIZED"),
        "says admin of who is none": ({"Authorization": f"Bearer {promoted}"}, "UNAUTHORIZED"),
        "a disabled user": ({"Authorization": f"Bearer {disabled}"}, "UNAUTHORIZED"),
        "an unknown key": ({"X-Api-Key": "lm_x"}, "UNAUTHORIZED"),
        "a revoked key": ({"X-Api-Key": _key(services, 51, revoked=True)}, "UNAUTHORIZED"),
    }


@pytest.fixture
def foreign(services: Services, token_of: Callable[[str], str]) -> dict[str, Callable[[], Headers]]:
    """Good credentials of tenant 52, made anew for each call: one of them logs out."""
    key = _key(services, 52, revoked=False)
    return {
        "a user": lambda: {"Authorization": f"Bearer {token_of('pedro')}"},
        "a program": lambda: {"X-Api-Key": key},
    }


def test_what_anybody_may_call_is_there_and_asks_for_nothing(app: OpenAPI, client: FlaskClient):
    public = [(method, rule) for method, rule in _calls(app) if rule.rule in PUBLIC]
    assert {rule.rule for _, rule in public} == PUBLIC
    answers = {rule.rule: _open(client, (method, rule), {"filename": "x"}, {}) for method, rule in public}
    assert [rule for rule, answer in answers.items() if answer.status_code in (401, 403, 500)] == []


def test_without_good_credentials_nothing_is_told_or_done(
    app: OpenAPI, client: FlaskClient, maria: Headers, objects: dict[str, str], refused: Any, queued: Any
):
    campaign = f"/api/campaigns/{objects['campaign_id']}"
    before, waiting = client.get(campaign, headers=maria).json, len(queued())
    wrong = {}
    for call in _closed(app):
        for who, (headers, code) in refused.items():
            answer = _open(client, call, objects, headers)
            told = answer.status_code, _code(answer), answer.headers.get("WWW-Authenticate"), tells(answer)
            if told != (401, code, "Bearer", False):
                wrong[call[0], call[1].rule, who] = told
    assert wrong == {}
    assert (client.get(campaign, headers=maria).json, len(queued())) == (before, waiting)


def test_another_tenants_credentials_reach_nothing(
    app: OpenAPI, client: FlaskClient, maria: Headers, objects: dict[str, str], foreign: Any, queued: Any
):
    """403 where the URL names the tenant; where it names something of it, what is said of things that do not exist; own
    things anywhere else."""
    before, waiting = client.get("/api/campaigns", headers=maria).json, len(queued())
    wrong = {}
    for call in _closed(app):
        arguments = call[1].arguments
        for who, headers in foreign.items():
            answer = _open(client, call, objects, headers())
            told = answer.status_code, _code(answer)
            if arguments & TENANT_IN_URL:
                good = told == (403, "FORBIDDEN")
            elif arguments:
                nobodys = _open(client, call, NOBODYS, headers())
                good = told == (nobodys.status_code, _code(nobodys)) and told[0] >= 400
            else:
                good = answer.status_code < 500
            if not good or tells(answer):
                wrong[call[0], call[1].rule, who] = *told, tells(answer)
    assert wrong == {}
    assert (client.get("/api/campaigns", headers=maria).json, len(queued())) == (before, waiting)


@pytest.mark.parametrize("where", ["header", "query"])
def test_another_tenant_named_beside_the_url_is_forbidden_everywhere(
    app: OpenAPI, client: FlaskClient, objects: dict[str, str], foreign: Any, where: str
):
    mine = objects | {"cliente_id": "52", "instance_id": "sender_52"}
    beside: Headers = {"X-Cliente-Id": "51"} if where == "header" else {}
    wrong = {}
    for call in _closed(app):
        for who, headers in foreign.items():
            answer = _open(client, call, mine, headers() | beside, {} if beside else {"cliente_id": "51"})
            told = answer.status_code, _code(answer), tells(answer)
            if told != (403, "FORBIDDEN", False):
                wrong[call[0], call[1].rule, who] = told
    assert wrong == {}


@pytest.mark.parametrize("tenant", ["52", "99"])
def test_a_tenant_that_exists_is_refused_as_one_that_does_not(
    app: OpenAPI, client: FlaskClient, maria: Headers, objects: dict[str, str], tenant: str
):
    mine = objects | {"cliente_id": tenant, "instance_id": f"sender_{tenant}"}
    calls = [call for call in _closed(app) if call[1].arguments & TENANT_IN_URL]
    answers = {_open(client, call, mine, maria).json["message"] for call in calls}
    assert len(answers) == 1
    assert tenant not in answers.pop()

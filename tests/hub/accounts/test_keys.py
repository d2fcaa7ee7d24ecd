"""API keys: shown once, known by their prefix, revoked everywhere at once."""

from __future__ import annotations

import hashlib

import pytest
from sqlalchemy import select

from hub_api.accounts.models import ApiKey
from hub_api.services import Services
from support.waiting import until


def test_a_key_is_shown_once_and_reaches_its_tenant(call, client, services: Services):
    made = call("POST", "/keys", {"name": "crm", "cliente_id": 51})
    key = made["key"]
    assert made["http"] == 201
    assert key.startswith(made["prefix"] + "_")
    assert made["prefix"].startswith("lm_")
    assert client.get("/api/whatsapp/51/status", headers={"X-Api-Key": key}).status_code == 200
    assert client.get("/api/whatsapp/52/status", headers={"X-Api-Key": key}).status_code == 403
    assert client.get("/api/users", headers={"X-Api-Key": key}).status_code == 403
    shown = call("GET", "/keys")
    assert key not in str(shown)
    assert [(one["name"], one["prefix"], one["cliente_id"]) for one in shown["items"]] == [("crm", made["prefix"], 51)]
    with services.database.reading() as session:
        assert session.scalar(select(ApiKey.digest)) == hashlib.sha256(key.encode()).hexdigest()


def test_an_admins_key_manages_accounts(call, client):
    key = call("POST", "/keys", {"name": "panel", "tipo": "admin"})["key"]
    me = call("GET", "/me", by={"X-Api-Key": key})
    assert (me["name"], me["usuario"], me["tipo"], me["expires_at"]) == ("key:panel", None, "admin", None)
    assert call("GET", "/users", by={"X-Api-Key": key})["http"] == 200
    for path, body in (("/auth/logout", None), ("/auth/password", {"old": "x" * 8, "new": "y" * 8})):
        assert call("POST", path, body, by={"X-Api-Key": key})["error"] == "FORBIDDEN"


def test_the_last_use_is_kept(call):
    key = call("POST", "/keys", {"name": "crm", "cliente_id": 51})["key"]
    assert call("GET", "/keys")["items"][0]["last_used_at"] is None
    call("GET", "/me", by={"X-Api-Key": key})
    assert call("GET", "/keys")["items"][0]["last_used_at"] is not None


def test_a_revoked_key_is_refused_in_every_process(call, other_client):
    made = call("POST", "/keys", {"name": "crm", "cliente_id": 51})
    headers = {"X-Api-Key": made["key"]}
    assert other_client.get("/api/me", headers=headers).status_code == 200
    revoked = call("DELETE", f"/keys/{made['key_id']}")
    assert (revoked["http"], revoked["revoked_at"] is not None) == (200, True)
    until(lambda: other_client.get("/api/me", headers=headers).status_code == 401, 2, "a refusal elsewhere")
    assert call("DELETE", f"/keys/{made['key_id']}")["revoked_at"] == revoked["revoked_at"]
    assert call("DELETE", "/keys/999")["error"] == "NOT_FOUND"


@pytest.mark.parametrize(
    "body",
    [
        {"name": "crm"},
        {"name": "crm", "cliente_id": 51, "tipo": "admin"},
        {"name": "", "cliente_id": 51},
        {"name": "crm", "cliente_id": "51"},
        {"cliente_id": 51},
    ],
)
def test_bad_input_is_refused(call, body):
    assert call("POST", "/keys", body)["http"] == 400


def test_nobody_but_an_admin_manages_keys(call, maria):
    for method, path, body in (
        ("GET", "/keys", None),
        ("POST", "/keys", {"name": "x", "cliente_id": 51}),
        ("DELETE", "/keys/1", None),
    ):
        assert call(method, path, body, by=maria)["error"] == "FORBIDDEN"

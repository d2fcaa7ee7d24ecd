"""Login and credentials."""

from __future__ import annotations

import dataclasses

import jwt
import pytest
from stand_ins import PASSWORD, SECRET

from hub_api import remembered
from hub_api.accounts import directory
from hub_api.accounts.keys.service import add_api_key
from hub_api.accounts.tenants import service as tenants
from hub_api.accounts.users import service as accounts
from shared.instant import now_ms
from support.waiting import until

STATUS = "/api/whatsapp/51/status"


def test_a_login_gives_a_token_that_works(client):
    answer = client.post("/api/auth/login", json={"usuario": "maria", "password": PASSWORD})

    assert answer.status_code == 200
    assert answer.json["ok"] is True
    assert answer.json["expires_in"] == 86_400
    assert answer.json["user"] == {"id": 1, "usuario": "maria", "tipo": "cliente", "cliente_id": 51}
    claims = jwt.decode(answer.json["token"], SECRET, algorithms=["HS256"])
    assert set(claims) == {"sub", "usuario", "tipo", "cliente_id", "iat", "exp", "jti"}
    assert client.get(STATUS, headers={"Authorization": f"Bearer {answer.json['token']}"}).status_code == 200


@pytest.mark.parametrize(("usuario", "password"), [("maria", "wrong password"), ("nobody", PASSWORD)])
def test_a_wrong_name_or_password_is_told_apart_by_nothing(client, usuario, password):
    answer = client.post("/api/auth/login", json={"usuario": usuario, "password": password})

    assert (answer.status_code, answer.json["error"]) == (401, "INVALID_CREDENTIALS")


def test_who_exists_is_remembered_for_seconds_and_who_does_not_is_asked_for_again(services, monkeypatch):
    asked, known = [], {51}
    monkeypatch.setattr(tenants, "tenant_exists", lambda _, cliente_id: asked.append(cliente_id) or cliente_id in known)
    monkeypatch.setattr(remembered, "KEPT_S", 0.2)
    soon = remembered.Remembered(services.client, services.keys)
    found = directory.SqlDirectory(dataclasses.replace(services, remembered=soon))

    assert [found.tenant_known(cliente_id) for cliente_id in (51, 51, 52, 52)] == [True, True, False, False]
    assert asked == [51, 52, 52]
    known.clear()
    until(lambda: not found.tenant_known(51), what="a tenant that is forgotten")


def _token(secret=SECRET, algorithm="HS256", drop=(), **changes):
    now = now_ms() // 1000
    claims = {
        "sub": "1",
        "usuario": "maria",
        "tipo": "cliente",
        "cliente_id": 51,
        "iat": now,
        "exp": now + 86_400,  # these are made when the tests are collected, long before some of them run
        "jti": "x",
    } | changes
    return jwt.encode({name: claims[name] for name in claims if name not in drop}, secret, algorithm=algorithm)


def test_the_token_of_this_test_is_a_good_one(client):
    assert client.get(STATUS, headers={"Authorization": f"Bearer {_token()}"}).status_code == 200


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Basic bWFyaWE6eA==",
        "Bearer x.y.z",
        "Bearer " + "a" * 5_000,
        "Bearer ñandú",
        f"Bearer {_token(secret='another secret of 32 bytes......')}",
        f"Bearer {_token(secret='', algorithm='none')}",
        f"Bearer {_token(secret='s' * 64, algorithm='HS512')}",
        *[f"Bearer {_token(drop=[claim])}" for claim in ("sub", "usuario", "tipo", "cliente_id", "iat", "exp", "jti")],
        f"Bearer {_token(tipo='admin')}",  # the user is none
        f"Bearer {_token(tipo='root')}",
        f"Bearer {_token(cliente_id=52)}",
        f"Bearer {_token(cliente_id='51')}",
        f"Bearer {_token(cliente_id=True)}",
        f"Bearer {_token(cliente_id=10**30)}",
        f"Bearer {_token(sub='999')}",
        f"Bearer {_token(sub='9' * 18)}",
        f"Bearer {_token(sub='x')}",
        f"Bearer {_token(iat=now_ms() // 1000 + 3600)}",
        f"Bearer {_token(exp='soon')}",
        f"Bearer {_token(exp=10**300)}",
    ],
)
def test_any_other_token_is_refused(client, authorization):
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = client.get(STATUS, headers=headers)

    assert (answer.status_code, answer.json["error"], answer.json["ok"]) == (401, "UNAUTHORIZED", False)


def test_an_expired_token_is_told(client):
    headers = {"Authorization": f"Bearer {_token(exp=now_ms() // 1000 - 1)}"}

    answer = client.get(STATUS, headers=headers)

    assert (answer.status_code, answer.json["error"]) == (401, "TOKEN_EXPIRED")


def test_an_api_key_reaches_its_tenant_only(client, services):
    key = add_api_key(services.database, "crm", "cliente", 51).key

    assert client.get(STATUS, headers={"X-Api-Key": key}).status_code == 200
    assert client.get("/api/whatsapp/52/status", headers={"X-Api-Key": key}).status_code == 403
    for wrong in ("lm_wrong", "ñ", "k" * 500, ""):
        assert client.get(STATUS, headers={"X-Api-Key": wrong}).status_code == 401


def test_a_disabled_user_is_refused(client, services, maria):
    with services.database.writing() as session:
        session.get(accounts.User, 1).disabled_at = now_ms()

    assert client.get(STATUS, headers=maria).status_code == 401
    answer = client.post("/api/auth/login", json={"usuario": "maria", "password": PASSWORD})
    assert answer.json["error"] == "INVALID_CREDENTIALS"


def test_at_the_machine_an_admin_comes_first_then_the_tenants_own_user(services):
    database = services.database
    found = [accounts.user_reaching(database, cliente_id).usuario for cliente_id in (51, 99)]
    with database.writing() as session:
        session.get(accounts.User, 3).disabled_at = now_ms()

    assert found == ["root", "root"]
    assert accounts.user_reaching(database, 51).usuario == "maria"
    assert accounts.user_reaching(database, 99) is None

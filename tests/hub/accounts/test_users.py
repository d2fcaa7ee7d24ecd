"""Users: made, listed, changed and ended; what ends with them."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from flask.testing import FlaskClient
from pydantic import SecretStr
from stand_ins import PASSWORD, SECRET

from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users import service as users
from hub_api.app import create_app
from hub_api.services import Services, make_services
from shared.errors import InvalidState
from shared.settings import Settings
from support.waiting import until

NEW = "otra clave larga"
ANA = {"usuario": "ana", "password": PASSWORD, "tipo": "cliente", "cliente_id": 51}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def log_in(client: FlaskClient) -> Any:
    def made(usuario: str, password: str = PASSWORD) -> Any:
        return client.post("/api/auth/login", json={"usuario": usuario, "password": password})

    return made


class TestMaking:
    def test_a_user_is_made_listed_and_logs_in(self, call, log_in):
        made = call("POST", "/users", ANA | {"cliente_id": 77})
        assert (made["http"], made["usuario"], made["tipo"], made["cliente_id"], made["disabled"]) == (
            201,
            "ana",
            "cliente",
            77,
            False,
        )
        assert "password" not in str(made)
        assert log_in("ana").status_code == 200
        assert call("GET", "/tenants/77")["http"] == 200  # known with its user
        assert [one["usuario"] for one in call("GET", "/users")["items"]] == ["maria", "pedro", "root", "ana"]

    def test_a_list_is_read_in_pages(self, call):
        first = call("GET", "/users?limit=2")
        assert [one["usuario"] for one in first["items"]] == ["maria", "pedro"]
        rest = call("GET", f"/users?limit=2&cursor={first['next']}")
        assert ([one["usuario"] for one in rest["items"]], rest["next"]) == (["root"], None)

    @pytest.mark.parametrize(
        ("changes", "field"),
        [
            ({"usuario": "maria"}, "usuario"),
            ({"usuario": " "}, "usuario"),
            ({"usuario": "a\x07"}, "usuario"),
            ({"password": "corta"}, "password"),
            ({"password": "x" * 257}, "password"),
            ({"tipo": "root"}, "tipo"),
            ({"cliente_id": 0}, "cliente_id"),
            ({"cliente_id": None}, "body"),
        ],
    )
    def test_bad_input_names_its_field(self, call, changes, field):
        answer = call("POST", "/users", ANA | changes)
        assert answer["http"] == 400
        assert list(answer["details"]) == [field]

    def test_nobody_but_an_admin_manages_users(self, call, maria):
        for method, path, body in (
            ("GET", "/users", None),
            ("POST", "/users", ANA | {"tipo": "admin"}),
            ("PATCH", "/users/maria", {"password": NEW}),
            ("DELETE", "/users/pedro", None),
        ):
            assert call(method, path, body, by=maria)["error"] == "FORBIDDEN", (method, path)

    def test_nothing_raises_a_users_tipo(self, call, maria):
        changed = call("PATCH", "/users/maria", {"tipo": "admin", "cliente_id": None, "disabled": False})
        assert (changed["http"], changed["tipo"], changed["cliente_id"]) == (200, "cliente", 51)
        assert call("GET", "/users", by=maria)["http"] == 403


class TestEnding:
    def test_a_disabled_user_is_out_in_every_process_and_comes_back(self, call, log_in, other_client, token_of):
        old = bearer(token_of("maria"))
        assert other_client.get("/api/me", headers=old).status_code == 200  # remembered there for seconds
        assert call("PATCH", "/users/maria", {"disabled": True})["disabled"] is True
        until(lambda: other_client.get("/api/me", headers=old).status_code == 401, 2, "a refusal elsewhere")
        assert log_in("maria").status_code == 401
        assert call("PATCH", "/users/maria", {"disabled": False})["disabled_at"] is None
        again = bearer(log_in("maria").json["token"])
        assert call("GET", "/me", by=again)["http"] == 200
        assert call("GET", "/me", by=old)["http"] == 401  # what was ended stays so

    def test_a_new_password_ends_every_token(self, call, log_in, other_client, token_of):
        old = bearer(token_of("maria"))
        assert other_client.get("/api/me", headers=old).status_code == 200
        call("PATCH", "/users/maria", {"password": NEW})
        until(lambda: other_client.get("/api/me", headers=old).status_code == 401, 2, "a refusal elsewhere")
        assert log_in("maria").status_code == 401
        assert call("GET", "/me", by=bearer(log_in("maria", NEW).json["token"]))["http"] == 200

    def test_a_deleted_users_token_is_not_anothers_with_the_same_number(self, call, token_of):
        call("POST", "/users", ANA)
        old = bearer(token_of("ana"))
        first = [one["id"] for one in call("GET", "/users")["items"] if one["usuario"] == "ana"]
        assert call("DELETE", "/users/ana")["http"] == 200
        assert call("GET", "/me", by=old)["http"] == 401
        assert call("POST", "/users", ANA)["id"] == first[0]  # SQLite gives it out again
        assert call("GET", "/me", by=old)["http"] == 401
        assert call("GET", "/me", by=bearer(token_of("ana")))["http"] == 200

    def test_the_last_admin_stays(self, call):
        for method, body in (("PATCH", {"disabled": True}), ("DELETE", None)):
            refused = call(method, "/users/root", body)
            assert (refused["http"], refused["error"]) == (409, "INVALID_STATE")
        call("POST", "/users", {"usuario": "eva", "password": PASSWORD, "tipo": "admin"})
        assert call("DELETE", "/users/root")["http"] == 200

    @pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
    def test_two_admins_can_not_both_go_at_once(self, services: Services):
        users.add_user(services.database, "eva", PASSWORD, "admin")
        both = threading.Barrier(2)
        refused: list[str] = []

        def go(usuario: str) -> None:
            both.wait()
            try:
                users.set_disabled(services.database, usuario, disabled=True)
            except InvalidState:
                refused.append(usuario)

        threads = [threading.Thread(target=go, args=(usuario,)) for usuario in ("root", "eva")]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(refused) == 1

    def test_who_is_unknown_is_not_found(self, call):
        assert call("PATCH", "/users/nadie", {"disabled": True})["error"] == "NOT_FOUND"
        assert call("DELETE", "/users/nadie")["error"] == "NOT_FOUND"


class TestOneself:
    def test_everybody_sees_who_they_are(self, call, maria):
        me = call("GET", "/me", by=maria)
        assert (me["name"], me["usuario"], me["tipo"], me["cliente_id"]) == ("user:maria", "maria", "cliente", 51)
        assert me["tenant"]["country"] == "AR"
        admin = call("GET", "/me")
        assert (admin["usuario"], admin["tipo"], admin["cliente_id"], admin["tenant"]) == ("root", "admin", None, None)

    def test_logging_out_ends_this_token_alone(self, call, client, other_client, token_of):
        one, other = bearer(token_of("maria")), bearer(token_of("maria"))
        assert other_client.get("/api/me", headers=one).status_code == 200
        assert call("POST", "/auth/logout", by=one)["http"] == 200
        until(lambda: other_client.get("/api/me", headers=one).status_code == 401, 2, "a refusal elsewhere")
        assert call("GET", "/me", by=one)["error"] == "UNAUTHORIZED"
        assert call("GET", "/me", by=other)["http"] == 200

    def test_changing_ones_password_ends_the_other_tokens(self, call, log_in, token_of):
        this, other = bearer(token_of("maria")), bearer(token_of("maria"))
        wrong = call("POST", "/auth/password", {"old": "wrong password", "new": NEW}, by=this)
        assert (wrong["http"], wrong["error"]) == (401, "INVALID_CREDENTIALS")
        assert call("GET", "/me", by=other)["http"] == 200
        assert call("POST", "/auth/password", {"old": PASSWORD, "new": "corta"}, by=this)["details"].keys() == {"new"}
        assert call("POST", "/auth/password", {"old": PASSWORD, "new": NEW}, by=this)["http"] == 200
        assert call("GET", "/me", by=other)["http"] == 401
        assert call("GET", "/me", by=this)["http"] == 200
        assert (log_in("maria").status_code, log_in("maria", NEW).status_code) == (401, 200)

    def test_guessing_the_old_password_has_to_wait(self, call, maria):
        wrong = {"old": "wrong password", "new": NEW}
        answers = {call("POST", "/auth/password", wrong, by=maria)["http"] for _ in range(8)}
        assert answers == {401, 429}


class TestSecrets:
    def test_a_token_of_the_previous_secret_is_good_until_it_runs_out(self, settings: Settings, services, token_of):
        old = bearer(token_of("maria"))
        changed = settings.model_copy(update={"jwt_secret": SecretStr("n" * 32)})
        kept = changed.model_copy(update={"jwt_secret_previous": SecretStr(SECRET)})
        for each, expected in ((changed, 401), (kept, 200)):
            made = make_services(each)
            assert create_app(each, made).test_client().get("/api/me", headers=old).status_code == expected
            made.close()
        account = users.find_user(services.database, "maria")
        assert account is not None
        new = bearer(issue_token(services.database, kept, account.for_token))  # signed with the new one
        made = make_services(changed)
        assert create_app(changed, made).test_client().get("/api/me", headers=new).status_code == 200
        made.close()

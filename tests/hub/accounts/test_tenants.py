"""Tenants over REST, and the trail of who changed what."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from hub_api.accounts.audit import trail
from hub_api.services import Services
from shared.transitions.session import SessionStatus


class TestTenants:
    def test_one_is_made_read_and_changed(self, call):
        made = call("POST", "/tenants", {"cliente_id": 77, "name": "Sol", "country": "BR", "daily_cap": 0})
        assert (made["http"], made["name"], made["country"], made["daily_cap"], made["language"]) == (
            201,
            "Sol",
            "BR",
            0,
            "es",
        )
        assert call("POST", "/tenants", {"cliente_id": 77})["error"] == "INVALID_STATE"
        changed = call("PATCH", "/tenants/77", {"country": None, "language": "en"})
        assert (changed["name"], changed["country"], changed["language"]) == ("Sol", "AR", "en")
        assert call("GET", "/tenants/77")["language"] == "en"
        assert [one["cliente_id"] for one in call("GET", "/tenants")["items"]] == [51, 52, 77]

    def test_a_list_is_read_in_pages(self, call):
        first = call("GET", "/tenants?limit=1")
        rest = call("GET", f"/tenants?limit=1&cursor={first['next']}")
        assert ([first["items"][0]["cliente_id"], rest["items"][0]["cliente_id"]], rest["next"]) == ([51, 52], None)

    @pytest.mark.parametrize(
        "wrong",
        [
            {"country": "XX"},
            {"timezone": "Nowhere/Here"},
            {"daily_cap": -1},
            {"daily_cap": 10**9},
            {"language": "fr"},
            {"name": " "},
            {"suspended": "yes"},
        ],
    )
    def test_bad_input_names_its_field(self, call, wrong):
        answer = call("PATCH", "/tenants/51", wrong)
        assert (answer["http"], list(answer["details"])) == (400, list(wrong))

    def test_one_that_is_unknown_is_not_found(self, call):
        assert call("GET", "/tenants/999")["error"] == "SESSION_NOT_FOUND"
        assert call("PATCH", "/tenants/999", {"suspended": True})["error"] == "SESSION_NOT_FOUND"

    def test_it_is_suspended_and_resumed(self, call, maria, own):
        own(SessionStatus.READY)
        assert call("PATCH", "/tenants/51", {"suspended": True})["suspended"] is True
        refused = call("POST", "/whatsapp/51/messages", {"to": "+5491123456789", "message": "hola"}, by=maria)
        assert (refused["http"], refused["error"]) == (403, "TENANT_SUSPENDED")
        assert call("PATCH", "/tenants/51", {"suspended": False})["suspended_at"] is None
        sent = call("POST", "/whatsapp/51/messages", {"to": "+5491123456789", "message": "hola"}, by=maria)
        assert sent["http"] == 202

    def test_nobody_but_an_admin_manages_tenants(self, call, maria):
        for method, path, body in (
            ("GET", "/tenants", None),
            ("POST", "/tenants", {"cliente_id": 77}),
            ("GET", "/tenants/51", None),
            ("PATCH", "/tenants/51", {"daily_cap": 0}),
            ("GET", "/audit", None),
        ):
            assert call(method, path, body, by=maria)["error"] == "FORBIDDEN", (method, path)


class TestTrail:
    def test_every_change_leaves_a_line(self, call, maria):
        call("POST", "/users", {"usuario": "ana", "password": "una clave larga", "tipo": "cliente", "cliente_id": 77})
        call("PATCH", "/users/ana", {"password": "otra clave larga"})
        call("PATCH", "/users/ana", {"disabled": True})
        call("PATCH", "/users/ana", {"disabled": False})
        call("DELETE", "/users/ana")
        key = call("POST", "/keys", {"name": "crm", "cliente_id": 51})
        call("DELETE", f"/keys/{key['key_id']}")
        call("PATCH", "/tenants/51", {"daily_cap": 7})
        call("PATCH", "/tenants/51", {"suspended": True})
        call("PATCH", "/tenants/51", {"suspended": False})
        call("PUT", "/whatsapp/51/qr-authorization", {"enabled": False})
        call("DELETE", "/whatsapp/51/qr-authorization")
        call("POST", "/whatsapp/51/connect", by=maria)
        call("POST", "/whatsapp/51/disconnect", {"logout": True}, by=maria)
        call("POST", "/optouts", {"numbers": ["+5491123456789"]}, by=maria)
        call("POST", "/auth/password", {"old": "una clave larga", "new": "otra clave larga"}, by=maria)
        call("POST", "/auth/logout", by=maria)
        lines = [one for one in call("GET", "/audit")["items"] if one["who"] != trail.COMMAND_LINE][::-1]
        assert [one["what"] for one in lines] == [
            "tenant.create",
            "user.create",
            "user.password",
            "user.disable",
            "user.enable",
            "user.delete",
            "key.create",
            "key.revoke",
            "tenant.change",
            "tenant.suspend",
            "tenant.resume",
            "qr_authorization.put",
            "qr_authorization.delete",
            "session.start",
            "session.stop",
            "optout.add",
            "user.password",
            "user.logout",
        ]
        assert {one["address"] for one in lines} == {"127.0.0.1"}
        assert [one["who"] for one in lines[-6:]] == ["user:root"] + ["user:maria"] * 5
        for secret in (key["key"], "una clave larga", "otra clave larga", "5491123456789"):
            assert secret not in str(lines)

    def test_it_is_filtered_and_read_in_pages(self, call):
        for cap in range(1, 4):
            call("PATCH", "/tenants/51", {"daily_cap": cap})
        call("PATCH", "/tenants/52", {"daily_cap": 9})
        found = call("GET", "/audit?what=tenant&cliente_id=51&who=user:root")
        assert [one["details"]["daily_cap"] for one in found["items"]] == [3, 2, 1]
        first = call("GET", "/audit?what=tenant.change&limit=3")
        rest = call("GET", f"/audit?what=tenant.change&limit=3&cursor={first['next']}")
        assert [one["details"]["daily_cap"] for one in first["items"] + rest["items"]] == [9, 3, 2, 1]
        assert rest["next"] is None
        assert call("GET", "/audit?until=2020-01-01T00:00:00Z")["items"] == []
        assert len(call("GET", "/audit?from=2020-01-01T00:00:00Z&what=tenant.change")["items"]) == 4
        assert call("GET", "/audit?cursor=nonsense")["http"] == 400

    def test_a_change_that_fails_leaves_none(self, call, services: Services, monkeypatch):
        def broken(*_: object, **__: object) -> None:
            raise OperationalError("x", {}, Exception())

        monkeypatch.setattr(trail, "note", broken)
        assert call("PATCH", "/tenants/51", {"daily_cap": 7})["http"] == 503
        assert call("GET", "/tenants/51")["daily_cap"] == 1_000


@pytest.mark.parametrize(
    "moment", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.9999999"]
)
def test_a_time_that_can_not_be_written_is_refused_at_every_entrance(call, maria, own, moment):
    own(SessionStatus.READY)
    plus = moment.replace("+", "%2B")
    message = {"to": "+5491123456789", "message": "hola", "expires_at": moment}
    for answer, field in (
        (call("PUT", "/whatsapp/51/qr-authorization", {"enabled": True, "expires_at": moment}), "expires_at"),
        (call("POST", "/whatsapp/51/messages", message, by=maria), "expires_at"),
        (call("GET", f"/whatsapp/51/messages?from={plus}", by=maria), "from"),
        (call("GET", f"/whatsapp/51/messages?until={plus}", by=maria), "until"),
        (call("GET", f"/whatsapp/51/inbound?until={plus}", by=maria), "until"),
        (call("GET", f"/audit?from={plus}"), "from"),
    ):
        assert (answer["http"], list(answer["details"])) == (400, [field])
    bulk = call("POST", "/whatsapp/51/messages/bulk", {"messages": [message]}, by=maria)
    assert list(bulk["items"][0]["details"]) == ["expires_at"]
    assert call("GET", "/whatsapp/51/qr-authorization")["http"] == 200

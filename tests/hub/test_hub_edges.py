"""What surrounds the calls: health, an absent Redis, CORS, logs, settings."""

from __future__ import annotations

import json
import logging

import pytest
import structlog

from hub_api.app import create_app
from hub_api.services import make_services
from hub_api.web.command_log import CommandLog
from shared import logs
from shared.builds.builds import Builds
from shared.builds.verdict import Build, Capability, Standing, Verdict
from shared.instant import now_ms
from shared.settings import SettingsError

SEND = {"to": "5491123456789", "message": "texto secreto", "on_not_ready": "queue"}
T = "/api/whatsapp/51"
PARTS = {"redis", "database", "background", "hosts", "clock", "ledger", "whatsapp", "webhooks"}


def test_health_and_readiness(client, services):
    health = client.get("/health")
    ready = client.get("/ready")

    assert (health.status_code, health.json["status"]) == (200, "ok")
    assert ready.status_code == 200
    assert set(ready.json["parts"]) == PARTS
    assert ready.json["parts"]["background"]["ok"] is False


def test_readiness_tells_strangers_and_tenants_the_states_alone(client, server, keys, maria, root):
    server.hset(keys.imbalances, "900051", "{}")

    for headers in ({}, maria, {"X-Api-Key": "lm_wrong"}, {"Authorization": "Bearer x"}, {"Authorization": "Basic x"}):
        answer = client.get("/ready", headers=headers)
        assert answer.status_code == 200
        assert {name: set(part) for name, part in answer.json["parts"].items()} == {name: {"ok"} for name in PARTS}
        assert answer.json["parts"]["ledger"]["ok"] is False
        assert "900051" not in answer.text
    admins = client.get("/ready", headers=root).json["parts"]
    assert all(admins[name]["detail"] for name in PARTS)


def test_readiness_shows_the_builds_and_what_sessions_say_of_them_but_not_who(client, services, root):
    builds, now = Builds(services.client, services.keys), now_ms()
    broken = Verdict(Standing.DEGRADED, frozenset({Capability.SEND}), ("functions.addAndSendMsgToChat not found",))
    builds.judge(Build("2.3000.1000", "4.6.0"), 900051, Verdict(Standing.OK), now - 5)
    builds.judge(Build("2.3000.1001", "4.6.0"), 900052, broken, now)
    builds.serve(1002, now)

    answer = client.get("/ready", headers=root)
    part = answer.json["parts"]["whatsapp"]

    assert answer.status_code == 200
    assert part["ok"] is False
    assert part["detail"] == (
        "2.3000.1001+4.6.0 degraded: send (1 of 1 sessions); 2.3000.1000+4.6.0 ok (1 of 1 sessions); "
        "1002 is served, not tried yet"
    )
    assert "9000" not in answer.text


@pytest.fixture
def without_redis(settings):
    """A hub whose Redis refuses connections."""
    services = make_services(settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"}))
    yield create_app(settings, services).test_client()
    services.close()


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("get", f"{T}/status", None),
        ("post", f"{T}/status", None),
        ("post", f"{T}/connect", None),
        ("post", f"{T}/disconnect", {}),
        ("post", f"{T}/restart", None),
        ("get", f"{T}/qr", None),
        ("post", f"{T}/pairing-code", {"phone_number": "5491123456789"}),
        ("get", f"{T}/contacts/5491123456789", None),
        ("post", f"{T}/messages", SEND),
        ("post", f"{T}/messages/bulk", {"messages": [SEND]}),
        ("get", f"{T}/messages/x", None),
        ("post", f"{T}/messages/x/cancel", None),
        ("get", "/api/sessions", None),
        ("post", "/api/auth/login", {"usuario": "maria", "password": "12345678"}),
    ],
)
def test_without_redis_every_call_says_so(without_redis, maria, method, path, body):
    answer = without_redis.open(path, method=method.upper(), headers=maria, json=body)

    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")


def test_without_redis_the_hub_lives_and_is_not_ready(without_redis):
    assert without_redis.get("/health").status_code == 200
    answer = without_redis.get("/ready")
    assert (answer.status_code, answer.json["parts"]["redis"]["ok"]) == (503, False)


def test_a_fault_of_ours_is_a_500_without_a_trace(client, maria, services, monkeypatch):
    def broken(*_):
        raise RuntimeError("secret detail")

    monkeypatch.setattr(services.snapshots, "read", broken)
    answer = client.get(f"{T}/status", headers=maria)

    assert (answer.status_code, answer.json["error"]) == (500, "INTERNAL_ERROR")
    assert "secret" not in answer.text


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_commands_leave_one_line_without_secrets(app, client, maria, fmt):
    written = []
    app.extensions["command_log"] = CommandLog(fmt, "info", written.append)
    with structlog.testing.capture_logs() as lines:
        client.post(f"{T}/messages", headers=maria, json=SEND)
        client.post(f"{T}/messages", headers=maria, json=SEND | {"on_not_ready": "reject"})
        client.get(f"{T}/status", headers=maria)
    if fmt == "json":
        assert not lines
        assert all(line.endswith(b"\n") and line.count(b"\n") == 1 for line in written)
        lines = [json.loads(line) for line in written]

    assert [(line["what"], line["who"], line["cliente_id"], line["outcome"]) for line in lines] == [
        ("send", "user:maria", 51, "ok"),
        ("send", "user:maria", 51, "SESSION_NOT_READY"),
    ]
    assert all(line["ms"] >= 0 for line in lines)
    for secret in (SEND["message"], SEND["to"], maria["Authorization"]):
        assert secret not in str(lines)


def test_cors_is_for_the_origins_of_the_settings(settings, services):
    browser = create_app(settings.model_copy(update={"cors_origins": ("https://crm.example",)}), services).test_client()

    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization, x-other"}
    preflight = browser.options(f"{T}/status", headers={"Origin": "https://crm.example"} | asked)
    failed = browser.get(f"{T}/status", headers={"Origin": "https://crm.example"})

    for allowed in (preflight, failed):
        assert allowed.headers["Access-Control-Allow-Origin"] == "https://crm.example"
        assert set(allowed.headers["Access-Control-Expose-Headers"].split(", ")) == {"Retry-After", "Link"}
        assert allowed.headers.getlist("Vary") == ["Origin"]
        assert "Access-Control-Allow-Credentials" not in allowed.headers
    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization"
    methods = set(preflight.headers["Access-Control-Allow-Methods"].split(", "))
    assert methods == {"GET", "POST", "PUT", "PATCH", "DELETE"}
    assert preflight.headers["Access-Control-Max-Age"] == "600"
    for origin in ("https://evil.example", "https://crm.example.evil", "https://crmxexample"):
        other = browser.get("/health", headers={"Origin": origin})
        assert "Access-Control-Allow-Origin" not in other.headers
        assert other.headers.getlist("Vary") == ["Origin"]


@pytest.mark.parametrize(("origins", "allowed"), [(("*",), True), (("https://*.example",), False)])
def test_cors_for_all_origins_or_for_one_as_it_is_written(settings, services, origins, allowed):
    browser = create_app(settings.model_copy(update={"cors_origins": origins}), services).test_client()

    answer = browser.get("/health", headers={"Origin": "https://crm.example"})

    assert answer.headers.get("Access-Control-Allow-Origin") == ("*" if allowed else None)


def test_forwarded_addresses_are_believed_only_from_trusted_proxies(settings, services):
    seen = []
    for count in (0, 1):
        app = create_app(settings.model_copy(update={"trusted_proxies": count}), services)
        app.before_request(lambda: seen.append(__import__("flask").request.remote_addr))
        app.test_client().get("/health", headers={"X-Forwarded-For": "203.0.113.9"})

    assert seen == ["127.0.0.1", "203.0.113.9"]


@pytest.mark.parametrize(("missing", "named"), [("redis_url", "REDIS_URL"), ("jwt_secret", "JWT_SECRET")])
def test_what_is_missing_is_named(settings, missing, named):
    value = "" if missing == "redis_url" else None
    with pytest.raises(SettingsError, match=named):
        create_app(settings.model_copy(update={missing: value}))


def test_nothing_is_logged_at_warning_by_a_normal_call(client, maria, caplog):
    with caplog.at_level(logging.WARNING):
        client.get(f"{T}/status", headers=maria)

    assert caplog.records == []


def test_the_lines_of_commands_look_like_the_others_and_keep_to_the_level(capfd):
    logs.configure("hub", "info", "json")
    try:
        CommandLog("json", "info").tell("send", "key:crm ñ\n", 51, "ok", 1.5)
        logs.get_logger("x").info("command.done", what="send", who="key:crm ñ\n", cliente_id=51, outcome="ok", ms=1.5)
        CommandLog("json", "error").tell("send", "user:x", 51, "ok", 1.5)
    finally:
        logging.getLogger().handlers.clear()
        structlog.reset_defaults()
    cheap, usual = (json.loads(line) for line in capfd.readouterr().err.splitlines())
    assert cheap.keys() == usual.keys()
    assert {**cheap, "timestamp": ""} == {**usual, "timestamp": ""}
    assert len(cheap["timestamp"]) == len(usual["timestamp"])

"""Every field of every call with everything that it is not: the contract's error, never a 500."""

from __future__ import annotations

import json

import pytest

from shared.names import control_queue, session_queue
from shared.transitions.session import SessionStatus

T = "/api/whatsapp/51"
NO_TEXT = (None, 3, 1.5, True, [], {}, "")
LONG = "x" * 5_000
NUL = "a\x00b"

VALIDATION, TO, MESSAGE, CLIENTE = "VALIDATION_ERROR", "INVALID_TO", "INVALID_MESSAGE", "INVALID_CLIENTE_ID"
SEND = {"to": "5491123456789", "message": "hola", "on_not_ready": "queue"}


def _fields(method, path, good, field, values, code):
    return [(method, path, good | {field: value}, code) for value in values]


BODIES = [
    *_fields(
        "post", "/api/auth/login", {"usuario": "a", "password": "b"}, "usuario", [*NO_TEXT, LONG, NUL], VALIDATION
    ),
    *_fields(
        "post", "/api/auth/login", {"usuario": "a", "password": "b"}, "password", [*NO_TEXT, LONG, NUL], VALIDATION
    ),
    ("post", "/api/auth/login", {"usuario": "a"}, VALIDATION),
    ("post", "/api/auth/login", {"password": "a"}, VALIDATION),
    *_fields(
        "post", f"{T}/messages", SEND, "to", [*NO_TEXT, LONG, NUL, "123", "x@g.us", "5491123456789@g.us", "٣"], TO
    ),
    *_fields("post", f"{T}/messages", SEND, "message", [*NO_TEXT, "x" * 4_097, NUL, "  \n "], MESSAGE),
    *_fields(
        "post", f"{T}/messages", SEND, "idempotency_key", [3, True, [], {}, "", "ñ", "a b", "k" * 201], VALIDATION
    ),
    *_fields("post", f"{T}/messages", SEND, "on_not_ready", [None, 3, True, [], {}, "", "QUEUE", LONG], VALIDATION),
    *_fields(
        "post", f"{T}/messages", SEND, "expires_at", [3, True, [], {}, "", "soon", LONG, "2020-01-01"], VALIDATION
    ),
    *_fields("post", f"{T}/messages", SEND, "cliente_id", [True, [], {}, "51", 0, -1, 1.5, 10**20], CLIENTE),
    ("post", f"{T}/messages", {"message": "x"}, TO),
    ("post", f"{T}/messages", {"to": "5491123456789"}, MESSAGE),
    ("post", f"{T}/messages", {}, TO),
    *_fields("post", f"{T}/messages/bulk", {}, "messages", [None, 3, "x", {}, [], [SEND] * 1_001], VALIDATION),
    ("post", f"{T}/messages/bulk", {}, VALIDATION),
    *_fields("post", f"{T}/disconnect", {}, "logout", [None, 3, "true", [], {}], VALIDATION),
    *_fields("post", f"{T}/pairing-code", {}, "phone_number", [*NO_TEXT, LONG, NUL, "123", "x@g.us"], TO),
    ("post", f"{T}/pairing-code", {}, TO),
    *_fields("put", f"{T}/qr-authorization", {}, "enabled", [None, 3, "true", [], {}], VALIDATION),
    *_fields("put", f"{T}/qr-authorization", {"enabled": True}, "expires_at", [3, True, [], "x", LONG], VALIDATION),
    ("put", f"{T}/qr-authorization", {}, VALIDATION),
    *[
        (method, f"{T}/{path}", body, VALIDATION)
        for method, path in (("post", "messages"), ("post", "messages/bulk"), ("put", "qr-authorization"))
        for body in (None, 3, "x", [], True)
    ],
]


@pytest.fixture
def every_session_ready(own):
    own(SessionStatus.READY)


@pytest.mark.parametrize(("method", "path", "body", "code"), BODIES, ids=lambda value: str(value)[:40])
def test_a_bad_body_is_a_400_that_names_the_field(client, root, queued, method, path, body, code):
    answer = client.open(path, method=method.upper(), headers=root, json=body)

    assert (answer.status_code, answer.json["ok"], answer.json["error"]) == (400, False, code), answer.json
    assert answer.json["message"]
    assert answer.json["details"]
    assert queued() == []


BAD_IDS = ["0", "-1", "051", "1.5", "x", "2147483648", "9" * 400, "%00", "%ff", "5%201", "٥١", "51%0a", "sender_51"]


@pytest.mark.parametrize("cliente_id", BAD_IDS)
@pytest.mark.parametrize("path", ["status", "qr", "messages", "messages/x", "inbound", "contacts/5491123456789"])
def test_a_bad_cliente_id(client, root, cliente_id, path):
    answer = client.get(f"/api/whatsapp/{cliente_id}/{path}", headers=root)

    assert (answer.status_code, answer.json["error"]) == (400, "INVALID_CLIENTE_ID")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        *[(f"qr?wait={value}", VALIDATION) for value in ("x", "-1", "31", "nan", "inf", "", "%00", "1e400")],
        *[(f"messages?limit={value}", VALIDATION) for value in ("0", "501", "x", "1.5", "9" * 50)],
        *[(f"messages?status={value}", VALIDATION) for value in ("x", "SENT", "%00", "x" * 3_000)],
        *[(f"messages?{name}={value}", VALIDATION) for name in ("from", "until") for value in ("x", "%00", "9" * 50)],
        *[(f"messages?cursor={value}", VALIDATION) for value in ("x", "%00", "ñ", "A" * 121, "AAAA", "%ff%fe")],
        *[(f"messages?campaign={value}", VALIDATION) for value in ("%00", "a b", "x" * 65)],
        *[(f"messages?to={value}", TO) for value in ("x", "123", "%00", "1" * 65)],
        ("messages?lane=x", VALIDATION),
        ("messages/x?events=perhaps", VALIDATION),
        *[(f"inbound?from_number={value}", VALIDATION) for value in ("%00", "x" * 65)],
        ("inbound?from_number=x", TO),
        *[(f"inbound?from={value}", VALIDATION) for value in ("%00", "x" * 65, "2026-11-20T10:00:00Z", "2026-11-20")],
        ("inbound?from=x", TO),
        ("inbound?from=5491123456789&from_number=5491123456780", VALIDATION),
        *[(f"inbound?{name}={value}", VALIDATION) for name in ("since", "until") for value in ("x", "%00")],
        *[(f"inbound?type={value}", VALIDATION) for value in ("chat", "TEXT", "%00", "")],
        *[(f"inbound?chat={value}", VALIDATION) for value in ("", "%00", "x" * 101)],
        *[(f"inbound?chat={value}", TO) for value in ("x", "@g.us", "x@lid")],
        (f"inbound/{'x' * 201}", VALIDATION),
        ("inbound?cursor=MTpq", VALIDATION),
        ("inbound?limit=x", VALIDATION),
        *[(f"contacts/{value}", TO) for value in ("x", "123", "%00", "1" * 65, "1@g.us", "%ff")],
        ("status?cliente_id=52", VALIDATION),
        ("status?cliente_id=x", CLIENTE),
    ],
)
def test_a_bad_query_or_path(client, root, query, code):
    answer = client.get(f"{T}/{query}", headers=root)

    assert (answer.status_code, answer.json["error"]) == (400, code), answer.json


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("X-Cliente-Id", "x", 400, "INVALID_HEADER"),
        ("X-Cliente-Id", "", 400, "INVALID_HEADER"),
        ("X-Cliente-Id", "52", 400, "VALIDATION_ERROR"),
        ("Idempotency-Key", "", 400, "VALIDATION_ERROR"),
        ("Idempotency-Key", "ñ", 400, "VALIDATION_ERROR"),
        ("Idempotency-Key", "k" * 201, 400, "VALIDATION_ERROR"),
    ],
)
def test_a_bad_header(client, root, header, value, status, code):
    answer = client.post(f"{T}/messages", headers=root | {header: value}, json=SEND)

    assert (answer.status_code, answer.json["error"]) == (status, code)


WITH_BODY = [
    ("post", "/api/auth/login"),
    ("post", f"{T}/messages"),
    ("post", f"{T}/messages/bulk"),
    ("post", f"{T}/pairing-code"),
    ("post", f"{T}/disconnect"),
    ("put", f"{T}/qr-authorization"),
]


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"\xff\xfe",
        b'{"to": "\xff"}',
        b'{"to": "\\ud800"}',
        b"NaN",
        b"[" * 20_000,
        b'{"a":' * 20_000,
        b"\x00",
        b"null",
        b'"{}"',
        b"9" * 6_000,
    ],
    ids=lambda raw: repr(raw[:12]),
)
def test_a_body_that_is_no_json_object(client, root, method, path, raw):
    answer = client.open(path, method=method.upper(), headers=root, data=raw, content_type="application/json")

    assert (answer.status_code, answer.json["error"]) in ((400, VALIDATION), (400, TO)), answer.json


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
def test_another_content_type_is_a_415(client, root, method, path, kind):
    headers = root | ({"Content-Type": kind} if kind else {})
    answer = client.open(path, method=method.upper(), headers=headers, data=b"{}")

    if kind.startswith("multipart/") and path == f"{T}/messages":  # a message may come with its file
        assert (answer.status_code, answer.json["error"]) == (400, VALIDATION)
        return
    assert (answer.status_code, answer.json["error"]) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_over_the_limit_is_a_413(client, root, method, path):
    limit = 8 * 2**20 if path.endswith("bulk") else 2**20
    raw = b'{"x": "' + b"x" * limit + b'"}'

    answer = client.open(path, method=method.upper(), headers=root, data=raw, content_type="application/json")

    assert (answer.status_code, answer.json["error"]) == (413, "PAYLOAD_TOO_LARGE")


def test_a_bulk_may_be_larger_than_one_message(client, maria):
    entry = SEND | {"message": "x" * 4_096}
    answer = client.post(
        f"{T}/messages/bulk",
        headers=maria,
        data=json.dumps({"messages": [entry] * 300}),
        content_type="application/json",
    )

    assert (answer.status_code, answer.json["accepted"]) == (202, 300)


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("get", "/api", 404, "NOT_FOUND"),
        ("get", "/api/whatsapp/51", 404, "NOT_FOUND"),
        ("get", "/api/whatsapp/51/status/x", 404, "NOT_FOUND"),
        ("get", "/%ff%00", 404, "NOT_FOUND"),
        ("get", "/../../etc/passwd", 404, "NOT_FOUND"),
        ("delete", "/health", 405, "METHOD_NOT_ALLOWED"),
        ("get", "/api/auth/login", 405, "METHOD_NOT_ALLOWED"),
        ("patch", f"{T}/status", 405, "METHOD_NOT_ALLOWED"),
        ("get", f"{T}/messages/nothing", 404, "NOT_FOUND"),
        ("get", f"{T}/messages/%00", 404, "NOT_FOUND"),
        ("get", f"{T}/messages/" + "x" * 65, 400, VALIDATION),
        ("get", f"{T}/messages/bulk/nothing", 404, "NOT_FOUND"),
    ],
)
def test_what_is_not_there(client, root, method, path, status, code):
    answer = client.open(path, method=method.upper(), headers=root)

    assert (answer.status_code, answer.json["error"], answer.json["ok"]) == (status, code, False)


CALLS = [
    ("get", "status"),
    ("post", "status"),
    ("post", "connect"),
    ("post", "disconnect"),
    ("post", "restart"),
    ("get", "qr"),
    ("post", "pairing-code"),
    ("get", "contacts/5491123456789"),
    ("get", "qr-authorization"),
    ("put", "qr-authorization"),
    ("delete", "qr-authorization"),
    ("get", "messages"),
    ("post", "messages"),
    ("post", "messages/bulk"),
    ("get", "messages/bulk/x"),
    ("get", "messages/x"),
    ("post", "messages/x/cancel"),
    ("get", "inbound"),
]


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_another_tenant_is_forbidden_and_nothing_is_told(client, maria, own, services, method, path):
    own(SessionStatus.READY, 52, phone_number="5491199999999")
    known = client.open(f"/api/whatsapp/52/{path}", method=method.upper(), headers=maria)
    unknown = client.open(f"/api/whatsapp/99/{path}", method=method.upper(), headers=maria)

    assert (known.status_code, known.json["error"]) == (403, "FORBIDDEN")
    assert known.data == unknown.data
    for queue in (session_queue(52), control_queue(52)):
        assert services.client.llen(services.keys.queue_list(queue)) == 0


@pytest.mark.parametrize("where", ["header", "query", "body"])
def test_another_tenant_named_beside_the_url_is_forbidden(client, maria, where):
    headers = maria | ({"X-Cliente-Id": "52"} if where == "header" else {})
    body = SEND | ({"cliente_id": 52} if where == "body" else {})
    query = "?cliente_id=52" if where == "query" else ""

    answer = client.post(f"{T}/messages{query}", headers=headers, json=body)

    assert (answer.status_code, answer.json["error"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize(("method", "path"), [*CALLS, ("get", "../../sessions")])
def test_without_credentials_nothing_is_told(client, method, path):
    url = "/api/sessions" if path.startswith("..") else f"{T}/{path}"
    answer = client.open(url, method=method.upper())

    assert (answer.status_code, answer.json["error"]) == (401, "UNAUTHORIZED")
    assert answer.headers["WWW-Authenticate"] == "Bearer"

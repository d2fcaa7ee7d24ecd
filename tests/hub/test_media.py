"""The bytes of received messages: handing them out, what is said where they are not here, how long they stay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from received_media import PDF, SENDER, SHA256, Receiving

from hub_api.app import create_app
from hub_api.recording.drain import Drain
from hub_api.services import Services
from shared.instant import now_ms
from shared.protocol.events import MessageInbound, MessageMedia
from shared.protocol.inbound import MediaStatus
from shared.settings import Settings

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def receive(services: Services, drain: Drain) -> Receiving:
    return Receiving(services, drain)


@pytest.fixture
def ask(client: FlaskClient, maria: dict[str, str]) -> Callable[..., Any]:
    """Asks for a message's bytes as tenant 51's user."""

    def get(whatsapp_id: str, *, method: str = "GET", **headers: str) -> Any:
        sent = maria | {name.replace("_", "-"): value for name, value in headers.items()}
        return client.open(f"/api/whatsapp/51/inbound/{whatsapp_id}/media", method=method, headers=sent)

    return get


def test_the_bytes_come_as_an_attachment_that_nothing_shows_as_a_page(receive: Receiving, ask: Any) -> None:
    answer = ask(receive())
    assert (answer.status_code, answer.data) == (200, PDF)
    told = {name: answer.headers.get(name) for name in WANTED}
    assert told == WANTED


WANTED = {
    "Content-Type": "application/pdf",
    "Content-Length": str(len(PDF)),
    "Content-Disposition": "attachment; filename=\"contrato.pdf\"; filename*=UTF-8''contrato.pdf",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cache-Control": "private, no-cache",
    "ETag": f'"{SHA256}"',
    "Accept-Ranges": "bytes",
}


@pytest.mark.parametrize(
    ("asked", "first", "stop"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=70000-70009", 70_000, 70_010),
        ("bytes=76000-", 76_000, len(PDF)),
        ("bytes=-500", len(PDF) - 500, len(PDF)),
        (f"bytes=0-{len(PDF) * 2}", 0, len(PDF)),
    ],
)
def test_a_part_may_be_asked_for(receive: Receiving, ask: Any, asked: str, first: int, stop: int) -> None:
    answer = ask(receive(), Range=asked)
    assert (answer.status_code, answer.data) == (206, PDF[first:stop])
    assert answer.headers["Content-Range"] == f"bytes {first}-{stop - 1}/{len(PDF)}"
    assert answer.headers["Content-Length"] == str(stop - first)
    assert answer.headers["ETag"] == f'"{SHA256}"'


def test_several_parts_are_sent_as_a_whole_and_one_that_is_not_there_is_refused(receive: Receiving, ask: Any) -> None:
    key = receive()
    whole = ask(key, Range="bytes=0-1,5-6")
    assert (whole.status_code, whole.data) == (200, PDF)
    beyond = ask(key, Range=f"bytes={len(PDF)}-")
    assert (beyond.status_code, beyond.json["ok"]) == (416, False)


def test_a_part_of_other_bytes_is_not_sent(receive: Receiving, ask: Any) -> None:
    key = receive()
    same = ask(key, Range="bytes=0-9", If_Range=f'"{SHA256}"')
    other = ask(key, Range="bytes=0-9", If_Range='"other"')
    assert (same.status_code, same.data) == (206, PDF[:10])
    assert (other.status_code, other.data) == (200, PDF)


def test_who_has_them_is_sent_none(receive: Receiving, ask: Any) -> None:
    key = receive()
    known = ask(key, If_None_Match=f'"{SHA256}"')
    assert (known.status_code, known.data) == (304, b"")
    assert known.headers["ETag"] == f'"{SHA256}"'
    assert ask(key, If_None_Match='"other"').status_code == 200


def test_how_large_they_are_is_told_without_them(receive: Receiving, ask: Any) -> None:
    answer = ask(receive(), method="HEAD")
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["Content-Length"] == str(len(PDF))
    assert answer.headers["ETag"] == f'"{SHA256}"'


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_place_and_no_file_stays_taken(
    services: Services, settings: Settings, receive: Receiving, maria: dict[str, str], method: str
) -> None:
    key, opened = receive(), []
    real = services.media.open

    def watched(cliente_id: int, sha256: str) -> Any:
        opened.append(real(cliente_id, sha256))
        return opened[-1]

    services.media.open = watched  # type: ignore[method-assign]
    client = create_app(settings, services).test_client()
    for headers in ({}, {"Range": "bytes=0-9"}, {"Range": "bytes=999999-"}, {"If-None-Match": f'"{SHA256}"'}):
        for _ in range(10):  # more than a tenant has places
            path = f"/api/whatsapp/51/inbound/{key}/media"
            client.open(path, method=method, headers=maria | headers).close()
    assert len(opened) == 40
    assert all(file.closed for file in opened)


def test_slow_readers_take_no_more_places_than_a_tenant_has(
    services: Services, settings: Settings, receive: Receiving, maria: dict[str, str]
) -> None:
    path = f"/api/whatsapp/51/inbound/{receive()}/media"
    client = create_app(settings, services).test_client()
    places = settings.hub_max_waiting_per_tenant
    reading = [client.get(path, headers=maria, buffered=False) for _ in range(places)]
    assert {answer.status_code for answer in reading} == {200}
    refused = client.get(path, headers=maria)
    assert (refused.status_code, refused.json["error"]) == (429, "RATE_LIMITED")
    for answer in reading:
        answer.close()
    assert client.get(path, headers=maria).data == PDF


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (MediaStatus.PENDING, ""),
        (MediaStatus.EXPIRED, ""),
        (MediaStatus.TOO_LARGE, ""),
        (MediaStatus.FAILED, "MEDIA_QUOTA_EXCEEDED"),
    ],
)
def test_what_is_not_here_says_what_became_of_it(
    receive: Receiving, ask: Any, client: FlaskClient, maria: dict[str, str], status: MediaStatus, error: str
) -> None:
    key = receive(status=status, error=error)
    answer = ask(key)
    assert (answer.status_code, answer.json["error"]) == (404, "NOT_FOUND")
    told = answer.json["details"]["media"]
    assert (told["status"], told["error"], told["sha256"]) == (status.value, error or None, None)
    assert ("Retry-After" in answer.headers) == (status is MediaStatus.PENDING)
    shown = client.get(f"/api/whatsapp/51/inbound/{key}", headers=maria).json
    assert shown["media"] == told


def test_a_file_that_was_taken_away_is_said_to_be_missing(services: Services, receive: Receiving, ask: Any) -> None:
    key = receive()
    services.media.delete(51, SHA256, older_than_s=0)
    answer = ask(key)
    assert answer.status_code == 404
    assert answer.json["details"]["media"]["error"] == "MEDIA_FILE_MISSING"


def test_a_store_that_is_away_is_no_fault_of_the_caller(
    services: Services, settings: Settings, receive: Receiving, ask: Any
) -> None:
    key, folder = receive(), Path(settings.media_location)
    folder.rename(folder.with_name("gone"))
    folder.write_text("no folder")
    answer = ask(key)
    assert (answer.status_code, answer.json["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    assert "Retry-After" in answer.headers


def test_neither_unknown_messages_nor_texts_have_bytes(services: Services, drain: Drain, ask: Any) -> None:
    key = f"false_{SENDER}@c.us_3EB0FF"
    services.ledger.receipts.record_inbound(51, [MessageInbound(SENDER, "hola", now_ms(), key)], now_ms())
    drain.run()
    for asked in (key, "nothing"):
        answer = ask(asked)
        assert (answer.status_code, answer.json["error"], "details" in answer.json) == (404, "NOT_FOUND", False)


def test_another_tenants_bytes_are_not_found_under_ones_own_name(
    receive: Receiving, ask: Any, client: FlaskClient, maria: dict[str, str]
) -> None:
    key = receive(cliente_id=52)
    assert ask(key).status_code == 404
    foreign = client.get(f"/api/whatsapp/52/inbound/{key}/media", headers=maria)
    assert (foreign.status_code, foreign.json["error"]) == (403, "FORBIDDEN")


def test_what_came_in_as_a_page_is_still_no_page(receive: Receiving, ask: Any) -> None:
    answer = ask(receive(b"<script>alert(1)</script>", name="a.html\r\nX-Evil: 1", mime_type="text/html; charset=x"))
    assert answer.headers["Content-Type"] == "text/html"
    assert answer.headers["Content-Disposition"].startswith("attachment; ")
    assert "X-Evil" not in answer.headers
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_how_much_they_take(receive: Receiving, client: FlaskClient, maria: dict[str, str], settings: Settings) -> None:
    receive()
    receive()  # the same bytes
    receive(b"otra")
    receive(status=MediaStatus.FAILED, error="MEDIA_QUOTA_EXCEEDED")
    receive(status=MediaStatus.PENDING)
    receive(b"de otro", cliente_id=52)
    answer = client.get("/api/whatsapp/51/media/usage", headers=maria).json
    assert answer == {
        "ok": True, "cliente_id": 51, "used_bytes": len(PDF) + 4, "quota_bytes": 10_240 << 20, "over_quota": True,
        "retention_days": None, "available": 3, "pending": 1, "expired": 0, "too_large": 0, "failed": 1,
    }  # fmt: skip
    assert settings.media_quota_mib == 10_240


class TestFetchingAgain:
    @pytest.fixture
    def fetch(self, client: FlaskClient, maria: dict[str, str]) -> Callable[[str], Any]:
        return lambda key: client.post(f"/api/whatsapp/51/inbound/{key}/media/fetch", headers=maria)

    @pytest.mark.parametrize("status", [MediaStatus.FAILED, MediaStatus.EXPIRED, MediaStatus.PENDING])
    def test_what_was_not_fetched_is_due_at_once(
        self, receive: Receiving, fetch: Any, ask: Any, services: Services, drain: Drain, status: MediaStatus
    ) -> None:
        key = receive(status=status, error="" if status is MediaStatus.PENDING else "MEDIA_NOT_FETCHED")
        found = services.ledger.media.next(51)
        if found is not None:  # it was tried often, and waits for long
            tried = replace(found.pending, tries=9)
            services.ledger.media.postpone(51, key, now_ms() + 3_600_000, tried)

        answer = fetch(key)
        drain.run()

        assert (answer.status_code, answer.json["media"]["status"]) == (202, "pending")
        due = services.ledger.media.next(51)
        assert due is not None
        assert (due.whatsapp_id, due.pending.tries, due.due_ms <= now_ms()) == (key, 0, True)
        assert (due.pending.source.media_key, due.pending.type.value) == ("a2V5", "document")
        assert ask(key).json["details"]["media"]["status"] == "pending"
        assert ask(key).json["details"]["media"]["error"] is None

    def test_its_outcome_is_the_messages(
        self, receive: Receiving, fetch: Any, ask: Any, services: Services, drain: Drain
    ) -> None:
        key = receive(status=MediaStatus.FAILED, error="MEDIA_NOT_FETCHED")
        fetch(key)
        with services.media.writing(51, 1 << 20) as writer:
            writer.write(PDF)
            stored = writer.commit()
        outcome = MessageMedia(key, MediaStatus.AVAILABLE, "application/pdf", len(PDF), stored.sha256, "", 1)
        assert services.ledger.media.complete(51, outcome, stored.added_bytes, now_ms())
        drain.run()
        assert (ask(key).status_code, ask(key).data) == (200, PDF)

    def test_what_is_there_or_too_large_is_not_fetched_again(
        self, receive: Receiving, fetch: Any, services: Services
    ) -> None:
        for status in (MediaStatus.AVAILABLE, MediaStatus.TOO_LARGE):
            answer = fetch(receive(status=status))
            assert (answer.status_code, answer.json["error"]) == (409, "MEDIA_NOT_FETCHABLE")
            assert answer.json["details"]["media"]["status"] == status.value
        assert services.ledger.media.next(51) is None

    def test_a_file_that_is_missing_is(self, receive: Receiving, fetch: Any, services: Services) -> None:
        key = receive()
        services.media.delete(51, SHA256, older_than_s=0)
        assert fetch(key).status_code == 202

    def test_who_did_it_is_in_the_audit_trail_and_other_tenants_can_not(
        self,
        receive: Receiving,
        fetch: Any,
        client: FlaskClient,
        root: dict[str, str],
        token_of: Callable[[str], str],
        services: Services,
    ) -> None:
        key = receive(status=MediaStatus.FAILED)
        pedro = {"Authorization": f"Bearer {token_of('pedro')}"}
        refused = client.post(f"/api/whatsapp/51/inbound/{key}/media/fetch", headers=pedro)
        foreign = client.post(f"/api/whatsapp/52/inbound/{key}/media/fetch", headers=pedro)
        assert (refused.status_code, foreign.status_code) == (403, 404)
        assert services.ledger.media.next(51) is None

        fetch(key)
        entry = client.get("/api/audit", headers=root).json["items"][0]
        assert (entry["what"], entry["who"], entry["cliente_id"]) == ("media.fetch", "user:maria", 51)

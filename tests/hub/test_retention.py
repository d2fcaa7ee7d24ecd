"""What is forgotten by age, and what ends by itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hub_records import accept, count, recorded
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from hub_api.acts.models import MessageAct
from hub_api.bulk.models import Bulk
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageChange, MessageEvent, MessageRecord
from hub_api.messages.service import expire_overdue
from hub_api.messages.subject import SUBJECT
from hub_api.recording import retention
from hub_api.recording.drain import Drain
from hub_api.recording.models import UnrecordedEvent
from hub_api.recording.retention import Retention, make_retention
from hub_api.services import Services
from hub_api.sessions.models import SessionEventRecord
from hub_api.subjects import subjects
from hub_api.webhooks.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint, WebhookLane
from shared.instant import now_ms
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import MediaSource
from shared.transitions.message import MessageStatus
from support.claiming import stored

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

DAY = 86_400_000


def _deliveries(session: Session, old: int) -> None:
    """One that was delivered, one that still waits, each with an attempt."""
    endpoint = WebhookEndpoint(
        webhook_id="w", cliente_id=51, url="https://x.example/", active=True, secret="s", created_at=old, updated_at=old
    )
    session.add(endpoint)
    session.flush()
    lane = WebhookLane(endpoint=endpoint.id, number=0, cliente_id=51)
    session.add(lane)
    session.flush()
    for status, ended_at in (("delivered", old), ("waiting", None)):
        row = WebhookDelivery(
            delivery_id=status, endpoint=endpoint.id, lane=lane.id, cliente_id=51, type="session.status",
            chat="session", body="{}", status=status, created_at=old, ended_at=ended_at, next_at=old,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(WebhookAttempt(delivery=row.id, number=1, at=old, duration_ms=1, answer=""))


def test_what_is_settled_and_old_goes_what_is_open_stays(services: Services, drain: Drain) -> None:
    old, ledger = now_ms() - 100 * DAY, services.ledger
    gone, kept_open, young = accept(services, at=old), accept(services, at=old), accept(services)
    for message_id in (gone, young):
        ledger.review.cancel(51, message_id, old + 1)
    ledger.receipts.record_inbound(51, [MessageInbound("5491", "x", old, "wa-1", media=MediaSource("image"))], old)
    drain.run()
    with services.database.writing() as session:
        session.add(SessionEventRecord(event_id="1-1", cliente_id=51, type="session.status", at=old, data="{}"))
        session.add(MessageChange(cliente_id=51, whatsapp_id="wa-2", revoked_at=old, at=old))
        for act_id, at in (("a1", old), ("a2", now_ms())):
            said = {"message": "m", "whatsapp_id": "wa-2", "kind": "deletion", "emoji": "", "status": "done"}
            session.add(MessageAct(act_id=act_id, cliente_id=51, asked_at=at, **said))
        session.add(UnrecordedEvent(event_id="1-2", at=old, reason="KeyError", fields="{}"))
        _deliveries(session, old)
        session.add(Bulk(bulk_id="b", cliente_id=51, created_at=old, body_digest="d", message_ids="[]"))
        session.add(MessageEvent(event_id="1-3", message_id="m", cliente_id=51, type="message.key", at=old, data="{}"))
    assert Retention(services.database, 0, SUBJECT.expiring).run(now_ms()) == {}
    assert count(services, MessageRecord) == 3
    done = make_retention(services).run(now_ms())

    assert done == {
        "messages": 1, "message_events": 1, "inbound_messages": 1, "session_events": 1, "unrecorded_events": 1,
        "bulks": 1, "campaign_imports": 0, "inbound_media": 1, "message_changes": 1, "conversations": 1,
        "webhook_deliveries": 1, "message_acts": 1,
    }  # fmt: skip
    with services.database.reading() as session:
        assert session.get(MessageRecord, gone) is None
        assert set(session.scalars(select(MessageEvent.message_id))) == {kept_open, young}
    assert (recorded(services, kept_open).status, recorded(services, young).status) == ("queued", "cancelled")
    assert count(services, InboundMessage) == 0
    assert (count(services, WebhookDelivery), count(services, WebhookAttempt)) == (1, 1)  # what still waits


def test_more_than_a_batch_goes_in_one_run(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with services.database.writing() as session:
        for n in range(5):
            session.add(SessionEventRecord(event_id=f"1-{n}", cliente_id=51, type="session.status", at=1, data="{}"))
    assert make_retention(services).run(now_ms())["session_events"] == 5
    assert count(services, SessionEventRecord) == 0


def test_what_is_old_is_found_by_an_index(services: Services, database_kind: str) -> None:
    explain, scan = ("EXPLAIN QUERY PLAN", "SCAN ") if database_kind == "sqlite" else ("EXPLAIN", "Seq Scan on ")
    for rows in (rows for subject in subjects() for rows in subject.expiring):
        statement = retention.old_rows(rows, now_ms())
        words = statement.compile(services.database.engine, compile_kwargs={"literal_binds": True})
        with services.database.reading() as session:
            if database_kind == "postgresql":  # which reads a small table as a whole where it may
                session.execute(text("SET LOCAL enable_seqscan = off"))
            plan = [row[-1] for row in session.execute(text(f"{explain} {words}"))]
        assert not [step for step in plan if scan + rows.name in step], (rows.name, plan)


def test_nobody_is_kept_from_writing_while_it_looks(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused() -> None:
        raise AssertionError("a transaction that writes was begun for nothing")

    monkeypatch.setattr(services.database, "writing", refused)
    assert not any(make_retention(services).run(now_ms()).values())


def test_few_go_in_one_transaction(services: Services, drain: Drain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "CHUNK", 2)
    old = now_ms() - 100 * DAY
    for number in range(5):
        services.ledger.review.cancel(51, accept(services, f"549112345678{number}", at=old), old + 1)
    drain.run()
    left: list[int] = []
    writing = services.database.writing

    @contextmanager
    def watched() -> Iterator[Session]:
        with writing() as session:
            yield session
        left.append(count(services, MessageRecord))

    monkeypatch.setattr(services.database, "writing", watched)
    assert make_retention(services).run(now_ms())["messages"] == 5
    assert left == [3, 1, 0]


def test_what_became_of_a_row_since_it_was_found_counts(services: Services, drain: Drain) -> None:
    message_id = accept(services, at=now_ms() - 100 * DAY)
    drain.run()
    forgetting = make_retention(services)
    [rows] = [rows for rows in SUBJECT.expiring if rows.name == "messages"]
    assert forgetting._delete(rows, now_ms(), [message_id]) == 0  # it is open
    assert recorded(services, message_id).status == "queued"
    assert count(services, MessageEvent) == 1


def test_what_is_overdue_expires(services: Services) -> None:
    message_id, later = accept(services, at=now_ms() - 10 * DAY), accept(services)

    assert expire_overdue(services, now_ms()) == 1
    message = stored(services.ledger, message_id)
    assert (message.status, message.error) == (MessageStatus.EXPIRED, "EXPIRED")
    assert stored(services.ledger, later).status is MessageStatus.QUEUED

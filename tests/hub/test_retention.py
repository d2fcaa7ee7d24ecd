"""What is forgotten by age, and what ends by itself."""

from __future__ import annotations

import pytest
from hub_records import accept, count, recorded
from sqlalchemy import select

from hub_api.bulk.models import Bulk
from hub_api.inbox.models import InboundMessage
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.service import expire_overdue
from hub_api.messages.subject import SUBJECT
from hub_api.recording import retention
from hub_api.recording.drain import Drain
from hub_api.recording.models import UnrecordedEvent
from hub_api.recording.retention import Retention, make_retention
from hub_api.services import Services
from hub_api.sessions.models import SessionEventRecord
from shared.instant import now_ms
from shared.protocol.events import MessageInbound
from shared.transitions.message import MessageStatus
from support.claiming import stored

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

DAY = 86_400_000


def test_what_is_settled_and_old_goes_what_is_open_stays(services: Services, drain: Drain) -> None:
    old, ledger = now_ms() - 100 * DAY, services.ledger
    gone, kept_open, young = accept(services, at=old), accept(services, at=old), accept(services)
    for message_id in (gone, young):
        ledger.review.cancel(51, message_id, old + 1)
    ledger.receipts.record_inbound(51, [MessageInbound("5491", "x", old, "wa-1")], old)
    drain.run()
    with services.database.writing() as session:
        session.add(SessionEventRecord(event_id="1-1", cliente_id=51, type="session.status", at=old, data="{}"))
        session.add(UnrecordedEvent(event_id="1-2", at=old, reason="KeyError", fields="{}"))
        session.add(Bulk(bulk_id="b", cliente_id=51, created_at=old, body_digest="d", message_ids="[]"))
        session.add(MessageEvent(event_id="1-3", message_id="m", cliente_id=51, type="message.key", at=old, data="{}"))
    assert Retention(services.database, 0, SUBJECT.expiring).run(now_ms()) == {}
    assert count(services, MessageRecord) == 3
    done = make_retention(services).run(now_ms())

    assert done == {
        "messages": 1, "message_events": 1, "inbound_messages": 1, "session_events": 1, "unrecorded_events": 1,
        "bulks": 1,
    }  # fmt: skip
    with services.database.reading() as session:
        assert session.get(MessageRecord, gone) is None
        assert set(session.scalars(select(MessageEvent.message_id))) == {kept_open, young}
    assert (recorded(services, kept_open).status, recorded(services, young).status) == ("queued", "cancelled")
    assert count(services, InboundMessage) == 0


def test_more_than_a_batch_goes_in_one_run(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    with services.database.writing() as session:
        for n in range(5):
            session.add(SessionEventRecord(event_id=f"1-{n}", cliente_id=51, type="session.status", at=1, data="{}"))
    assert make_retention(services).run(now_ms())["session_events"] == 5
    assert count(services, SessionEventRecord) == 0


def test_what_is_overdue_expires(services: Services) -> None:
    message_id, later = accept(services, at=now_ms() - 10 * DAY), accept(services)

    assert expire_overdue(services, now_ms()) == 1
    message = stored(services.ledger, message_id)
    assert (message.status, message.error) == (MessageStatus.EXPIRED, "EXPIRED")
    assert stored(services.ledger, later).status is MessageStatus.QUEUED

"""A received message that Redis no longer knows is not recorded a second time."""

from __future__ import annotations

import pytest
import redis
from hub_records import count

from hub_api.inbox.models import InboundMessage
from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.instant import now_ms
from shared.names import Keys
from shared.protocol.events import MessageInbound

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_after_redis_was_emptied(
    services: Services, drain: Drain, lost_state: LostState, server: redis.Redis, keys: Keys
) -> None:
    # given two that are on record, and one that Redis alone had
    now = now_ms()
    messages = [MessageInbound("5491123456789", text, now - age, f"false_{text}") for text, age in [("a", 9), ("b", 5)]]
    services.ledger.receipts.record_inbound(51, messages, now)
    drain.run()
    last = MessageInbound("5491123456789", "c", now, "false_c")
    services.ledger.receipts.record_inbound(51, [last], now)
    # when Redis comes back with nothing
    server.delete(*server.keys(keys.prefix + "*"))
    assert lost_state.mend()
    # then a session reads from the latest on record, and what it meets again is recorded once
    position = services.ledger.row_cursors.read(51, "5491150000051/pairing")
    assert (position.cursor, position.recorded_until_ms) == (None, now - 5)
    assert services.ledger.receipts.record_inbound(51, [*messages, last], now) == [True, True, True]
    drain.run()
    assert count(services, InboundMessage) == 3
    with services.database.reading() as session:
        assert [row.text for row in session.query(InboundMessage).order_by(InboundMessage.id)] == ["a", "b", "c"]

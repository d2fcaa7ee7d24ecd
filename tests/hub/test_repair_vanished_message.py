"""What was accepted in the second before Redis was lost does not vanish: the hub that accepted it remembers it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import redis
from hub_records import accept, recorded

from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.repair.vanished_message import YOUNG_MS, VanishedMessages
from hub_api.services import Services
from shared.names import Keys
from shared.transitions.message import MessageStatus
from shared.transitions.session import SessionStatus
from support.claiming import stored
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def later(services: Services, monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Looks as the hub does some seconds later."""
    lately, mend = services.accepted_lately, VanishedMessages(services).mend
    clock = lately._clock
    monkeypatch.setattr(lately, "_clock", lambda: clock() - 2 * YOUNG_MS)  # so long ago is what is accepted now

    def look() -> int:
        with monkeypatch.context() as patched:
            patched.setattr(lately, "_clock", clock)
            return mend()

    return look


def test_it_is_uncertain_and_on_record(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    own: Callable[..., Owner],
    later: Callable[[], int],
) -> None:
    known = accept(services)
    drain.run()
    lost = accept(services, "5491123456701")
    assert own(SessionStatus.READY).send_next()
    server.delete(*server.keys(keys.prefix + "*"))
    assert later() == 0  # SQL's knowledge comes first
    lost_state.mend()
    assert later() == 1
    assert later() == 0
    drain.run()

    found = stored(services.ledger, lost)
    assert (found.status, found.text, found.to) == (MessageStatus.UNCERTAIN, "hola", "5491123456701")
    assert recorded(services, lost).status == "uncertain"
    assert recorded(services, known).status in ("queued", "uncertain")
    assert services.ledger.entries.balance(51).balanced


def test_what_is_on_record_or_waits_for_it_is_left_alone(
    services: Services, drain: Drain, own: Callable[..., Owner], later: Callable[[], int]
) -> None:
    accept(services)
    waiting = accept(services, "5491123456701")
    assert own(SessionStatus.READY).send_next()
    assert later() == 0
    drain.run()
    assert later() == 0
    assert stored(services.ledger, waiting).status is MessageStatus.QUEUED
    assert services.ledger.entries.balance(51).balanced


def test_it_does_not_vanish_where_redis_is_lost_once_more_before_sql_has_it(
    services: Services,
    drain: Drain,
    lost_state: LostState,
    server: redis.Redis,
    keys: Keys,
    later: Callable[[], int],
) -> None:
    drain.run()
    lost = accept(services)
    for _ in range(2):
        server.delete(*server.keys(keys.prefix + "*"))
        lost_state.mend()
        assert later() == 1
    drain.run()
    assert later() == 0
    assert stored(services.ledger, lost).status is MessageStatus.UNCERTAIN
    assert recorded(services, lost).status == "uncertain"
    assert services.ledger.entries.balance(51).balanced

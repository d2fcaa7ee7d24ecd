"""The report's received = recorded: a message that SQL lacks is seen, whatever became of Redis meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import redis
from conversations_told import Tell, message, telling
from flask.testing import FlaskClient
from older_redis import Server

from hub_api.recording.drain import Drain
from hub_api.repair.lost_state import LostState
from hub_api.services import Services
from shared.ledger.restoring.incarnation import NotCompared
from shared.names import Keys
from shared.protocol.events import MessageInbound

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

Report = Callable[[], tuple[int, int]]
ONE, TWO, THREE = message("A1"), message("A2"), message("A3")


@pytest.fixture
def report(client: FlaskClient, maria: dict[str, str]) -> Report:
    def read() -> tuple[int, int]:
        answer: Any = client.get("/api/whatsapp/51/report", headers=maria).json
        return answer["received"], answer["received_recorded"]

    return read


@pytest.fixture
def tell(services: Services, drain: Drain) -> Tell:
    return telling(services, drain)


@pytest.fixture
def only_redis(services: Services) -> Callable[..., None]:
    """Tells what SQL does not record yet."""

    def told(*messages: MessageInbound) -> None:
        services.ledger.receipts.record_inbound(51, messages, messages[0].at)

    return told


def test_each_is_counted_once_by_both(tell: Tell, report: Report, only_redis: Any, drain: Drain) -> None:
    tell(ONE, TWO, ONE)
    assert report() == (2, 2)
    only_redis(THREE)
    assert report() == (3, 2)
    drain.run()
    assert report() == (3, 3)


def test_one_that_never_reached_sql_is_seen(
    tell: Tell, report: Report, only_redis: Any, server: redis.Redis, keys: Keys
) -> None:
    tell(ONE)
    only_redis(TWO)
    newest: Any = server.xrevrange(keys.events, count=1)
    server.xdel(keys.events, newest[0][0])
    tell(THREE)
    assert report() == (3, 2)


def test_after_redis_was_emptied(
    tell: Tell, report: Report, only_redis: Any, lost_state: LostState, drain: Drain, server: redis.Redis, keys: Keys
) -> None:
    # given two on record, and an empty Redis that takes in nothing before it was found so
    tell(ONE, TWO)
    server.delete(*server.keys(keys.prefix + "*"))
    with pytest.raises(NotCompared):
        only_redis(THREE)
    # when all is put back, and the session reads again what it knew
    assert lost_state.mend()
    only_redis(ONE, TWO, THREE)
    drain.run()
    # then
    assert report() == (3, 3)


def test_after_redis_became_an_older_copy(
    tell: Tell, report: Report, only_redis: Any, lost_state: LostState, drain: Drain, server: redis.Redis, keys: Keys
) -> None:
    # given a copy in which one is on record and one is not, and a third since
    tell(ONE)
    older = Server(server, keys)
    only_redis(TWO)
    copy = older.copy()
    drain.run()
    tell(THREE)
    # when Redis becomes that copy and the session reads again
    older.become(copy)
    assert lost_state.mend()
    only_redis(TWO, THREE)
    drain.run()
    # then
    assert report() == (3, 3)

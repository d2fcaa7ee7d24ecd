"""A tenant's counts that don't add up."""

from __future__ import annotations

import json

import pytest
import redis
from flask.testing import FlaskClient
from hub_records import accept
from sqlalchemy import select

from hub_api.recording.drain import Drain
from hub_api.repair.wrong_counts import WrongCounts
from hub_api.services import Services
from hub_api.sessions.models import SessionEventRecord
from shared.names import Keys

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


def test_twice_in_a_row_is_an_alarm_until_it_adds_up_again(
    client: FlaskClient,
    root: dict[str, str],
    services: Services,
    drain: Drain,
    server: redis.Redis,
    keys: Keys,
) -> None:
    counts = WrongCounts(services)
    accept(services)
    server.hincrby(keys.counts(51), "accepted", 1)
    assert counts.check() == []
    assert client.get("/ready").json["parts"]["ledger"]["ok"] is True
    assert counts.check() == [51]
    assert counts.check() == [51]
    ready = client.get("/ready", headers=root)
    assert (ready.status_code, ready.json["parts"]["ledger"]["ok"]) == (200, False)
    assert "51" in ready.json["parts"]["ledger"]["detail"]
    drain.run()
    with services.database.reading() as session:
        [event] = session.scalars(select(SessionEventRecord).where(SessionEventRecord.cliente_id == 51))
    assert (event.type, json.loads(event.data)["accepted"]) == ("ledger.imbalance", 2)

    server.hincrby(keys.counts(51), "accepted", -1)
    assert counts.check() == []
    assert client.get("/ready").json["parts"]["ledger"]["ok"] is True

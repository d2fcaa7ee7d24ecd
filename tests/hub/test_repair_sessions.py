"""Faults of sessions: a host that is lost, a wake-up that was lost, a mirror that differs from SQL."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
import redis
from flask.testing import FlaskClient
from hub_records import accept

from hub_api.repair import lost_wakeup
from hub_api.repair.lost_host import LostHosts
from hub_api.repair.wanted_mirror import WantedMirror
from hub_api.services import Services
from hub_api.sessions.models import WantedSession
from hub_api.sessions.service import connect, disconnect
from shared.names import Keys
from shared.sessions.hosts import Hosts
from shared.transitions.session import SessionStatus
from support.owner import Owner

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

T = "/api/whatsapp/51"


class TestLostHost:
    @pytest.fixture
    def clock(self) -> list[int]:
        return [0]

    @pytest.fixture
    def lost(self, services: Services, server: redis.Redis, clock: list[int]) -> LostHosts:
        assert services.settings.host_lost_seconds == 60
        return LostHosts(services, clock=lambda: clock[0])

    def test_a_store_that_stays_away_is_said_and_a_new_owner_replaces_it(
        self,
        services: Services,
        client: FlaskClient,
        maria: dict[str, str],
        lost: LostHosts,
        clock: list[int],
        own: Callable[..., Owner],
        server: redis.Redis,
        keys: Keys,
    ) -> None:
        connect(services, 51, "test")
        owner = own(SessionStatus.READY, phone_number="5491")
        server.hset(keys.host("h"), mapping={"store": "store"})
        server.sadd(keys.hosts, "h")
        owner.gone()
        assert lost.mend() == []
        server.delete(keys.host("h"))
        assert lost.mend() == []
        clock[0] = 59_999
        assert lost.mend() == []
        clock[0] = 60_000
        assert lost.mend() == [51]
        assert lost.mend() == []

        answer = client.get(f"{T}/status", headers=maria).json
        assert (answer["status"], answer["last_error_code"], answer["is_recoverable"]) == ("ERROR", "HOST_LOST", True)
        assert answer["last_error_message"] == "El servidor que guarda esta sesión no está disponible"
        assert answer["phone_number"] == "5491"
        server.hset(keys.host("h2"), mapping={"store": "store"})
        server.sadd(keys.hosts, "h2")
        own(SessionStatus.INIT)
        assert lost.mend() == []
        assert client.get(f"{T}/status", headers=maria).json["last_error_code"] is None

    def test_hosts_whose_heartbeat_is_over_are_forgotten(
        self, services: Services, lost: LostHosts, server: redis.Redis, keys: Keys
    ) -> None:
        # given a host that lives, and the runs of one that was killed again and again
        Hosts(server, keys).announce("here/1", {"store": "s"})
        server.sadd(keys.hosts, *(f"gone/{number}" for number in range(50)))
        # when
        lost.mend()
        # then
        assert server.smembers(keys.hosts) == {"here/1"}
        assert Hosts(server, keys).announced_stores() == {"s"}

    def test_a_live_owner_and_an_unwanted_session_are_left_alone(
        self, services: Services, lost: LostHosts, clock: list[int], own: Callable[..., Owner]
    ) -> None:
        own(SessionStatus.READY, 52)
        connect(services, 51, "test")
        own(SessionStatus.READY)
        lost.mend()
        clock[0] = 10**9
        assert lost.mend() == []


def test_hosts_are_notified_of_wanted_sessions_with_messages(
    services: Services, own: Callable[..., Owner], server: redis.Redis
) -> None:
    accept(services)
    connect(services, 52, "test")

    assert lost_wakeup.mend(services) == [51]
    own(SessionStatus.INIT)
    assert lost_wakeup.mend(services) == []


class TestWantedMirror:
    @pytest.fixture
    def mirror(self, services: Services, server: redis.Redis) -> WantedMirror:
        return WantedMirror(services)

    def test_an_emptied_mirror_is_filled_from_sql_and_a_lost_record_from_the_mirror(
        self, services: Services, mirror: WantedMirror, server: redis.Redis, keys: Keys
    ) -> None:
        connect(services, 51, "test")
        server.delete(keys.wanted)
        server.hset(keys.wanted, "52", "not json")
        assert mirror.mend() == []  # it may be changing just now
        assert not server.hexists(keys.wanted, "51")
        assert mirror.mend() == [51, 52]

        assert server.hexists(keys.wanted, "51")
        with services.database.reading() as session:
            row = session.get(WantedSession, 52)
        assert row is not None
        assert row.reason == "send"
        disconnect(services, 51, logout=False, who="user:maria")
        mirror.mend()
        mirror.mend()
        assert not server.hexists(keys.wanted, "51")

    def test_sql_learns_what_was_wanted_while_the_database_was_away(
        self, services: Services, mirror: WantedMirror, server: redis.Redis, keys: Keys
    ) -> None:
        server.hset(keys.wanted, "52", json.dumps({"since": 1, "reason": "send"}))
        mirror.mend()
        mirror.mend()
        with services.database.reading() as session:
            assert session.get(WantedSession, 52) is not None

"""Whose turn it is: who fails or is slow holds nobody else up, whatever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from receiver import Receiver, Reply
from sqlalchemy import text

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.webhooks.delivery.lanes import PLACES_PER_TENANT, Lanes, Taken
from hub_api.webhooks.endpoints import service
from shared.instant import now_ms

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)


@pytest.fixture
def waiting(services: Services) -> Callable[..., int]:
    """Makes an endpoint with something due in each of its lanes; returns its number."""

    def make(cliente_id: int, *, failing: bool = False, slow: bool = False, waits_since: int = 1) -> int:
        made = service.create(services.database, cliente_id, "https://x.example/", None, {}, "test")
        with services.database.writing() as session:
            found = {"id": made["webhook_id"]}
            number: int = session.execute(
                text("SELECT id FROM webhook_endpoints WHERE webhook_id = :id"), found
            ).scalar_one()
            session.execute(
                text("UPDATE webhook_lanes SET next_at = :at WHERE endpoint = :number"),
                {"at": waits_since, "number": number},
            )
            session.execute(
                text("UPDATE webhook_endpoints SET failing_since = :since, slow = :slow WHERE id = :number"),
                {"since": 1 if failing else None, "slow": slow, "number": number},
            )
        return number

    return make


def _take_all(services: Services, places: int) -> list[Taken]:
    lanes, taken = Lanes(services.database, places), []
    while (one := lanes.take(now_ms())) is not None:
        taken.append(one)
    return taken


def test_an_endpoint_that_fails_has_one_place_and_another_four(services: Services, waiting: Callable[..., int]) -> None:
    failing, good = waiting(51, failing=True), waiting(52)
    taken = [one.endpoint for one in _take_all(services, 32)]
    assert (taken.count(failing), taken.count(good)) == (1, 4)


def test_all_that_fail_or_are_slow_have_half_of_the_places(services: Services, waiting: Callable[..., int]) -> None:
    troubled = {waiting(100 + number, failing=number % 2 == 0, slow=number % 2 == 1) for number in range(12)}
    live = [waiting(51, waits_since=2), waiting(52, waits_since=2)]  # they came later
    taken = [one.endpoint for one in _take_all(services, 8)]
    assert sum(endpoint in troubled for endpoint in taken) == 4
    assert [taken.count(endpoint) for endpoint in live] == [4, 4]


def test_a_tenant_has_so_many_places(services: Services, waiting: Callable[..., int]) -> None:
    for _ in range(4):
        waiting(51)
    waiting(52, waits_since=2)
    taken = _take_all(services, 32)
    assert len(taken) == PLACES_PER_TENANT + 4


def test_a_lane_is_taken_once(services: Services, waiting: Callable[..., int]) -> None:
    waiting(51)
    assert len({one.lane for one in _take_all(services, 32)}) == 4
    assert _take_all(services, 32) == []


def test_a_lane_that_was_worked_goes_behind_those_that_wait(
    services: Services, make: Any, receive: Any, drain: Drain, receiver: Receiver, deliverer: Any
) -> None:
    """A backlog of one endpoint is delivered in turns with the others."""
    receiver.reply = lambda got: Reply()
    make(receiver.url + "/many", events=["message.received"])
    for number in range(120):
        receive("5491187654321", f"{number}")
    drain.run()
    make(receiver.url + "/few", events=["message.received"])
    receive("5491187654321", "last")
    drain.run()
    deliverer.run()
    paths = [got.path for got in receiver.received]
    assert paths.count("/hook/many") == 121
    assert paths.index("/hook/few") < 121

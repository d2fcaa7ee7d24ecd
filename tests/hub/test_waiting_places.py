"""Places to wait in: one tenant can't take those of all others, and nothing is accepted for want of one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from flask_openapi3.openapi import OpenAPI

from hub_api.messages.service import expire_overdue
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.restoring.restoring import RestoreAs
from shared.settings import Settings
from shared.transitions.session import SessionStatus
from support.owner import Owner
from support.queued_task import Task
from support.waiting import until

URL = "/api/whatsapp/51/messages"
HELLO = {"to": "5491123456789", "message": "hola"}
OLDER = HELLO | {"cliente_id": 51}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"hub_max_waiting": 4, "hub_max_waiting_per_tenant": 3})


@pytest.fixture
def taken(services: Services) -> Iterator[Callable[[int, int], None]]:
    """Takes places of a tenant for the rest of the test."""
    with ExitStack() as places:

        def take(cliente_id: int, number: int) -> None:
            for _ in range(number):
                places.enter_context(services.waiting.place(cliente_id))

        yield take


@pytest.mark.parametrize(("of_51", "of_52", "status", "code"), [(3, 0, 429, "RATE_LIMITED"), (1, 3, 503, "QUEUE_FULL")])
def test_an_older_send_without_a_place_accepts_nothing(
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    queued: Callable[..., list[Task]],
    taken: Callable[[int, int], None],
    of_51: int,
    of_52: int,
    status: int,
    code: str,
) -> None:
    own(SessionStatus.READY)
    taken(51, of_51)
    taken(52, of_52)

    answer = client.post("/send", headers=maria, json=OLDER)

    assert (answer.status_code, answer.json["code"], answer.json["certain"]) == (status, code, True)
    assert int(answer.headers["Retry-After"]) > 0
    assert queued() == []


def test_another_tenants_waiting_calls_leave_a_place(
    app: OpenAPI,
    maria: dict[str, str],
    own: Callable[..., Owner],
    queued: Callable[..., list[Task]],
    taken: Callable[[int, int], None],
) -> None:
    owner = own(SessionStatus.READY)
    taken(52, 3)
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(app.test_client().post("/send", headers=maria, json=OLDER)))
    thread.start()
    until(queued, what="the message's notification")
    assert owner.send_next()
    thread.join(timeout=20)

    assert (answers[0].status_code, answers[0].json["success"]) == (200, True)


def test_a_wait_without_a_place_is_202_at_once(
    client: FlaskClient, maria: dict[str, str], own: Callable[..., Owner], taken: Callable[[int, int], None]
) -> None:
    own(SessionStatus.READY)
    taken(51, 3)

    answer = client.post(f"{URL}?wait=30", headers=maria, json=HELLO)

    assert (answer.status_code, answer.json["status"]) == (202, "queued")


def test_a_place_is_given_back(services: Services, taken: Callable[[int, int], None]) -> None:
    for _ in range(10):
        with services.waiting.place(51), services.waiting.place_if_free(51):
            pass
    taken(51, 3)


@pytest.mark.parametrize("ending", ["sent", "failed", "cancelled", "expired", "expired when claimed", "restored"])
def test_whatever_ends_a_message_is_told_to_who_waits(
    app: OpenAPI,
    client: FlaskClient,
    maria: dict[str, str],
    own: Callable[..., Owner],
    services: Services,
    server: redis.Redis,
    queued: Callable[..., list[Task]],
    ending: str,
) -> None:
    """Within the wait, though nothing looks at the message while it lasts."""
    owner = own(SessionStatus.READY)
    answers: list[Any] = []
    thread = threading.Thread(
        target=lambda: answers.append(app.test_client().post(f"{URL}?wait=30", headers=maria, json=HELLO))
    )
    thread.start()
    channel = services.keys.changed_channel(51)
    until(lambda: dict(server.pubsub_numsub(channel))[channel], what="the caller to wait")
    message_id = queued()[0].kwargs["message_id"]

    match ending:
        case "sent":
            owner.send_next()
        case "failed":
            owner.fail_next("NOT_ON_WHATSAPP")
        case "cancelled":
            client.post(f"{URL}/{message_id}/cancel", headers=maria)
        case "expired":
            expire_overdue(services, now_ms() + 700_000)
        case "expired when claimed":
            owner.next_work(at_ms=now_ms() + 700_000)
        case "restored":
            message = services.ledger.entries.read(message_id)
            assert message is not None
            marker = str(server.get(services.keys.incarnation))
            services.ledger.restoring.restore(message, RestoreAs.UNCERTAIN, now_ms(), marker, seen="queued")
    thread.join(timeout=20)

    assert not thread.is_alive()
    assert answers[0].json["status"] == ending.split(maxsplit=1)[0].replace("restored", "uncertain")
    assert answers[0].status_code == (200 if ending == "sent" else 202)

"""A lane is one worker's at a time: renewed while it works, free soon after it died, let go where it can't renew."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, NoReturn

import pytest
from receiver import Receiver, Reply
from sqlalchemy.exc import OperationalError

from hub_api.recording.drain import Drain
from hub_api.services import Services
from hub_api.webhooks.delivery.lanes import Lanes
from hub_api.webhooks.delivery.run import Deliverer
from shared.instant import now_ms
from support.waiting import until

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

LEASE_MS = 1_000


def test_a_run_that_outlasts_its_lease_keeps_its_lane(
    make: Any, receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver
) -> None:
    make()
    receive()
    drain.run()
    asked, answers = threading.Event(), threading.Event()

    def reply(got: object) -> Reply:
        asked.set()
        answers.wait(30)
        return Reply()

    receiver.reply = reply
    deliverer = Deliverer(services, Lanes(services.database, 4, LEASE_MS))
    others = Lanes(services.database, 4, LEASE_MS)
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(deliverer.run()))
    thread.start()
    assert asked.wait(10)
    before = now_ms()
    taken: list[object] = []
    until(lambda: taken.append(others.take(now_ms())) or now_ms() > before + 2 * LEASE_MS, every_s=0.1)
    answers.set()
    thread.join()

    assert set(taken) == {None}
    assert (counts, len(receiver.received)) == ([1], 1)


def test_who_cannot_renew_breaks_off_and_another_delivers(
    make: Any, receive: Callable[..., str], drain: Drain, services: Services, receiver: Receiver, log: Any
) -> None:
    made = make()
    receive()
    drain.run()
    receiver.reply = lambda got: Reply(hangs=True)
    cut_off = Lanes(services.database, 4, LEASE_MS)

    def fails(now_ms: int) -> NoReturn:
        raise OperationalError("away", None, Exception("away"))

    takes = iter([cut_off.take(now_ms())])
    cut_off.take = lambda now_ms: next(takes, None)  # type: ignore[method-assign]
    cut_off.renew = fails  # type: ignore[method-assign]
    counts: list[int] = []
    thread = threading.Thread(target=lambda: counts.append(Deliverer(services, cut_off).run()))
    thread.start()
    until(lambda: receiver.received, what="the post that hangs")
    receiver.reply = lambda got: Reply()
    another = Deliverer(services, Lanes(services.database, 4))

    until(another.run, what="the lane to be free")
    thread.join(timeout=20)

    assert not thread.is_alive()
    [delivery] = log(made["webhook_id"])
    assert (delivery["status"], len(delivery["attempts"])) == ("delivered", 1)
    assert [got.headers["webhook-id"] for got in receiver.received] == [delivery["delivery_id"]] * 2

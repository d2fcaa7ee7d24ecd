"""The process that delivers, as `leadmaster webhooks` starts it: notified by the drain, killed, stopped."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from receiver import Receiver, Reply

from hub_api.recording.drain import Drain
from shared.settings import Settings
from support.waiting import until
from testing.processes import Processes

NAME = "webhooks"


@pytest.fixture
def processes(settings: Settings, tmp_path: Path) -> Iterator[Processes]:
    made = Processes(
        tmp_path,
        {
            "REDIS_URL": settings.redis_url,
            "REDIS_PREFIX": settings.redis_prefix,
            "DATABASE_URL": settings.database_url,
            "LEADMASTER_DATA_DIR": str(tmp_path / "data"),
            "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        },
    )
    yield made
    made.close()


def _start(processes: Processes) -> None:
    processes.start(NAME, "-m", "leadmaster", "webhooks")


def test_what_is_recorded_is_delivered_by_the_process_and_a_stop_is_clean(
    processes: Processes, make: Any, receive: Any, drain: Drain, receiver: Receiver
) -> None:
    make()
    _start(processes)
    receive(message="hola")

    def arrived() -> bool:
        processes.assert_running(NAME)
        drain.run()  # notifies it, as long as something is due
        return len(receiver.received) == 1

    until(arrived, 60, "the message at the receiver")
    assert processes.terminate(NAME, 30) == 0


def test_a_stop_does_not_wait_for_a_receiver_that_hangs(
    processes: Processes, make: Any, receive: Any, drain: Drain, receiver: Receiver, log: Callable[..., Any]
) -> None:
    made = make()
    receiver.reply = lambda got: Reply(hangs=True)
    _start(processes)
    receive()

    def arrived() -> bool:
        processes.assert_running(NAME)
        drain.run()
        return len(receiver.received) == 1

    until(arrived, 60, "the message at the receiver")
    assert processes.terminate(NAME, 30) == 0
    [delivery] = log(made["webhook_id"])
    assert (delivery["status"], delivery["attempts"]) == ("waiting", [])


def test_a_killed_process_loses_nothing(
    processes: Processes, make: Any, receive: Any, drain: Drain, receiver: Receiver, log: Any
) -> None:
    made = make()
    receiver.reply = lambda got: Reply(hangs=True)
    _start(processes)
    receive()
    receive("5491187654399")

    def arrived() -> bool:
        processes.assert_running(NAME)
        drain.run()
        return len(receiver.received) >= 1

    until(arrived, 60, "a message at the receiver")
    processes.process(NAME).send_signal(signal.SIGKILL)
    processes.process(NAME).wait(20)

    receiver.reply = lambda got: Reply()
    processes.start("another", "-m", "leadmaster", "webhooks")

    def all_delivered() -> bool:
        processes.assert_running("another")
        drain.run()
        return {one["status"] for one in log(made["webhook_id"])} == {"delivered"}

    until(all_delivered, 30, "both messages delivered")
    ids = [got.headers["webhook-id"] for got in receiver.received]
    assert len(set(ids)) == 2

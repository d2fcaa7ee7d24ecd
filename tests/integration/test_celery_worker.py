"""The consumer goes on where Celery gives up: its process has a browser to keep, or is the only one of its kind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from celery import Celery, bootsteps

from celery_config import make_celery
from shared import names
from shared.process.celery_worker import CeleryWorker
from shared.settings import Settings
from support.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore")  # Celery's own, as root


class TripsOnce(bootsteps.StartStopStep):  # type: ignore[misc]
    """Fails as kombu does over its own clean-up: with an error that Celery calls unrecoverable."""

    tripped = 0

    def start(self, parent: Any) -> None:
        """Called whenever the consumer starts."""
        if not TripsOnce.tripped:
            TripsOnce.tripped += 1
            raise AttributeError("'NoneType' object has no attribute 'hostname'")


@pytest.fixture
def app(redis_url: str, keys: names.Keys) -> Celery:
    return make_celery(Settings(redis_url=redis_url, redis_prefix=keys.prefix))


@pytest.fixture
def worker(app: Celery) -> Iterator[CeleryWorker]:
    """Running, on a thread of its own."""
    made = CeleryWorker(
        app,
        hostname="test@leadmaster",
        queues=[names.BACKGROUND_QUEUE],
        concurrency=1,
        install_signals=lambda: None,
    )
    yield made
    made.stop()


def test_it_goes_on_where_celery_gives_up_and_ends_when_it_is_stopped(app: Celery, worker: CeleryWorker) -> None:
    # given a worker of which Celery says once that it can't go on
    done, statuses = threading.Event(), list[int]()
    app.task(done.set, name="test.done", shared=False)
    app.steps["consumer"].add(TripsOnce)
    thread = threading.Thread(target=lambda: statuses.append(worker.run()), daemon=True)
    thread.start()
    until(lambda: TripsOnce.tripped, 20, "the error")
    # when there is something to do
    app.send_task("test.done")
    # then it is done, by the same process
    assert done.wait(20)
    worker.stop()
    thread.join(20)
    assert statuses == [0]


def test_one_that_was_stopped_before_it_began_does_not_begin(worker: CeleryWorker) -> None:
    worker.stop()
    assert worker.run() == 0

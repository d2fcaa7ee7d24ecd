"""A task that is woken: one run follows however many notifications, and nothing that a run does ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from shared.process.woken import WokenTask
from support.waiting import until


@contextmanager
def woken_task(run: Callable[[], bool]) -> Iterator[WokenTask]:
    task = WokenTask("test", run)
    task.start()
    yield task
    task.stop()


def test_nothing_runs_before_it_is_woken_and_a_run_follows_each_time() -> None:
    runs: list[int] = []

    def run() -> bool:
        runs.append(len(runs))
        return True

    with woken_task(run) as task:
        for number in range(3):
            assert len(runs) == number
            task.wake()
            until(lambda number=number: len(runs) > number)  # type: ignore[misc]


def test_what_is_told_while_it_runs_is_followed_by_one_more_run() -> None:
    runs: list[int] = []
    begun, go_on = threading.Event(), threading.Event()

    def run() -> bool:
        runs.append(len(runs))
        begun.set()
        return go_on.wait(10)

    task = WokenTask("test", run)
    task.start()
    task.wake()
    assert begun.wait(10)
    for _ in range(100):
        task.wake()
    go_on.set()
    until(lambda: len(runs) == 2)
    task.stop()
    assert len(runs) == 2


def test_where_another_run_goes_on_it_is_tried_again() -> None:
    answers = [True, False, False]
    with woken_task(answers.pop) as task:
        task.wake()
        until(lambda: not answers)


def test_a_run_that_fails_is_followed_by_others() -> None:
    runs: list[int] = []

    def run() -> bool:
        runs.append(len(runs))
        if len(runs) == 1:
            raise ConnectionError
        return True

    with woken_task(run) as task:
        task.wake()
        until(lambda: len(runs) == 1)
        task.wake()
        until(lambda: len(runs) == 2)


def test_stopping_waits_for_the_run_that_is_under_way() -> None:
    ended: list[str] = []
    begun, go_on = threading.Event(), threading.Event()

    def run() -> bool:
        begun.set()
        go_on.wait(10)
        ended.append("run")
        return True

    task = WokenTask("test", run)
    task.start()
    task.wake()
    assert begun.wait(10)
    threading.Timer(0.05, go_on.set).start()
    task.stop()
    assert ended == ["run"]

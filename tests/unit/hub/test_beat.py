"""Beat's table of times and what the subjects register are about the same tasks."""

from __future__ import annotations

from hub_api.beat import EVERY_S
from hub_api.subjects import periodic_tasks
from shared.settings import Settings


def test_each_task_has_its_time_and_each_time_its_task() -> None:
    registered = [task.name for task in periodic_tasks()]
    assert sorted(registered) == sorted(EVERY_S)


def test_each_time_is_one() -> None:
    assert [task for task, every_s in EVERY_S.items() if every_s(Settings()) <= 0] == []

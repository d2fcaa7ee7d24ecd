"""What recording adds to the hub: the drain of the events stream, and forgetting by age."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.recording.drain import make_drain
from hub_api.recording.models import UnrecordedEvent
from hub_api.recording.retention import make_retention
from hub_api.registry import Expiring, PeriodicTask, Subject
from hub_api.services import Services
from hub_api.subjects import subjects
from shared import names
from shared.instant import now_ms


def _drain_events(services: Services) -> Callable[[], object]:
    before = [make(services) for subject in subjects() for make in subject.before_events]
    drain = make_drain(services)

    def run() -> None:
        for hook in before:
            hook()
        drain.run()

    return run


def _forget_old(services: Services) -> Callable[[], object]:
    retention = make_retention(services)
    return lambda: retention.run(now_ms())


SUBJECT = Subject(
    name="recording",
    tasks=(
        PeriodicTask(names.TASK_DRAIN_EVENTS, _drain_events, woken_by=lambda keys: keys.arrived_channel),
        PeriodicTask(names.TASK_FORGET_OLD, _forget_old),
    ),
    expiring=(Expiring("unrecorded_events", UnrecordedEvent.event_id, lambda before: UnrecordedEvent.at < before),),
)

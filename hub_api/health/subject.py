"""What health registers."""

from __future__ import annotations

from functools import partial

from hub_api.health import service
from hub_api.registry import PeriodicTask, Subject
from shared import names

SUBJECT = Subject(
    "health",
    views=("hub_api.health.views",),
    tasks=(PeriodicTask(names.TASK_RECORD_DEPTHS, lambda services: partial(service.record_depths, services)),),
)

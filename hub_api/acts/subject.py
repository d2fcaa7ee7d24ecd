"""What acts add to the hub."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.acts.models import MessageAct
from hub_api.acts.recorder import ActRecorder
from hub_api.acts.service import end_overdue
from hub_api.registry import Expiring, PeriodicTask, Subject
from hub_api.services import Services
from shared import names
from shared.instant import now_ms


def _end_overdue(services: Services) -> Callable[[], object]:
    return lambda: end_overdue(services, now_ms())


SUBJECT = Subject(
    name="acts",
    views=("hub_api.acts.views",),
    event_handlers=(lambda services: ActRecorder(),),
    tasks=(PeriodicTask(names.TASK_END_ACTS, _end_overdue),),
    expiring=(Expiring("message_acts", MessageAct.act_id, lambda before: MessageAct.asked_at < before),),
)

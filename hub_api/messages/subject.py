"""What messages add to the hub."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, select

from hub_api.messages import views
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.messages.recorder import MessageRecorder
from hub_api.messages.restore import restore
from hub_api.messages.service import expire_overdue
from hub_api.messages.settling import Settler
from hub_api.registry import Expiring, PeriodicTask, Subject
from hub_api.services import Services
from shared import names
from shared.instant import now_ms
from shared.transitions.message import OPEN_STATUSES, MessageStatus

# What still waits for something; an uncertain message for a person.
_KEPT = tuple(status.value for status in (*OPEN_STATUSES, MessageStatus.UNCERTAIN))


def _is_old_message(before: int) -> ColumnElement[bool]:
    return (MessageRecord.accepted_at < before) & MessageRecord.status.not_in(_KEPT)


def _is_old_event_of_no_message(before: int) -> ColumnElement[bool]:
    of_a_message = select(MessageRecord.message_id).where(MessageRecord.message_id == MessageEvent.message_id).exists()
    return (MessageEvent.at < before) & ~of_a_message


def _expire_overdue(services: Services) -> Callable[[], object]:
    return lambda: expire_overdue(services, now_ms())


SUBJECT = Subject(
    name="messages",
    blueprints=(views.blueprint,),
    event_handlers=(MessageRecorder,),
    recorded=(Settler,),
    restore=(restore,),
    tasks=(PeriodicTask(names.TASK_EXPIRE_OVERDUE, lambda settings: 5.0, _expire_overdue),),
    expiring=(
        Expiring("messages", MessageRecord.message_id, _is_old_message, together=(MessageEvent.message_id,)),
        Expiring("message_events", MessageEvent.event_id, _is_old_event_of_no_message),
    ),
)

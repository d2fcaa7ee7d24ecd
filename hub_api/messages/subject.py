"""What messages add to the hub."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import ColumnElement, and_, select

from hub_api.messages.models import HAS_ENDED, MessageEvent, MessageRecord
from hub_api.messages.recorder import MessageRecorder
from hub_api.messages.restore import restore
from hub_api.messages.service import expire_overdue
from hub_api.messages.settling import Settler
from hub_api.registry import Expiring, NamedFiles, PeriodicTask, Subject
from hub_api.services import Services
from shared import names
from shared.instant import now_ms


def _is_old_message(before: int) -> ColumnElement[bool]:
    return and_(MessageRecord.accepted_at < before, HAS_ENDED)


def _is_old_event_of_no_message(before: int) -> ColumnElement[bool]:
    of_a_message = select(MessageRecord.message_id).where(MessageRecord.message_id == MessageEvent.message_id).exists()
    # An event's id begins with when the stream took it, in ms of 13 digits: the primary key is in order of time.
    return (MessageEvent.event_id < str(before)) & (MessageEvent.at < before) & ~of_a_message


_FILES = NamedFiles(
    rows=select(MessageRecord).where(MessageRecord.media_sha256.is_not(None)),
    cliente_id=MessageRecord.cliente_id,
    sha256=MessageRecord.media_sha256,
    size=MessageRecord.media_size,
)


def _expire_overdue(services: Services) -> Callable[[], object]:
    return lambda: expire_overdue(services, now_ms())


SUBJECT = Subject(
    name="messages",
    views=("hub_api.messages.views",),
    event_handlers=(MessageRecorder,),
    recorded=(Settler,),
    restore=(restore,),
    named_files=(_FILES,),
    tasks=(PeriodicTask(names.TASK_EXPIRE_OVERDUE, _expire_overdue),),
    expiring=(
        Expiring("messages", MessageRecord.message_id, _is_old_message, together=(MessageEvent.message_id,)),
        Expiring("message_events", MessageEvent.event_id, _is_old_event_of_no_message),
    ),
)

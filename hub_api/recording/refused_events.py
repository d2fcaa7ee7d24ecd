"""Events that can't be recorded are set aside with the reason, so that none of them stops the stream.

What fails together is divided in two, and each half again: one event among hundreds is found in some twenty attempts.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.orm import Session

from hub_api.recording.models import UnrecordedEvent
from hub_api.storable import storable
from shared.instant import now_ms
from shared.logs import get_logger
from shared.protocol.events import Event
from shared.stream.stream import Found

_log = get_logger(__name__)

_MAX_KEPT = 20_000  # characters of an event
_OFFENCES = (ValueError, KeyError, TypeError, AttributeError, ArithmeticError, SQLAlchemyError)


def record_around(session: Session, found: Found, record: Callable[[Session, Sequence[Event]], None]) -> list[Event]:
    """Records entries of the stream together; where that fails, in ever smaller parts, setting aside what offends.

    Returns the events that are recorded by then.
    Raises redis.RedisError, and sqlalchemy.exc.SQLAlchemyError where the database is what fails.
    """
    events: list[Event] = []
    for event_id, fields in found:
        try:
            events.append(Event.from_wire(event_id, fields))
        except _OFFENCES as error:
            _set_aside(session, event_id, fields, error)
    entries, recorded = dict(found), list[Event]()
    parts = [events]
    while parts:
        part = parts.pop()
        offence = _offence(session, part, record)
        if offence is None:
            recorded += part
        elif len(part) == 1:
            _set_aside(session, part[0].event_id, entries[part[0].event_id], offence)
        else:
            half = len(part) // 2
            parts += part[half:], part[:half]  # the first half is taken next
    return recorded


def _offence(
    session: Session, events: Sequence[Event], record: Callable[[Session, Sequence[Event]], None]
) -> Exception | None:
    """Records all of them or none; what prevented it."""
    if not events:
        return None
    try:
        with session.begin_nested():
            record(session, events)
            session.flush()
    except _OFFENCES as error:
        if _database_fails(error):
            raise
        return error
    return None


def _database_fails(error: Exception) -> bool:
    """True where not the event but the database is at fault: away, locked, full, a table missing."""
    return isinstance(error, DBAPIError) and not isinstance(error, (DataError, IntegrityError))


def _set_aside(session: Session, event_id: str, fields: dict[str, str], error: Exception) -> None:
    reason = type(error).__name__
    _log.error("event.refused", event_id=event_id, type=storable(fields.get("type", ""), 40), reason=reason)
    if session.get(UnrecordedEvent, event_id) is None:
        kept = storable(json.dumps(fields), _MAX_KEPT)
        session.add(UnrecordedEvent(event_id=event_id, at=now_ms(), reason=reason, fields=kept))
        session.flush()

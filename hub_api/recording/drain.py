"""Records the events stream in SQL, in order and once. Knows no subject: what an event means, its handlers know.

The cursor in SQL is moved in the same transaction as the records; an event that is refused never stops the rest.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy.orm import Session

from hub_api.recording import cursor
from hub_api.recording.refused_events import record_around
from hub_api.registry import EventHandler, RecordedHook
from hub_api.services import Services
from hub_api.subjects import subjects
from shared.instant import now_ms
from shared.protocol.events import Event
from shared.redis.alone import is_alone
from shared.stream.stream import EventStream

BATCH = 500
_BUDGET_S = 20.0


class Drain:
    """Empties the stream into SQL. Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(
        self,
        services: Services,
        handlers: Sequence[EventHandler],
        after: Sequence[Callable[[], object]] = (),
        recorded: Sequence[RecordedHook] = (),
    ) -> None:
        """handlers: take each event, in this order. after: called once the stream was read.

        recorded: told of a batch's events once SQL has them.
        """
        self._database = services.database
        self._stream = EventStream(services.client, services.keys)
        self._handlers = handlers
        self._after = after
        self._recorded = recorded

    def run(self) -> int:
        """Records all that is there, trims the stream up to it, and returns how many events that was.

        A Redis that is not the one that SQL knows is left alone: it is to be restored first.
        """
        deadline, total = time.monotonic() + _BUDGET_S, 0
        while time.monotonic() < deadline and is_alone():
            recorded = self._batch()
            if recorded is None:
                return total
            total += recorded
            if recorded < BATCH:
                break
        for hook in self._after:
            hook()
        self._stream.mark_drained(now_ms())
        return total

    def _batch(self) -> int | None:
        with self._database.writing() as session:
            state = cursor.locked(session)
            incarnation, asked_at = state.incarnation or "", now_ms()
            found = self._stream.after(incarnation, state.cursor, BATCH)
            if found is None:
                return None
            if len(found) < BATCH:
                state.read_at = asked_at
            if not found:
                return 0
            events = record_around(session, found, self._record)
            state.cursor = last = found[-1][0]
        # The transaction is on disk by now: nothing is forgotten here that a power cut could take from SQL.
        self._stream.forget_before(incarnation, last)
        for hook in self._recorded:
            hook(events)
        return len(found)

    def _record(self, session: Session, events: Sequence[Event]) -> None:
        known: set[str] = set()
        for handler in self._handlers:
            known |= handler.known(session, events)
        fresh = [event for event in events if event.event_id not in known]
        for handler in self._handlers:
            handler.apply(session, fresh)


def make_drain(services: Services) -> Drain:
    """The drain with the handlers of all subjects."""
    return Drain(
        services,
        handlers=[make(services) for subject in subjects() for make in subject.event_handlers],
        after=[make(services) for subject in subjects() for make in subject.after_events],
        recorded=[make(services) for subject in subjects() for make in subject.recorded],
    )

"""Records the events stream in SQL, in order and once (DESIGN, step 7).

The cursor in SQL, moved in the same transaction as the records, is the master; the one in Redis shows how far it is.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, cast

import redis
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from hub_api.campaigns.optouts.answers import Answers
from hub_api.campaigns.releasing.outcomes import Outcomes
from hub_api.database import Database
from hub_api.inbox.models import InboundMessage
from hub_api.messages import record as recorded_message
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.recording import refused_events as unrecorded
from hub_api.recording.event import Event, storable, stream_order
from hub_api.recording.models import DrainState
from hub_api.sessions.models import SessionEventRecord, SessionStore, WantedSession
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.logs import get_logger
from shared.names import Keys

_log = get_logger(__name__)

BATCH = 500
_START = "0-0"
_BUDGET_S = 20.0


class Drain:
    """Empties the stream into SQL. Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(
        self,
        database: Database,
        client: redis.Redis,
        keys: Keys,
        ledger: Ledger,
        outcomes: Outcomes,
        answers: Answers,
    ) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._ledger = ledger
        self._outcomes = outcomes
        self._answers = answers

    def run(self) -> int:
        """Records all that is there, trims the stream up to it, and returns how many events that was."""
        deadline, total = time.monotonic() + _BUDGET_S, 0
        while time.monotonic() < deadline:
            recorded = self._batch()
            total += recorded
            if recorded < BATCH:
                break
        self._answers.send_due()
        self._client.set(self._keys.last_drain, now_ms())
        return total

    def _batch(self) -> int:
        with self._database.writing() as session:
            state = self._state(session)
            found = cast(
                "list[tuple[str, dict[str, str]]]",
                self._client.xrange(self._keys.events, min=f"({state.cursor}", count=BATCH),
            )
            if len(found) < BATCH:
                state.read_at = now_ms()
            if not found:
                return 0
            unrecorded.record_around(session, found, self._record)
            state.cursor = last = found[-1][0]
        pipeline = self._client.pipeline(transaction=False)
        pipeline.set(self._keys.drain_cursor, last)
        pipeline.xtrim(self._keys.events, minid=last, approximate=False)
        pipeline.execute()
        return len(found)

    def _state(self, session: Session) -> DrainState:
        state = session.get(DrainState, 1, with_for_update=True)
        if state is None:
            state = DrainState(id=1, cursor=_START)
            session.add(state)
        if state.cursor != _START and self._client.exists(self._keys.events):
            newest = self._client.xinfo_stream(self._keys.events)["last-generated-id"]
            if stream_order(newest) < stream_order(state.cursor):  # a server that came back empty, its clock behind
                _log.warning("events_restarted", cursor=state.cursor, newest=newest)
                state.cursor = _START
        return state

    def _record(self, session: Session, events: Sequence[Event]) -> None:
        self._outcomes.apply(session, record(session, events, self._ledger, self._unwanted))

    def _unwanted(self, cliente_id: int) -> bool:
        return not self._client.hexists(self._keys.wanted, str(cliente_id))


def record(session: Session, events: Sequence[Event], ledger: Ledger, unwanted: Callable[[int], bool]) -> list[Event]:
    """Writes events to the tables within the caller's transaction; those already there change nothing.

    Returns those that were not there.

    unwanted: whether a session's mirror says as well that it is no longer wanted.
    """
    fresh = _not_recorded(session, events)
    outgoing = [event for event in fresh if event.type.startswith("message.") and event.type != "message.inbound"]
    _record_messages(session, outgoing, ledger)
    known = _record_inbound(session, [event for event in fresh if event.type == "message.inbound"])
    of_sessions = [event for event in fresh if event.type.startswith(("session.", "ledger."))]
    if of_sessions:
        session.execute(insert(SessionEventRecord), [_session_row(event) for event in of_sessions])
        _record_stores(session, of_sessions)
    for event in of_sessions:
        row = session.get(WantedSession, event.cliente_id) if event.type == "session.unwanted" else None
        if row is not None and unwanted(event.cliente_id):
            session.delete(row)
    return [event for event in fresh if event.event_id not in known]


def _record_stores(session: Session, events: Sequence[Event]) -> None:
    """Which profile store holds whose login, told by the owner with each transition."""
    stores = {event.cliente_id: event for event in events if event.data.get("store")}
    for cliente_id, event in stores.items():
        store_id = storable(event.data["store"], 64)
        row = session.get(SessionStore, cliente_id)
        if row is None:
            session.add(SessionStore(cliente_id=cliente_id, store_id=store_id, at=event.at))
        elif row.store_id != store_id:
            row.store_id, row.at = store_id, event.at


def _not_recorded(session: Session, events: Sequence[Event]) -> list[Event]:
    ids = [event.event_id for event in events]
    known = set(session.scalars(select(MessageEvent.event_id).where(MessageEvent.event_id.in_(ids))))
    known |= set(session.scalars(select(SessionEventRecord.event_id).where(SessionEventRecord.event_id.in_(ids))))
    return [event for event in events if event.event_id not in known]


def _record_messages(session: Session, events: Sequence[Event], ledger: Ledger) -> None:
    if not events:
        return
    ids = {event.message_id for event in events}
    rows = session.scalars(select(MessageRecord).where(MessageRecord.message_id.in_(ids)))
    records = {row.message_id: row for row in rows}
    for event in events:
        row = records.get(event.message_id)
        if row is not None:
            if row.cliente_id == event.cliente_id:
                recorded_message.follow(row, event)
            continue
        made = recorded_message.begin(event)
        if made is None:
            message = ledger.read(event.message_id)
            made = None if message is None else recorded_message.from_ledger(message)
        if made is not None:
            session.add(made)
            records[event.message_id] = made
    session.execute(insert(MessageEvent), [_message_row(event) for event in events])


def _record_inbound(session: Session, events: Sequence[Event]) -> set[str]:
    """Returns the ids of events whose message was recorded before."""
    before: set[str] = set()
    for event in events:
        whatsapp_id = storable(event.message_id, 200)
        known = session.scalar(
            select(InboundMessage.id).where(
                InboundMessage.cliente_id == event.cliente_id, InboundMessage.whatsapp_id == whatsapp_id
            )
        )
        if known is None:
            at = event.data.get("at")
            session.add(
                InboundMessage(
                    event_id=event.event_id,
                    cliente_id=event.cliente_id,
                    whatsapp_id=whatsapp_id,
                    from_number=storable(event.data.get("from") or "", 100),
                    text=storable(event.data.get("message") or "", 100_000),
                    at=at if isinstance(at, int) else event.at,
                )
            )
            session.flush()
        else:
            before.add(event.event_id)
    return before


def _message_row(event: Event) -> dict[str, Any]:
    return {**_row(event), "message_id": event.message_id}


def _session_row(event: Event) -> dict[str, Any]:
    return _row(event)


def _row(event: Event) -> dict[str, Any]:
    return {
        "event_id": event.event_id,
        "cliente_id": event.cliente_id,
        "type": event.type,
        "at": event.at,
        "data": event.history_data,
    }

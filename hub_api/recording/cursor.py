"""How far the events stream was recorded: the cursor in SQL is the master, the one in Redis shows how far it is."""

from __future__ import annotations

import time

from sqlalchemy.orm import Session

from hub_api.database import Database
from hub_api.recording.models import DrainState
from hub_api.recording.stream import START, EventStream
from shared.logs import get_logger
from shared.protocol.events import stream_order

_log = get_logger(__name__)

_LOOK_EVERY_S = 0.2


def locked(session: Session, stream: EventStream) -> DrainState:
    """The cursor for whoever records next, made at the first use; others wait until the transaction ends.

    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    state = session.get(DrainState, 1, with_for_update=True)
    if state is None:
        state = DrainState(id=1, cursor=START)
        session.add(state)
    newest = stream.newest() if state.cursor != START else None
    if newest is not None and stream_order(newest) < stream_order(state.cursor):
        # A server that came back empty, its clock behind.
        _log.warning("events.restarted", cursor=state.cursor, newest=newest)
        state.cursor = START
    return state


def last_read_at(session: Session) -> int | None:
    """When the stream was last read to its end, in milliseconds; None where it never was."""
    state = session.get(DrainState, 1)
    return None if state is None else state.read_at


def all_is_recorded(database: Database, stream: EventStream, patience_s: float) -> bool:
    """True once SQL knows of everything that happened before this call; the drain runs beside it, each second.

    patience_s: how long to wait for that. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    newest = stream_order(stream.newest() or START)
    deadline = time.monotonic() + patience_s
    while True:
        with database.reading() as session:
            state = session.get(DrainState, 1)
            cursor = state.cursor if state is not None else START
        if newest <= stream_order(cursor):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_EVERY_S)

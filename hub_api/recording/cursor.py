"""How far the events stream was recorded: the cursor in SQL is the master, the one in Redis shows how far it is."""

from __future__ import annotations

import time
from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub_api.database import Database
from hub_api.recording.models import DrainState
from shared.protocol.events import stream_order
from shared.stream.stream import START, EventStream

_LOOK_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Place:
    """Where recording stands. incarnation: of the Redis whose events were recorded; None before the first one."""

    incarnation: str | None
    cursor: str  # id of the last recorded event
    read_at: int = 0  # when the stream was last read to its end, in milliseconds; 0 where it never was


def locked(session: Session) -> DrainState:
    """The cursor for whoever records next, made at the first use; others wait until the transaction ends.

    Raises sqlalchemy.exc.SQLAlchemyError.
    """
    state = session.get(DrainState, 1, with_for_update=True)
    if state is None:
        state = DrainState(id=1, cursor=START)
        session.add(state)
    return state


def place(database: Database) -> Place:
    """As it stands now. Raises sqlalchemy.exc.SQLAlchemyError."""
    with database.reading() as session:
        state = session.get(DrainState, 1)
        return Place(None, START) if state is None else Place(state.incarnation, state.cursor, state.read_at or 0)


def move(database: Database, to: Place) -> None:
    """Recording goes on elsewhere: in another Redis, or after what SQL forgot.

    Raises sqlalchemy.exc.SQLAlchemyError.
    """
    with database.writing() as session:
        state = locked(session)
        state.incarnation, state.cursor = to.incarnation, to.cursor


def last_read_at(session: Session) -> int | None:
    """When the stream was last read to its end, in milliseconds; None where it never was."""
    state = session.get(DrainState, 1)
    return None if state is None else state.read_at


def all_is_recorded(database: Database, stream: EventStream, patience_s: float) -> bool:
    """True once SQL knows of everything that happened before this call; the drain runs beside it.

    patience_s: how long to wait for that. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
    """
    newest = stream_order(stream.newest() or START)
    deadline = time.monotonic() + patience_s
    while True:
        if newest <= stream_order(place(database).cursor):
            return True
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_EVERY_S)

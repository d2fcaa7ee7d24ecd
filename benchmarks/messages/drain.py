"""The drain of 100,000 events into SQLite and PostgreSQL, against a bare executemany of the same events.

The events are the lives of 20,000 single messages of ten tenants as the ledger writes them: queued, sending, key, sent,
delivered; a hundred messages' lives run beside one another. A is `Drain.run`, as the background worker calls it, until
the stream is empty: read 500, write records and events, follow the records, move the cursor, commit, trim. B inserts
the event rows of A, made before, 500 to a transaction as well, by the driver's own executemany into a table without key
or index in the same database. Rounds run A B A B …, with fresh events into the tables of the round before.
PostgreSQL is a cluster of the run's own on loopback, which does not sync.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import func, select

from benchmarks.harness.databases import ENGINES, fresh_databases
from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.running_system import running_system
from hub_api.messages.models import MessageEvent, MessageRecord
from hub_api.recording.drain import BATCH, make_drain
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import make_services
from shared.instant import now_ms
from shared.ledger.message import new_message_id
from shared.names import EventType, Keys
from shared.protocol.events import (
    Body,
    Event,
    MessageDelivered,
    MessageKey,
    MessageQueued,
    MessageSending,
    MessageSent,
    event_data,
)
from shared.redis.client import connect
from shared.settings import Settings
from shared.transitions.message import Lane, MessageStatus

_TENANTS, _TOGETHER, _STEPS = 10, 100, 5
_BARE = "CREATE TABLE bare (event_id TEXT, message_id TEXT, cliente_id INTEGER, type TEXT, at BIGINT, data TEXT)"
_INSERT = "INSERT INTO bare (event_id, message_id, cliente_id, type, at, data) VALUES ({})"
_MARKS = {"SQLite": "?, ?, ?, ?, ?, ?", "PostgreSQL": "%s, %s, %s, %s, %s, %s"}

Fields = dict[str, str]
Row = tuple[str, str, int, str, int, str]


@dataclass(frozen=True, slots=True)
class _Took:
    """One side of one round. cpu_s: of this process; what servers use is in the wall clock's seconds alone."""

    seconds: float
    cpu_s: float


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    events, rounds = (10_000, 2) if quick else (100_000, 3)
    rows: list[tuple[str, ...]] = []
    ratios: list[str] = []
    with running_system(folder) as system:
        for engine in ENGINES:
            with fresh_databases(engine, folder, system.settings, ("drain",)) as made:
                stream = _Stream(made[0], engine)
                stream.round(1_000)  # warms caches and connections
                measured = [stream.round(events) for _ in range(rounds)]
                stream.close()
            ratio = median_ratio([(bare.seconds, ours.seconds) for ours, bare in measured])
            ratios.append(f"{engine} {ratio:.3f}")
            rows.append(_row(f"{engine}: drain", [one for one, _ in measured], events, f"{ratio:.3f}"))
            rows.append(_row(f"{engine}: bare executemany", [one for _, one in measured], events, ""))
    return Figures(
        f"drain: {events:,} events into SQL",
        ("", "seconds", "events/s", "µs of own CPU each", "ratio"),
        rows,
        f"of the bare executemany's events/s: {', '.join(ratios)} (no goal)",
        [f"medians of {rounds} rounds; {events // _STEPS:,} messages of {_TENANTS} tenants; no hub, no worker."],
    )


class _Stream:
    """A stream of events and the database that it is drained into."""

    def __init__(self, settings: Settings, engine: str) -> None:
        self._keys = Keys(settings.redis_prefix)
        self._client = connect(settings.redis_url)
        self._services = make_services(settings)
        make_lost_state(self._services).mend()  # nothing is recorded of a Redis that was not compared with SQL
        self._drain = make_drain(self._services)
        self._insert = _INSERT.format(_MARKS[engine])
        with self._services.database.writing() as session:
            session.connection().exec_driver_sql(_BARE)

    def round(self, events: int) -> tuple[_Took, _Took]:
        """Fills the stream, drains it, and inserts the same event rows barely."""
        rows = self._fill(events)
        before = self._recorded(), self._delivered()
        started, cpu = time.perf_counter(), time.process_time()
        left = events
        while left > 0 and (drained := self._drain.run()):
            left -= drained
        ours = _Took(time.perf_counter() - started, time.process_time() - cpu)
        if left or (self._recorded(), self._delivered()) != (before[0] + events, before[1] + events // _STEPS):
            raise RuntimeError(f"{left} events were not drained, or not all of the others are on record")
        return ours, self._bare(rows)

    def _bare(self, rows: list[Row]) -> _Took:
        started, cpu = time.perf_counter(), time.process_time()
        for at in range(0, len(rows), BATCH):
            with self._services.database.writing() as session:
                session.connection().exec_driver_sql(self._insert, list(rows[at : at + BATCH]))
        return _Took(time.perf_counter() - started, time.process_time() - cpu)

    def _fill(self, events: int) -> list[Row]:
        """Puts events into the stream. Returns the rows that they make."""
        rows: list[Row] = []
        pipeline = self._client.pipeline(transaction=False)
        waiting: list[Fields] = []

        def flush() -> None:
            for event_id, one in zip(pipeline.execute(), waiting, strict=True):
                kept = Event.from_wire(event_id, one)
                rows.append((event_id, kept.message_id, kept.cliente_id, kept.type.value, kept.at, kept.history_data))
            waiting.clear()

        for fields in _events(events // _STEPS):
            entry: dict[Any, Any] = {**fields}
            pipeline.xadd(self._keys.events, entry)
            waiting.append(fields)
            if len(waiting) == 1_000:
                flush()
        flush()
        return rows

    def _recorded(self) -> int:
        with self._services.database.reading() as session:
            return session.scalar(select(func.count()).select_from(MessageEvent)) or 0

    def _delivered(self) -> int:
        with self._services.database.reading() as session:
            delivered = MessageRecord.status == "delivered"
            return session.scalar(select(func.count()).select_from(MessageRecord).where(delivered)) or 0

    def close(self) -> None:
        """Closes its connections."""
        self._services.close()
        self._client.close()


def _events(messages: int) -> Iterator[Fields]:
    """Yields the events of whole lives, a hundred beside one another."""
    for first in range(0, messages, _TOGETHER):
        numbers = range(first, min(first + _TOGETHER, messages))
        ids = {number: new_message_id() for number in numbers}
        for step in range(_STEPS):
            for number in numbers:
                yield _event(number, ids[number], step)


def _event(number: int, message_id: str, step: int) -> Fields:
    cliente_id, now = 1 + number % _TENANTS, now_ms()
    to = f"54911{23_450_000 + number % 1_000}"
    kind: EventType
    body: Body
    match step:
        case 0:
            kind = EventType.MESSAGE_QUEUED
            body = MessageQueued(
                to=to,
                message=f"Hola, su turno es el {number} a las 10:30.",
                message_id=message_id,
                cliente_id=cliente_id,
                status=MessageStatus.QUEUED,
                lane=Lane.SINGLE,
                accepted_at=now,
                expires_at=now + 86_400_000,
                attempts=0,
                bulk_id="",
                campaign_id="",
            )
        case 1:
            kind, body = EventType.MESSAGE_SENDING, MessageSending(fence=1)
        case 2:
            whatsapp_id = f"true_{to}@c.us_3EB0{message_id[:18]}"
            kind, body = EventType.MESSAGE_KEY, MessageKey(whatsapp_id, attempt=1)
        case 3:
            kind, body = EventType.MESSAGE_SENT, MessageSent(ack=1)
        case _:
            kind, body = EventType.MESSAGE_DELIVERED, MessageDelivered(ack=2)
    return {
        "type": kind.value,
        "cliente_id": str(cliente_id),
        "message_id": message_id,
        "at": str(now),
        "data": event_data(body),
    }


def _row(name: str, took: list[_Took], events: int, ratio: str) -> tuple[str, ...]:
    seconds, cpu_s = median(one.seconds for one in took), median(one.cpu_s for one in took)
    return (name, f"{seconds:.1f}", f"{events / seconds:,.0f}", f"{cpu_s / events * 1e6:.0f}", ratio)

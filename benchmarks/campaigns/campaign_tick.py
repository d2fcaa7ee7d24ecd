"""A tick over 1,000 running campaigns, all due: with 1,000,000 recipients against the same with 10,000.

One campaign for each of 1,000 tenants, whose sessions are READY by a snapshot under a live lease, without browsers; an
approved schedule that is open all day. Each tick releases one message for every tenant: it reads campaigns, counters
and the next recipients, renders 1,000 texts, accepts 1,000 messages (append-only file synced always) and keeps whom it
released. Between two ticks, and not timed, the events are recorded and the messages in flight forgotten, so that all
are due again. Rounds alternate small, large, small, large …
"""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from sqlalchemy import text

from benchmarks.harness.databases import ENGINES, fresh_databases
from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.ready_sessions import make_ready
from benchmarks.harness.running_system import running_system
from hub_api.campaigns.releasing.tick import Tick
from hub_api.recording.drain import make_drain
from hub_api.services import make_services
from shared.instant import now_ms
from shared.ledger.message import new_message_id
from shared.names import Keys
from shared.redis.client import connect
from shared.settings import Settings
from testing.claims import open_claims

_SERIES = {
    "SQLite": "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < :each) ",
    "PostgreSQL": "WITH s AS (SELECT generate_series(1, :each) AS n) ",
}


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    tenants, small, large, rounds = (50, 10, 100, 3) if quick else (1_000, 10, 1_000, 7)
    rows: list[tuple[str, ...]] = []
    worst: list[float] = []
    slowest = 0.0
    with running_system(folder, send_delay_min_seconds=0, send_delay_max_seconds=0) as system:
        for engine in ENGINES:
            with fresh_databases(engine, folder, system.settings, ("small", "large")) as made:
                sides = [_Tenants(settings) for settings in made]
                for side, each in zip(sides, (small, large), strict=True):
                    side.fill(engine, tenants, each)
                sides[0].tick(tenants), sides[1].tick(tenants)  # warms caches and connections
                measured = [(sides[1].tick(tenants), sides[0].tick(tenants)) for _ in range(rounds)]
                for side in sides:
                    side.close()
            ratio = median_ratio([(a.seconds, b.seconds) for a, b in measured])
            cpu = median_ratio([(a.cpu_s, b.cpu_s) for a, b in measured])
            worst.append(ratio)
            slow, fast = (median(pair[which].seconds for pair in measured) for which in (0, 1))
            slowest = max(slowest, slow)
            most = max(pair[0].seconds for pair in measured)
            rows.append((engine, f"{fast:.3f}", f"{slow:.3f}", f"{most:.3f}", f"{ratio:.2f}", f"{cpu:.2f}"))
    return Figures(
        f"A tick over {tenants:,} running campaigns, all due (seconds)",
        (
            "database",
            f"{tenants * small:,} recipients",
            f"{tenants * large:,} recipients",
            "slowest",
            "ratio",
            "ratio of CPU",
        ),
        rows,
        f"flat in recipients: {max(worst):.2f} × (goal ≤ 1.1); {slowest:.2f} s (goal ≤ 1)",
        [f"medians of {rounds} alternating ticks, each releasing {tenants:,} messages"],
    )


@dataclass(frozen=True, slots=True)
class _Took:
    """One tick. cpu_s: of this process; what servers use is in the wall clock's seconds alone."""

    seconds: float
    cpu_s: float


class _Tenants:
    """Tenants with running campaigns: one database with its keys."""

    def __init__(self, settings: Settings) -> None:
        self._keys = Keys(settings.redis_prefix)
        self._client = connect(settings.redis_url)
        self._services = make_services(settings)
        self._database = self._services.database
        self._drain = make_drain(self._services)
        self._tick = Tick(self._services, random.SystemRandom())

    def fill(self, engine: str, tenants: int, each: int) -> None:
        """Makes tenants with READY sessions, and a running campaign for each."""
        open_claims(self._client, self._keys)
        make_ready(self._client, self._keys, range(1, tenants + 1))
        now = now_ms()
        schedule = {
            "name": "s", "state": "aprobada", "weekdays": "0123456", "start": 0, "end": 1_440, "now": now,
        }  # fmt: skip
        with self._database.writing() as session:
            for cliente_id in range(1, tenants + 1):
                ids: dict[str, Any] = {"id": cliente_id, "public": new_message_id()}
                session.execute(
                    text(
                        "INSERT INTO schedules (id, schedule_id, cliente_id, name, state, weekdays, start_minute,"
                        " end_minute, delay_min_ms, delay_max_ms, created_at, updated_at)"
                        " VALUES (:id, :public, :id, :name, :state, :weekdays, :start, :end, 0, 0, :now, :now)"
                    ),
                    schedule | ids,
                )
                session.execute(
                    text(
                        "INSERT INTO campaigns (id, campaign_id, cliente_id, name, templates, columns, state, schedule,"
                        " take_back, import_done, import_total, created_at, created_by, released_at)"
                        " VALUES (:id, :public, :id, 'c', :templates, '[]', 'en_progreso', :id, :off, 0, 0, :now,"
                        " 'bench', 0)"
                    ),
                    ids | {"templates": '["Hola {nombre|amigo}", "¡Hola!"]', "now": now, "off": False},
                )
            session.execute(
                text(
                    _SERIES[engine]
                    + 'INSERT INTO campaign_recipients (campaign, position, number, "values", state, turn)'
                    " SELECT c.id, s.n, '54911' || CAST(40000000 + c.id * 1000 + s.n AS VARCHAR), :found, 0, 0"
                    " FROM campaigns c CROSS JOIN s"
                ),
                {"each": each, "found": '{"nombre": "Ana"}'},
            )
        with self._database.writing() as session:
            session.execute(text("ANALYZE"))

    def tick(self, tenants: int) -> _Took:
        """Runs one tick, which releases a message for every tenant."""
        self._drain.run()
        if self._database.engine.dialect.name == "sqlite":  # else the tick would pay for the recording's pages
            with self._database.engine.connect() as connection:
                connection.exec_driver_sql("COMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                connection.exec_driver_sql("BEGIN")
        pipeline = self._client.pipeline(transaction=False)
        for cliente_id in range(1, tenants + 1):
            pipeline.delete(self._keys.campaign_in_flight(cliente_id))
        pipeline.execute()
        started, cpu = time.perf_counter(), time.process_time()
        released = self._tick.run(now_ms())
        took = _Took(time.perf_counter() - started, time.process_time() - cpu)
        assert released == tenants, released
        return took

    def close(self) -> None:
        """Closes its connections."""
        self._services.close()
        self._client.close()

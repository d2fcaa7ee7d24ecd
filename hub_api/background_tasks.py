"""The hub's background tasks on a Celery application: shells of a few lines."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass

import redis
from celery import Celery
from redis.exceptions import LockError

from hub_api.campaigns.optouts.answers import Answers
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.campaigns.releasing.outcomes import Outcomes
from hub_api.campaigns.releasing.stop_versions import Epochs
from hub_api.campaigns.releasing.tick import Tick
from hub_api.campaigns.service import Campaigns
from hub_api.database import Database
from hub_api.recording.retention import Retention
from hub_api.recording.stream import Drain
from hub_api.repair.empty_redis import Rebuild
from hub_api.repair.housekeeping import Housekeeping
from hub_api.repair.imbalance import BalanceCheck
from hub_api.repair.ledger_upkeep import LedgerUpkeep
from hub_api.repair.lost_entries import LostRecords
from hub_api.repair.lost_host import LostHosts
from hub_api.repair.sweep import Sweep
from hub_api.services import make_services
from shared import names
from shared.instant import now_ms
from shared.names import Keys
from shared.settings import Settings

_LOCK_S = 60.0


@dataclass(frozen=True, slots=True)
class Background:
    """The parts of the background worker, by name. Nothing connects before it is used."""

    client: redis.Redis
    keys: Keys
    database: Database
    rebuild: Rebuild
    drain: Drain
    housekeeping: Housekeeping
    campaigns: Campaigns
    tick: Tick
    balance_check: BalanceCheck
    sweep: Sweep
    retention: Retention
    lost_hosts: LostHosts

    def record(self) -> None:
        """What SQL knows into a Redis that came up empty; then what happened into SQL."""
        self.rebuild.run()
        self.drain.run()

    def alone(self, task: str, work: Callable[[], object]) -> None:
        """Runs `work` unless another run of the task is under way."""
        lock = self.client.lock(self.keys.task_lock(task), timeout=_LOCK_S, blocking=False)
        if not lock.acquire():
            return
        try:
            work()
        finally:
            # It may have taken longer than the lock lives; SQL's own locks kept order meanwhile.
            with contextlib.suppress(LockError):
                lock.release()

    def close(self) -> None:
        """Closes every connection."""
        self.client.close()
        self.database.close()


def make_background(settings: Settings) -> Background:
    """Wires the parts."""
    services = make_services(settings)
    keys, client, database, ledger = services.keys, services.client, services.database, services.ledger
    upkeep = LedgerUpkeep(client, keys)
    lost = LostRecords(database, upkeep, settings)
    epochs = Epochs(client, keys)
    outcomes = Outcomes(settings, epochs, OptOuts(database, client, keys))
    campaigns = Campaigns(database, epochs, ledger, settings)
    return Background(
        client,
        keys,
        database,
        Rebuild(database, client, keys, lost, round(settings.send_delay_max_seconds * 1000)),
        Drain(database, client, keys, ledger, outcomes, Answers(services)),
        Housekeeping(database, client, keys, ledger),
        campaigns,
        Tick(services, client, keys, campaigns, epochs, random.SystemRandom()),
        BalanceCheck(database, client, keys, ledger),
        Sweep(database, client, keys, ledger, upkeep, lost),
        Retention(database, settings.retention_days),
        LostHosts(client, keys, settings.language, settings.host_lost_seconds),
    )


def register(app: Celery, parts: Background) -> None:
    """Makes the tasks known to the application."""

    @app.task(name=names.TASK_DRAIN_EVENTS)
    def drain_events() -> None:
        parts.alone(names.TASK_DRAIN_EVENTS, parts.record)

    @app.task(name=names.TASK_EXPIRE_OVERDUE)
    def expire_overdue() -> None:
        parts.alone(names.TASK_EXPIRE_OVERDUE, parts.housekeeping.expire_overdue)

    @app.task(name=names.TASK_WAKE_WAITING)
    def ring_waiting() -> None:
        parts.alone(names.TASK_WAKE_WAITING, parts.housekeeping.ring_waiting)

    @app.task(name=names.TASK_RECORD_DEPTHS)
    def record_depths() -> None:
        parts.alone(names.TASK_RECORD_DEPTHS, parts.housekeeping.record_depths)

    @app.task(name=names.TASK_CAMPAIGN_TICK)
    def campaign_tick() -> None:
        parts.alone(names.TASK_CAMPAIGN_TICK, parts.tick.run_slot)

    @app.task(name=names.TASK_CHECK_BALANCE)
    def check_balance() -> None:
        parts.alone(names.TASK_CHECK_BALANCE, parts.balance_check.run)

    @app.task(name=names.TASK_SWEEP)
    def sweep() -> None:
        parts.alone(names.TASK_SWEEP, lambda: parts.sweep.run(now_ms()))

    @app.task(name=names.TASK_FORGET_OLD)
    def forget_old() -> None:
        parts.alone(names.TASK_FORGET_OLD, lambda: parts.retention.run(now_ms()))

    @app.task(name=names.TASK_FIND_LOST_HOSTS)
    def find_lost_hosts() -> None:
        parts.alone(names.TASK_FIND_LOST_HOSTS, parts.lost_hosts.run)

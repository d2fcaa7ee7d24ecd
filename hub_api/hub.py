"""Everything a call needs, put together once per process. Nothing connects before it is used."""

from __future__ import annotations

from dataclasses import dataclass

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from celery_config import make_celery
from hub_api.accounts import jwt_secret
from hub_api.command_log import CommandLog
from hub_api.control import ANSWER_WITHIN_S, Control
from hub_api.database import Database
from hub_api.directory import Directory
from hub_api.doorbell import Doorbell
from hub_api.login_limit import LoginLimit
from hub_api.memory_guard import MemoryGuard
from hub_api.passwords import Passwords
from hub_api.waiting import Waiting
from shared.acceptance import AcceptLimits
from shared.ledger import Ledger
from shared.names import Keys
from shared.redis_client import COMMAND_TIMEOUT_S, connect
from shared.session_snapshot import Snapshots
from shared.settings import Settings, SettingsError
from shared.texts import Language

_CONNECTIONS_TO_SPARE = 32


@dataclass(frozen=True, slots=True)
class Hub:
    """The parts, by name."""

    settings: Settings
    keys: Keys
    client: redis.Redis  # short commands
    database: Database
    directory: Directory
    passwords: Passwords
    login_limit: LoginLimit
    ledger: Ledger
    snapshots: Snapshots
    doorbell: Doorbell
    control: Control
    waiting: Waiting
    memory: MemoryGuard
    limits: AcceptLimits
    command_log: CommandLog

    @property
    def language(self) -> Language:
        return self.settings.language

    def close(self) -> None:
        """Closes every connection."""
        self.client.close()
        self.database.close()


def make_hub(settings: Settings) -> Hub:
    """Wires the parts. Raises SettingsError where REDIS_URL or JWT_SECRET is missing."""
    if not settings.redis_url:
        raise SettingsError("REDIS_URL: must be set (`leadmaster up` starts a server by itself)")
    keys = Keys(settings.redis_prefix)
    client = connect(settings.redis_url, max_connections=settings.hub_threads + _CONNECTIONS_TO_SPARE)
    database = Database(settings.sqlalchemy_url)
    doorbell = Doorbell(make_celery(settings))
    blocking = _connect_waiting(settings)
    return Hub(
        settings=settings,
        keys=keys,
        client=client,
        database=database,
        directory=Directory(database, jwt_secret(settings)),
        passwords=Passwords(),
        login_limit=LoginLimit(client, keys),
        ledger=Ledger(client, keys, settings.language),
        snapshots=Snapshots(client, keys),
        doorbell=doorbell,
        control=Control(client, blocking, keys, doorbell),
        waiting=Waiting(blocking, keys, settings.hub_max_waiting),
        memory=MemoryGuard(client),
        limits=AcceptLimits(settings.queue_limit, settings.accept_rate_per_minute),
        command_log=CommandLog(settings.log_format, settings.log_level),
    )


def _connect_waiting(settings: Settings) -> redis.Redis:
    """For BLPOP and subscriptions: reads may last as long as a question, and no longer."""
    return redis.Redis.from_url(
        settings.redis_url,
        decode_responses=True,
        socket_timeout=ANSWER_WITHIN_S + 1,
        socket_connect_timeout=COMMAND_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        max_connections=settings.hub_threads + settings.hub_max_waiting,
    )

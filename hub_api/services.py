"""What calls and background tasks work with, put together once per process. Nothing connects before it is used."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import redis

from celery_config import make_celery
from hub_api.database import Database
from hub_api.remembered import Remembered
from hub_api.workers.accepted_journal import AcceptedJournal
from hub_api.workers.accepted_lately import AcceptedLately
from hub_api.workers.control import MAX_ANSWER_S, Control
from hub_api.workers.memory_guard import MemoryGuard
from hub_api.workers.task_messages import TaskMessages
from hub_api.workers.waiting import Waiting
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.ledger import Ledger, make_ledger
from shared.media.store import MediaStore
from shared.names import Keys
from shared.redis.client import connect, connect_waiting
from shared.redis.notifications import Notifications
from shared.sessions.snapshots import Snapshots
from shared.sessions.tenant_rules import TenantRulesMirror
from shared.sessions.wanted import WantedSessions
from shared.settings import Settings, SettingsError
from shared.texts import Language

_CONNECTIONS_TO_SPARE = 32


@dataclass(frozen=True, slots=True)
class Services:
    """The services of one process, by name: the hub's and the background worker's are the same."""

    settings: Settings
    keys: Keys
    client: redis.Redis  # short commands
    database: Database
    ledger: Ledger
    accepted_lately: AcceptedLately
    snapshots: Snapshots
    wanted: WantedSessions
    tenant_rules: TenantRulesMirror
    remembered: Remembered  # what was looked up of users, keys and tenants
    task_messages: TaskMessages
    control: Control
    notifications: Notifications
    waiting: Waiting
    waiting_client: redis.Redis  # whose reads may last as long as somebody waits
    memory: MemoryGuard
    media: MediaStore
    limits: AcceptLimits

    @property
    def language(self) -> Language:
        """The installation's language of texts for people; a tenant's is in its profile."""
        return self.settings.language

    def close(self) -> None:
        """Closes every connection."""
        self.notifications.close()
        self.client.close()
        self.waiting_client.close()
        self.database.close()


def make_services(settings: Settings) -> Services:
    """Wires the services. Raises SettingsError where REDIS_URL is missing."""
    if not settings.redis_url:
        raise SettingsError("REDIS_URL: must be set (`leadmaster up` starts a server by itself)")
    keys = Keys(settings.redis_prefix)
    client = connect(settings.redis_url, max_connections=settings.hub_threads + _CONNECTIONS_TO_SPARE)
    task_messages = TaskMessages(make_celery(settings))
    waiting_client = connect_waiting(
        settings.redis_url,
        longest_s=MAX_ANSWER_S,
        max_connections=settings.hub_threads + _CONNECTIONS_TO_SPARE,
    )
    notifications = Notifications(waiting_client, keys.own_channel(uuid.uuid4().hex))
    return Services(
        settings=settings,
        keys=keys,
        client=client,
        database=Database(settings.sqlalchemy_url),
        ledger=make_ledger(client, keys, settings.language),
        accepted_lately=AcceptedLately(AcceptedJournal(settings.leadmaster_data_dir / "accepted")),
        snapshots=Snapshots(client, keys),
        wanted=WantedSessions(client, keys),
        tenant_rules=TenantRulesMirror(client, keys),
        remembered=Remembered(client, keys),
        task_messages=task_messages,
        control=Control(client, waiting_client, keys, task_messages),
        notifications=notifications,
        waiting=Waiting(
            notifications,
            keys,
            maximum=settings.hub_max_waiting,
            per_tenant=settings.hub_max_waiting_per_tenant,
        ),
        waiting_client=waiting_client,
        media=MediaStore(settings.media_location),
        memory=MemoryGuard(client, settings.tenant_memory_percent),
        limits=AcceptLimits(settings.queue_limit, settings.accept_rate_per_minute),
    )

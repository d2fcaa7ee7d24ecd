"""One tenant's ledger and WhatsApp, and the worker processes that serve it, each killed or cut off at a step."""

from __future__ import annotations

import multiprocessing
import secrets
import signal
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

import redis

from celery_config import make_celery
from hub_api.workers.task_messages import TaskMessages
from shared.instant import now_ms
from shared.ledger.accepting.accepting import AcceptLimits
from shared.ledger.ledger import make_ledger
from shared.ledger.message import Draft, Message, new_message_id
from shared.media.store import MediaStore
from shared.names import Keys, session_queue
from shared.protocol.content import PLAIN, Content
from shared.sessions.lease import Leases
from shared.transitions.message import Lane, MessageStatus
from support.claiming import stored
from support.waiting import until
from testing.fake.durable_whatsapp import server_record
from tests.integration.gap_process import CLIENTE, run, settings_for, whatsapp_file

LEAD, OTHER = "5491123456789", "5491123456780"
OPEN = {MessageStatus.QUEUED, MessageStatus.SENDING}
OUT = {MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ}
WAIT_S = 40.0

_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(["tests.integration.gap_process", "celery.apps.worker", "kombu.transport.redis"])


class _KeysOfLostNotifications(Keys):
    def queue_list(self, queue: str) -> str:
        return f"{Keys.queue_list(self, queue)}:lost"


class Tenant:
    """One tenant's ledger, its WhatsApp, and the worker processes that serve it, one after the other."""

    def __init__(self, folder: Path, redis_url: str, client: redis.Redis, keys: Keys) -> None:
        self.folder, self.client, self.keys = folder, client, keys
        self._redis_url = redis_url
        settings = settings_for(folder, redis_url, keys)
        self.ledger = make_ledger(client, keys)
        self._leases = Leases(client, keys, 10_000)
        self.task_messages = TaskMessages(make_celery(settings))
        self._processes: list[tuple[ForkServerProcess, str]] = []

    @property
    def queue(self) -> str:
        return self.keys.queue_list(session_queue(CLIENTE))

    def accept(self, text: str, to: str = LEAD, *, notified: bool = True, content: Content = PLAIN) -> str:
        """notified: false where the notification is lost on its way."""
        now = now_ms()
        draft = Draft(new_message_id(), CLIENTE, to, text, Lane.SINGLE, now, now + 600_000, wake=True, content=content)
        notification = self.task_messages.notify(CLIENTE, draft.message_id)
        ledger = self.ledger if notified else make_ledger(self.client, _KeysOfLostNotifications(self.keys.prefix))
        return ledger.accepting.accept(draft, notification, AcceptLimits(100, 0)).message_id

    def start_worker(self, step: str = "", how: str = "") -> ForkServerProcess:
        token = secrets.token_hex(8)
        process = _FORKS.Process(target=run, args=(self.folder, self._redis_url, self.keys, token, step, how))
        process.start()
        self._processes.append((process, token))
        return process

    def die_at(self, step: str) -> None:
        """A worker that kills itself at a step; its host gives its lease back."""
        worker = self.start_worker(step, "die")
        worker.join(WAIT_S)
        assert worker.exitcode == -signal.SIGKILL
        self.stop_worker()

    def stop_worker(self) -> None:
        """SIGKILL; its host would then give its lease back."""
        process, token = self._processes.pop()
        process.kill()
        process.join(20)
        process.close()
        self._leases.release(CLIENTE, token)

    def message(self, message_id: str) -> Message:
        return stored(self.ledger, message_id)

    def until_complete(self, *message_ids: str) -> list[Message]:
        def ask() -> list[Message]:
            found = [self.message(message_id) for message_id in message_ids]
            return [] if any(one.status in OPEN for one in found) else found

        return until(ask, WAIT_S, f"the end of {message_ids}")

    def store(self, content: bytes) -> str:
        """A file of the tenant's in the store that its workers read. Returns its hash."""
        store = MediaStore(settings_for(self.folder, self._redis_url, self.keys).media_location)
        with store.writing(CLIENTE, len(content)) as writer:
            writer.write(content)
            return writer.commit().sha256

    def record(self) -> dict[str, Any]:
        """What WhatsApp's server has."""
        return server_record(whatsapp_file(self.folder))

    def shown(self, to: str) -> list[str]:
        """What the recipient was shown, in order."""
        return [one["text"] for one in server_record(whatsapp_file(self.folder))["shown"] if one["number"] == to]

    def keys_of(self, text: str) -> list[str]:
        return [one["key"] for one in server_record(whatsapp_file(self.folder))["shown"] if one["text"] == text]

    def close(self) -> None:
        while self._processes:
            self.stop_worker()

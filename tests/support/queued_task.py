"""A task on a tenant's queue, read as a worker would read it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any, cast

import redis

from shared.names import Keys, control_queue, session_queue


@dataclass(frozen=True)
class Task:
    """A Celery message: the task's name, its arguments and all its headers."""

    name: str
    kwargs: dict[str, Any]
    headers: dict[str, Any]


def read_task(raw: str) -> Task:
    """Parses what stands in the list."""
    message = json.loads(raw)
    _, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    return Task(message["headers"]["task"], kwargs, message["headers"])


def queued_tasks(client: redis.Redis, keys: Keys, cliente_id: int = 51) -> list[Task]:
    """The tasks that lie on a tenant's queues, the next one first."""
    found: list[str] = []
    for queue in (control_queue(cliente_id), session_queue(cliente_id)):
        found += reversed(cast(list[str], client.lrange(keys.queue_list(queue), 0, -1)))
    return [read_task(raw) for raw in found]

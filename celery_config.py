"""The Celery application: broker, routes per tenant, beat schedule. Tasks are known by name only.

Hub, background worker, beat, session workers and Flower all make their application here. Nothing connects before it is
used.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from celery import Celery
from celery.schedules import schedule
from kombu.entity import Queue

from shared import names
from shared.settings import Settings

_SESSION_TASKS = (
    names.TASK_NOTIFY,
    names.TASK_STATUS,
    names.TASK_CONNECT,
    names.TASK_DISCONNECT,
    names.TASK_RESTART,
    names.TASK_PAIRING_CODE,
    names.TASK_CHECK_CONTACT,
    names.TASK_MARK_READ,
    names.TASK_ACT,
    names.TASK_SHOW_TYPING,
    names.TASK_READ_GROUPS,
    names.TASK_READ_GROUP,
    names.TASK_READ_PROFILE,
)

_MIN_EXPIRY_S = 5.0  # a run of a task each second may wait that long for a free thread


def route(
    name: str, args: object, kwargs: Mapping[str, Any], options: Mapping[str, Any], task: object = None, **_: object
) -> dict[str, str] | None:
    """Celery's router: a session task goes to a queue of the `cliente_id` it names; webhooks have one of their own."""
    if name in _SESSION_TASKS:
        queue = names.session_queue if name == names.TASK_NOTIFY else names.control_queue
        return {"queue": queue(int(kwargs["cliente_id"]))}
    return {"queue": names.WEBHOOK_QUEUE if name == names.TASK_DELIVER_WEBHOOKS else names.BACKGROUND_QUEUE}


def beat_schedule(periodic: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Entries for celery beat. periodic: seconds between two runs, by task; a run that waited longer is dropped."""
    return {
        task: {"task": task, "schedule": schedule(seconds), "options": {"expires": max(seconds, _MIN_EXPIRY_S)}}
        for task, seconds in periodic.items()
    }


def make_celery(
    settings: Settings,
    *,
    cliente_id: int | None = None,
    periodic: Mapping[str, float] | None = None,
    queue: str = names.BACKGROUND_QUEUE,
) -> Celery:
    """The application for one process.

    cliente_id: for a session worker: it gets unacked keys of its own, so that no other worker's sweep touches what it
    holds (any worker sweeps the whole key). periodic: for celery beat: what it publishes, as `beat_schedule` takes it.
    queue: of every other worker, likewise.
    """
    app = Celery("leadmaster", set_as_current=False)
    owner = queue if cliente_id is None else names.session_queue(cliente_id)
    queues = [owner] if cliente_id is None else [names.control_queue(cliente_id), owner]
    app.conf.update(
        broker_url=settings.redis_url,
        result_backend=None,
        broker_transport_options={
            "global_keyprefix": settings.redis_prefix,
            "queue_order_strategy": "priority",  # a queue is served before those after it
            # A notification may be lost or come twice: the ledger is the truth, so no visibility time-out is tuned.
            "visibility_timeout": 86_400,
            "unacked_key": f"unacked.{owner}",
            "unacked_index_key": f"unacked_index.{owner}",
            "unacked_mutex_key": f"unacked_mutex.{owner}",
            "socket_connect_timeout": 4,
            "socket_keepalive": True,
        },
        broker_connection_retry_on_startup=True,
        broker_connection_max_retries=None,
        task_serializer="json",
        accept_content=["json"],
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_ignore_result=True,
        task_create_missing_queues=True,
        task_default_queue=names.BACKGROUND_QUEUE,
        task_queues=[Queue(queue) for queue in queues],
        task_routes=(route,),
        worker_send_task_events=True,  # Flower lives on these
        task_track_started=False,
        worker_hijack_root_logger=False,
        worker_redirect_stdouts=False,
        worker_cancel_long_running_tasks_on_connection_loss=True,
        worker_enable_remote_control=True,
        control_queue_expires=60,
        beat_schedule=beat_schedule(periodic or {}),
        beat_max_loop_interval=1,
        timezone="UTC",
        enable_utc=True,
    )
    return app

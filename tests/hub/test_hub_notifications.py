"""A notification's bytes are what Celery itself would have put on the queue."""

from __future__ import annotations

import json
import threading

import pytest
from celery.contrib.testing.worker import start_worker

from celery_config import make_celery
from hub_api.workers.task_messages import TaskMessages
from shared import names
from shared.ledger.message import new_message_id
from shared.names import control_queue, session_queue
from shared.protocol.commands import Connect, Disconnect, Notify
from support.queued_task import read_task

# What differs between any two messages of Celery's own, or only matters for results, which nobody asks for.
_BY_MESSAGE = {
    ("headers", "origin"),
    ("headers", "ignore_result"),
    ("properties", "delivery_tag"),
    ("properties", "reply_to"),
}


def _flat(message):
    body = read_task(json.dumps(message))
    pairs = {("body", "kwargs"): body.kwargs, ("body", "name"): body.name}
    for name in ("content-encoding", "content-type"):
        pairs[name, ""] = message[name]
    for part in ("headers", "properties"):
        pairs |= {(part, name): value for name, value in message[part].items()}
    return pairs


@pytest.mark.parametrize("template", [True, False])
def test_the_bytes_are_those_of_send_task(settings, server, keys, template):
    app, message_id = make_celery(settings), new_message_id()
    kwargs = {"cliente_id": 51, "message_id": message_id}
    app.send_task(names.TASK_NOTIFY, kwargs=kwargs, task_id=message_id)
    theirs = json.loads(server.lindex(keys.queue_list(session_queue(51)), 0))
    messages = TaskMessages(app)
    ours = json.loads(
        messages.notify(51, message_id)
        if template
        else messages.command(Notify(51, message_id), task_id=message_id, expires_s=None)
    )

    assert _flat(ours).keys() == _flat(theirs).keys()
    differing = {name for name, value in _flat(theirs).items() if _flat(ours)[name] != value}
    assert differing <= _BY_MESSAGE
    assert type(ours["properties"]["reply_to"]) is str
    app.close()


def test_each_notification_has_a_tag_of_its_own(settings):
    messages = TaskMessages(make_celery(settings))
    tags = {json.loads(messages.notify(51, "A"))["properties"]["delivery_tag"] for _ in range(10)}

    assert len(tags) == 10


def test_celery_itself_would_put_a_command_where_the_hub_does(settings, server, keys, services):
    app = make_celery(settings)
    services.control.tell(Connect(51))
    app.send_task(names.TASK_CONNECT, kwargs=Connect(51).to_wire())

    ours, theirs = reversed(server.lrange(keys.queue_list(control_queue(51)), 0, -1))
    assert (
        _flat(json.loads(ours))["properties", "delivery_info"]
        == _flat(json.loads(theirs))["properties", "delivery_info"]
    )
    app.close()


@pytest.mark.filterwarnings("ignore")  # Celery's own, as root
def test_a_real_worker_serves_commands_in_the_order_in_which_they_were_given(settings, server, keys, services):
    app = make_celery(settings, cliente_id=51)
    served, done = [], threading.Event()
    given = [("disconnect", False), ("connect", False)] * 20

    @app.task(name=names.TASK_DISCONNECT, shared=False)
    def disconnect(cliente_id, logout=False):
        served.append(("disconnect", logout))

    @app.task(name=names.TASK_CONNECT, shared=False)
    def connect(cliente_id, refresh_code=False):
        served.append(("connect", refresh_code))
        if len(served) == len(given):
            done.set()

    for name, _ in given:
        services.control.tell(Disconnect(51) if name == "disconnect" else Connect(51))
    with start_worker(app, perform_ping_check=False, pool="threads", concurrency=4, shutdown_timeout=15):
        assert done.wait(15)

    assert served == given


@pytest.mark.filterwarnings("ignore")  # Celery's own, as root
def test_a_real_worker_serves_notifications_and_commands(settings, server, keys, services):
    app = make_celery(settings, cliente_id=51)
    served, done = [], threading.Event()

    @app.task(name=names.TASK_NOTIFY, shared=False)
    def notify(cliente_id, message_id):
        served.append(("deliver", cliente_id, message_id))
        done.set()

    @app.task(name=names.TASK_CONNECT, shared=False)
    def connect(cliente_id, refresh_code=False):
        served.append(("connect", cliente_id, refresh_code))

    server.lpush(keys.queue_list(session_queue(51)), services.task_messages.notify(51, "01ABC"))
    services.control.tell(Connect(51, refresh_code=True))
    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=15):
        assert done.wait(15)

    assert served == [("connect", 51, True), ("deliver", 51, "01ABC")]  # control does not wait behind notifications

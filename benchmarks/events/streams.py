"""The p99 of accepted sends beside 500 open streams of events, against the same without any.

A is `accept`'s load (`POST …/messages`, 16 keep-alive connections) with no stream open. B is the same with 500: ten for
each of 50 tenants, each tenant with a key of its own, on which nothing happens but signs of life. C is B while events
are recorded, 20 a second, of all those tenants in turn, so that 200 a second are written to streams; it is compared
with D, the same recording without streams. Rounds A D B C A D B C …; the streams are opened anew for B, and held by a
process of its own (`stream_holder.py`), which reads what comes.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.parse import urlsplit

import psutil

from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import RunningSystem
from benchmarks.messages.accept import TENANTS, accepting_system, request_plan
from hub_api.accounts.keys.service import add_api_key
from hub_api.public_events.envelope import Change
from hub_api.public_events.publishing import Publishing
from hub_api.public_events.types import PublicEventType
from hub_api.services import Services, make_services
from shared.instant import now_ms
from testing.processes import descendants

STREAMS = 500
_FOLLOWED = range(100, 150)
_EVENTS_PER_S = 20
_ANSWER_S = 120.0


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    rounds, seconds = (1, 1.0) if quick else (7, 4.0)
    with accepting_system(folder) as system:
        services = make_services(system.settings)
        generator = system.start_lines("generator", "benchmarks.messages.load_generator", answer_s=_ANSWER_S)
        holder = system.start_lines("holder", "benchmarks.events.stream_holder", answer_s=_ANSWER_S)
        heads = _heads(services)
        _p99(generator, request_plan(system, TENANTS[0], 1.0))  # warms threads, caches and connections
        measured: list[tuple[float, float, float, float]] = []
        memory: list[float] = []
        told = 0
        for number in range(rounds):
            plan = request_plan(system, TENANTS[number % len(TENANTS)], seconds)
            alone = _p99(generator, plan)
            with _recording(services):
                recording = _p99(generator, plan)
            before = _memory(system)
            _open(holder, system, heads)
            memory.append((_memory(system) - before) / STREAMS / 1024)
            idle = _p99(generator, plan)
            with _recording(services):
                busy = _p99(generator, plan)
            told = holder.ask("{}", open=STREAMS)["events"]
            holder.ask('{"close": true}', open=0)
            measured.append((alone, recording, idle, busy))
        services.close()
    return _figures(measured, memory, told)


def _figures(measured: list[tuple[float, float, float, float]], memory: list[float], told: int) -> Figures:
    events = f"{_EVENTS_PER_S} events/s recorded"
    names = ("no stream", f"no stream, {events}", f"{STREAMS} idle streams", f"{STREAMS} streams, {events}")
    beside = (0, 1, 0, 1)  # what each is compared with
    ratios = [median_ratio([(one[place], one[beside[place]]) for one in measured]) for place in range(4)]
    rows = [
        (name, f"{median(one[place] for one in measured):.1f}", f"{ratios[place]:.2f}")
        for place, name in enumerate(names)
    ]
    verdict = f"p99 {ratios[2]:.2f} times with idle streams, {ratios[3]:.2f} with events (goal <= 1.5)"
    notes = [
        f"{len(measured)} rounds; {told} events written to streams; "
        f"{max(memory):.0f} KiB of the hub's memory for each stream at most."
    ]
    columns = ("", "p99 ms", "times the same without streams (median)")
    return Figures("streams: accept beside open streams", columns, rows, verdict, notes)


def _heads(services: Services) -> list[str]:
    """Returns the head of a request for each stream."""
    keys = {cliente_id: add_api_key(services.database, "bench", "cliente", cliente_id).key for cliente_id in _FOLLOWED}
    return [
        f"GET /api/whatsapp/{cliente_id}/events HTTP/1.1\r\nHost: hub\r\nX-Api-Key: {keys[cliente_id]}\r\n"
        for cliente_id in _FOLLOWED
        for _ in range(STREAMS // len(_FOLLOWED))
    ]


def _open(holder: LineProcess, system: RunningSystem, heads: list[str]) -> None:
    address = urlsplit(system.hub_url)
    asked = {"host": address.hostname, "port": address.port, "heads": heads}
    holder.ask(json.dumps(asked), open=len(heads))


def _p99(generator: LineProcess, plan: dict[str, Any]) -> float:
    heard = generator.ask(json.dumps(plan))
    if heard["refused"]:
        raise RuntimeError(f"{heard['refused']} requests were refused")
    return percentile(heard["latencies_ms"], 0.99)


def _memory(system: RunningSystem) -> int:
    hub = descendants(system.processes.process("hub").pid)
    return sum(psutil.Process(one.pid).memory_info().rss for one in hub)


@contextmanager
def _recording(services: Services) -> Iterator[None]:
    """Records events while this holds, as the background worker does, and notifies."""
    done, publishing = threading.Event(), Publishing(services)

    def record() -> None:
        number = 0
        while not done.wait(1 / _EVENTS_PER_S):
            cliente_id = _FOLLOWED[number % len(_FOLLOWED)]
            data = {"message_id": f"{number:026}", "status": "sent", "message": "x" * 500}
            with services.database.writing() as session:
                publishing.publish(session, [Change(cliente_id, PublicEventType.MESSAGE_STATUS, now_ms(), data)])
            services.client.publish(services.keys.public_events_channel, "")
            number += 1

    recorder = threading.Thread(target=record)
    recorder.start()
    try:
        yield
    finally:
        done.set()
        recorder.join()

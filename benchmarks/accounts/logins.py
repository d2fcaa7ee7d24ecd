"""What a flood of wrong logins leaves of the hub for everybody else: status calls alone, and beside it, in turns.

The flood: 32 connections, each with one login after the other for names and from addresses that differ every time (a
trusted proxy says the address), so that neither a user's nor an address' limit spares the hub its work; what holds is
the limit in all and the few that are checked at a time. The calls: `GET …/status` of a READY session over one
keep-alive connection, from its sending to the whole answer.
"""

from __future__ import annotations

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.ready_sessions import make_ready
from benchmarks.harness.running_system import running_system

TENANT = 51
CONNECTIONS = 32


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    seconds, rounds = (1.0, 2) if quick else (10.0, 5)
    flood: Counter[int] = Counter()
    longest: list[float] = []
    with running_system(folder, trusted_proxies=1) as system:
        make_ready(system.redis, system.keys, [TENANT])
        system.add_tenant(TENANT)
        system.start_hub()
        caller = system.new_caller()
        _calls(caller, 0.5)  # warms threads, caches and connections
        alone, beside = [], []
        for number in range(rounds):
            alone.append(_calls(caller, seconds))
            # Each round finds the limit in all as the first did.
            for key in system.redis.scan_iter(system.keys.login_attempts("*")):
                system.redis.delete(key)
            with _Flood(system.hub_url, number, flood, longest):
                beside.append(_calls(caller, seconds))
    ratio = median_ratio([(percentile(b, 0.99), percentile(a, 0.99)) for a, b in zip(alone, beside, strict=True)])
    rows = [_row("status calls alone", alone, seconds), _row("beside a flood of logins", beside, seconds)]
    told = ", ".join(f"{count:,} answered {status}" for status, count in sorted(flood.items()))
    notes = [f"logins: {told}; the slowest took {max(longest):.1f} s", f"{rounds} rounds of {seconds:.0f} s each way."]
    return Figures(
        "logins: everybody else's calls beside a flood of them",
        ("", "calls/s", "p50 ms", "p99 ms", "slowest ms"),
        rows,
        f"p99 beside the flood is {ratio:.1f} times that without (no goal)",
        notes,
    )


class _Flood:
    """A context: logins go on inside it."""

    def __init__(self, hub_url: str, number: int, answers: Counter[int], longest: list[float]) -> None:
        self._place = urlsplit(hub_url).netloc
        self._numbers = itertools.count(number * 1_000_000)
        self._answers = answers
        self._longest = longest
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._log_in) for _ in range(CONNECTIONS)]

    def __enter__(self) -> None:
        for thread in self._threads:
            thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _log_in(self) -> None:
        connection = http.client.HTTPConnection(self._place, timeout=60)
        while not self._over.is_set():
            with self._lock:
                number = next(self._numbers)
            address = ".".join(str(part) for part in (10, number >> 16 & 255, number >> 8 & 255, number & 255))
            headers = {"Content-Type": "application/json", "X-Forwarded-For": address}
            body = json.dumps({"usuario": f"user{number}", "password": "wrong password"})
            started = time.perf_counter()
            connection.request("POST", "/api/auth/login", body, headers)
            answer = connection.getresponse()
            answer.read()
            took = time.perf_counter() - started
            with self._lock:
                self._answers[answer.status] += 1
                self._longest.append(took)
        connection.close()


def _calls(caller: Caller, seconds: float) -> list[float]:
    """How long each call took, in seconds."""
    found, until = [], time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        caller.get(f"/api/whatsapp/{TENANT}/status")
        found.append(time.perf_counter() - started)
    return found


def _row(name: str, rounds: list[list[float]], seconds: float) -> tuple[str, ...]:
    samples = [sample for each in rounds for sample in each]
    parts = (percentile(samples, share) * 1_000 for share in (0.5, 0.99, 1))
    return (name, f"{len(samples) / seconds / len(rounds):,.0f}", *(f"{part:.1f}" for part in parts))

"""kill -9 → READY: of one worker, and of a whole machine, against a bare relaunch of a killed browser.

A begins with SIGKILL of the worker of a READY session and ends when `GET …/status` says READY again, of a moment after
the kill (asked every 10 ms): the host's reaping, the end of the orphaned browser, a new worker, lease, browser, page,
wa-js, state machine, snapshot. M is the same for a machine: host, reconciler, worker, driver and browser are killed at
once, and a host of another machine, which stands by over the same profile store, takes over. It may not before the
lease has run out, so what was left of the lease at the kill is taken off, and stated. B is `bare_relaunch.py`:
Playwright's driver, the same Chromium with the same switches on a linked profile whose browser was killed too, the same
page, wa-js, READY by the same words. In turns A B M B …; before each kill the session is READY and quiet, and its
worker hasn't failed lately (a second crash within a minute waits 1 s, by design).
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import cast

import psutil

from benchmarks.harness.figures import Figures, median_ratio
from benchmarks.harness.running_system import RunningSystem, running_system
from shared.instant import from_iso, now_ms
from shared.sessions.lease import Leases
from simulator.client import SimulatorClient
from testing.processes import descendants
from testing.waiting import until

_CLIENTE_ID = 51
_PHONE, _BARE_PHONE = "5491150000051", "5491150000099"
_READY_S = 90.0
_QUIET_S = 1.5


@dataclass(frozen=True, slots=True)
class _Machine:
    """One machine's end, in milliseconds."""

    total: float
    lease: float  # of it: what was left of the lease at the kill
    bare: float  # the relaunch next to it


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    samples = 1 if quick else 6
    with running_system(folder, session_host_capacity=1) as system:
        simulator = system.start_simulator()
        system.add_tenant(_CLIENTE_ID)
        system.start_hub()
        bare = _Bare(system, simulator)
        hosts = _Hosts(system)
        session = _Session(system, simulator)
        workers: list[tuple[float, float]] = []
        machines: list[_Machine] = []
        for _ in range(samples):
            workers.append((session.kill_worker(), bare.relaunch()))
            session.start_anew()
            total, lease = session.kill_machine(hosts)
            machines.append(_Machine(total, lease, bare.relaunch()))
            session.start_anew()
    return _figures(workers, machines)


class _Session:
    """The session that is killed, seen through HTTP."""

    def __init__(self, system: RunningSystem, simulator: SimulatorClient) -> None:
        self._system = system
        self._path = f"/api/whatsapp/{_CLIENTE_ID}"
        self._caller = system.new_caller()
        self._leases = Leases(system.redis, system.keys, 1)
        self._caller.post(f"{self._path}/connect")
        system.pair(simulator, _CLIENTE_ID, _PHONE)
        time.sleep(_QUIET_S)

    def kill_worker(self) -> float:
        """Kills the worker, and returns the milliseconds to READY."""
        pid = self._owner()
        killed_at, started = now_ms(), time.perf_counter()
        os.kill(pid, signal.SIGKILL)
        return self._ready_again(killed_at, started)

    def kill_machine(self, hosts: _Hosts) -> tuple[float, float]:
        """Kills the machine. Returns the milliseconds to READY, and those the lease had left at the kill."""
        tree = hosts.tree_with(self._owner())
        lease_left = self._system.redis.pttl(self._system.keys.lease(_CLIENTE_ID))
        killed_at, started = now_ms(), time.perf_counter()
        for process in tree:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        ms = self._ready_again(killed_at, started)
        hosts.replace_dead()
        return ms, lease_left

    def start_anew(self) -> None:
        """Stops and starts the session cleanly, so that its worker has no record of failing."""
        self._caller.post(f"{self._path}/disconnect")
        self._system.wait_unowned(_CLIENTE_ID)
        time.sleep(0.5)
        self._caller.post(f"{self._path}/connect")
        self._system.wait_ready(_CLIENTE_ID)
        time.sleep(_QUIET_S)

    def _owner(self) -> int:
        holder = self._leases.holder(_CLIENTE_ID)
        assert holder is not None
        return holder.pid

    def _ready_again(self, killed_at: int, started: float) -> float:
        def ready() -> bool:
            status = self._caller.get(f"{self._path}/status")
            return status["status"] == "READY" and not status["stale"] and from_iso(status["since"]) > killed_at

        until(ready, _READY_S, "READY again", every_s=0.01)
        return (time.perf_counter() - started) * 1000


class _Hosts:
    """Two hosts of two machines over one profile store."""

    def __init__(self, system: RunningSystem) -> None:
        self._system = system
        self._names = cycle(("machine-a", "machine-b"))
        self._number = 0
        self._running: list[tuple[str, int]] = []
        for _ in range(2):
            self._start()

    def tree_with(self, worker: int) -> Sequence[psutil.Process]:
        """Returns the tree of a worker's host, parents first: none may live long enough to start another."""
        for entry in self._running:
            tree = descendants(entry[1])
            if worker in [process.pid for process in tree]:
                return tree[::-1]
        raise RuntimeError(f"no host of worker {worker}")

    def replace_dead(self) -> None:
        """Starts a host for each that was killed."""
        for name, pid in list(self._running):
            if self._system.processes.process(name).poll() is not None:
                self._running.remove((name, pid))
                self._start()

    def _start(self) -> None:
        self._number += 1
        name, known = f"host{self._number}", len(self._announced())
        arguments = ("-m", "benchmarks.sessions.other_machine_host", f"{next(self._names)}-{self._number}")
        process = self._system.processes.start(name, *arguments, WHATSAPP_WEB_URL=self._system.simulator_url)
        until(lambda: len(self._announced()) > known, 60, "the host")
        self._running.append((name, process.pid))

    def _announced(self) -> set[str]:
        return cast(set[str], self._system.redis.smembers(self._system.keys.hosts))


class _Bare:
    """`bare_relaunch.py` with a linked profile."""

    def __init__(self, system: RunningSystem, simulator: SimulatorClient) -> None:
        arguments = (system.simulator_url, str(system.folder / "bare-profile"))
        self._process = system.start_lines("bare", "benchmarks.sessions.bare_relaunch", *arguments, answer_s=_READY_S)
        code = self._process.ask("")["code"]
        simulator.put_phone(_BARE_PHONE)
        simulator.scan(_BARE_PHONE, code)
        self._process.heard()

    def relaunch(self) -> float:
        """Relaunches the browser, and returns the milliseconds to READY."""
        return float(self._process.ask("")["ms"])


def _figures(workers: list[tuple[float, float]], machines: list[_Machine]) -> Figures:
    beyond = [one.total - one.lease for one in machines]
    worker_ratio = median_ratio(workers)
    machine_ratio = median_ratio([(one.total - one.lease, one.bare) for one in machines])
    rows = [
        _row("worker killed → READY", [ours for ours, _ in workers]),
        _row("bare relaunch → READY", [bare for _, bare in workers] + [one.bare for one in machines]),
        _row("machine killed → READY", [one.total for one in machines]),
        _row("  of it what the lease had left", [one.lease for one in machines]),
        _row("  of it beyond the lease", beyond),
    ]
    verdict = (
        f"worker {worker_ratio:.2f} times a bare relaunch (goal <= 1.5); "
        f"machine, beyond the lease, {machine_ratio:.2f} times (goal <= 1.5)"
    )
    notes = [f"{len(workers)} kills of each kind, in turns with relaunches; medians of pairs. Lease 15 s."]
    return Figures("recovery: kill -9 → READY", ("", "p50 ms", "min ms", "max ms"), rows, verdict, notes)


def _row(name: str, samples: list[float]) -> tuple[str, ...]:
    return (name, *(f"{value:.0f}" for value in (median(samples), min(samples), max(samples))))

"""Doing what the plan says: each kind of fault, against real processes and the simulator."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psutil

from simulator.client import ControlError
from testing.waiting import until
from tests.chaos.plan import LATENCY_MS, Fault, Kind
from tests.chaos.supervised import Supervised

T = TypeVar("T")
SOMEBODY_S = 3.0  # how long a process that is just being started again is waited for
SERVICE_OF = {
    Kind.KILL_HUB: "hub",
    Kind.KILL_BACKGROUND: "background",
    Kind.KILL_BEAT: "beat",
    Kind.KILL_HOST: "host-a",
}


def phone(cliente_id: int) -> str:
    """The tenant's own phone."""
    return f"54911500000{cliente_id}"


class Injector:
    """Runs a plan. Each fault has a thread of its own, so that one that lasts delays no other."""

    def __init__(self, system: Supervised, say: Callable[[str], None]) -> None:
        self._system = system
        self._say = say
        self._started = 0.0
        self.missed: list[Fault] = []  # nobody there to meet
        self.failures: list[BaseException] = []

    def run(self, plan: Sequence[Fault]) -> None:
        """Returns when the last fault is over. Raises what went wrong in the harness itself."""
        self._started = time.monotonic()
        threads = []
        for fault in plan:
            time.sleep(max(0.0, self._started + fault.at_s - time.monotonic()))
            thread = threading.Thread(target=self._inject, args=(fault,), daemon=True)
            thread.start()
            threads.append(thread)
        for thread in threads:
            thread.join(60)
        if plan:
            time.sleep(max(0.0, self._started + max(fault.ends_s for fault in plan) - time.monotonic()))
        self._system.simulator.lift_faults()
        if self.failures:
            raise self.failures[0]

    def _inject(self, fault: Fault) -> None:
        try:
            met = self._meet(fault)
        except (AssertionError, ControlError, OSError, KeyError) as error:
            self.failures.append(error)
            return
        late = time.monotonic() - self._started - fault.at_s
        if not met:
            self.missed.append(fault)
        self._say(fault.line() + ("" if met else "  (nobody there)") + (f"  (+{late:.1f} s)" if late > 1 else ""))

    def _meet(self, fault: Fault) -> bool:
        """True: it met what it was meant for."""
        if fault.cliente_id is None:
            self._meet_service(fault)
            return True
        match fault.kind:
            case Kind.KILL_WORKER:
                return _kill([self._worker(fault.cliente_id)])
            case Kind.STOP_WORKER:
                return self._stop_worker(fault.cliente_id, fault.seconds)
            case Kind.KILL_BROWSER:
                return _kill(self._browsers(fault.cliente_id))
            case Kind.KILL_RENDERER:
                return _kill([one for browser in self._browsers(fault.cliente_id) for one in _renderers(browser)])
            case Kind.KILL_DRIVER:
                return _kill(_drivers(self._worker(fault.cliente_id)))
        self._trouble_page(fault, phone(fault.cliente_id))
        return True

    def _meet_service(self, fault: Fault) -> None:
        if fault.kind is Kind.RESTART_REDIS:
            self._system.crash_redis(fault.seconds)
        else:
            # Sometimes the children of the hub's server outlive it for a moment, sometimes all go at once.
            whole_tree = fault.kind is Kind.KILL_HUB and fault.seconds < 1.5
            self._system.crash_service(SERVICE_OF[fault.kind], fault.seconds, whole_tree=whole_tree)

    def _trouble_page(self, fault: Fault, number: str) -> None:
        add, milliseconds = self._system.simulator.add_fault, round(fault.seconds * 1000)
        match fault.kind:
            case Kind.DROP_ACKS:
                add("drop_acks", phone=number, count=fault.count)
            case Kind.REFUSE:
                add("refuse_sends", phone=number, value=fault.how, count=fault.count)
            case Kind.OFFLINE:
                add("offline", phone=number, duration_ms=milliseconds)
            case Kind.HANG:
                add("hang_page", phone=number, value=milliseconds)
            case Kind.LATENCY:
                add("latency_ms", phone=number, value=LATENCY_MS, duration_ms=milliseconds)
            case Kind.WIPE:
                add("wipe_local_store", phone=number)
            case Kind.RELOAD:
                add("detach", phone=number)
            case _:
                raise AssertionError(f"not a page's trouble: {fault.kind}")

    def _stop_worker(self, cliente_id: int, seconds: float) -> bool:
        worker = self._worker(cliente_id)
        if worker is None:
            return False
        try:
            worker.suspend()
            time.sleep(seconds)
            worker.resume()  # what its host has killed meanwhile is gone
        except psutil.NoSuchProcess:
            return True
        return True

    def _worker(self, cliente_id: int) -> psutil.Process | None:
        return _soon(lambda: self._system.worker(cliente_id))

    def _browsers(self, cliente_id: int) -> list[psutil.Process]:
        return _soon(lambda: self._system.browsers(cliente_id)) or []


def _soon(ask: Callable[[], T | None]) -> T | None:
    """Whom it finds, also where they are just being started again."""
    with contextlib.suppress(AssertionError):
        return until(ask, SOMEBODY_S)
    return None


def _renderers(browser: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in browser.children(recursive=True) if "--type=renderer" in child.cmdline()]
    except psutil.NoSuchProcess:
        return []


def _drivers(worker: psutil.Process | None) -> list[psutil.Process]:
    try:
        children = [] if worker is None else worker.children()
        return [child for child in children if "".join(child.cmdline()[:1]).endswith("/node")]  # Playwright's own
    except psutil.NoSuchProcess:
        return []


def _kill(processes: Sequence[psutil.Process | None]) -> bool:
    killed = 0
    for process in processes:
        if process is None:
            continue
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        killed += 1
    return killed > 0

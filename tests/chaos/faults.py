"""Doing what the plan says, against real processes and the simulator."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from simulator.client import ControlError
from tests.chaos.plan import Fault
from tests.chaos.supervised import Supervised


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
        for thread, fault in zip(threads, plan, strict=True):
            thread.join(60 + fault.seconds)
        if plan:
            time.sleep(max(0.0, self._started + max(fault.ends_s for fault in plan) - time.monotonic()))
        self._system.simulator.lift_faults()
        if self.failures:
            raise self.failures[0]

    def _inject(self, fault: Fault) -> None:
        begun = time.monotonic()
        try:
            met = fault.kind.meet(self._system, fault)
        except (AssertionError, ControlError, OSError, KeyError) as error:
            self.failures.append(error)
            return
        late = begun - self._started - fault.at_s
        if not met:
            self.missed.append(fault)
        self._say(fault.line() + ("" if met else "  (nobody there)") + (f"  (+{late:.1f} s)" if late > 1 else ""))

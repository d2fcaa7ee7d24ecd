"""One service's process: starting it, seeing it end, asking whether it is ready."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
from collections.abc import Mapping

from leadmaster.parts import environment_of
from leadmaster.up.log_file import LogFile
from leadmaster.up.parent import PARENT_VARIABLE
from leadmaster.up.restarts import Restarts
from leadmaster.up.services import Service
from shared.process.backoff import Backoff

_ASK_EVERY_S = 0.2


class Process:
    """The process of a service while it runs, with its log and the record of its restarts. Times are monotonic."""

    def __init__(self, service: Service, log: LogFile) -> None:
        self.service = service
        self.log = log
        self.restarts = Restarts(restart_at=0.0)  # due at once
        self.ready = False
        self.told_failing = False  # that it keeps dying
        self.told_slow = False  # that it is not ready in time
        self._child: subprocess.Popen[bytes] | None = None
        self._asked_at = -math.inf

    @property
    def pid(self) -> int | None:
        """None where none was started, or it was dealt with after its end."""
        return self._child.pid if self._child is not None else None

    @property
    def exit_status(self) -> int | None:
        """How it ended, negative for a signal; None while it runs or where there is none."""
        return self._child.poll() if self._child is not None else None

    def start(self, environment: Mapping[str, str], now: float) -> None:
        """Starts it, with as much of the environment as it needs. Raises OSError."""
        with open(self.log.open(), "wb") as output:
            # A session of its own: Ctrl-C on the terminal reaches `up` alone, which stops all in order.
            self._child = subprocess.Popen(
                self.service.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment_of(self.service.name, {**os.environ, **environment, PARENT_VARIABLE: str(os.getpid())}),
                start_new_session=True,
            )
        self.restarts = self.restarts.started(now)
        self.ready = False

    def became_ready(self, now: float) -> bool:
        """Asks it, once in a while. True when it has just become ready."""
        if self._child is None or self.ready or now - self._asked_at < _ASK_EVERY_S:
            return False
        self._asked_at = now
        self.ready = self.service.readiness(self.age_s(now))
        return self.ready

    def age_s(self, now: float) -> float:
        """How long the run under way has lasted."""
        started_at = self.restarts.started_at
        return 0.0 if started_at is None else now - started_at

    def died(self, now: float, backoff: Backoff) -> None:
        """After an end that nobody asked for: clears away what is left of it and plans the next start."""
        assert self._child is not None
        _end_group(self._child.pid)
        self._child = None
        self.ready = False
        self.restarts = self.restarts.died(now, backoff)

    def terminate(self) -> None:
        """Asks it to end; it is not started again."""
        self.restarts = Restarts()
        if self._child is not None:
            self._child.terminate()

    def end(self) -> int | None:
        """Ends it by force where it still runs. Returns how it had ended by itself; None where it had to be forced."""
        child, self._child = self._child, None
        if child is None:
            return 0
        status = child.poll()
        if status is None:
            child.kill()
            child.wait()
        return status


def describe_exit(status: int) -> str:
    """`exit status 1` or `signal SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def _end_group(leader: int) -> None:
    """Ends what a dead process left in its group, e.g. the hub's workers, which would hold its port.

    Session workers lead groups of their own: they outlive their host, and the next one adopts them.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)

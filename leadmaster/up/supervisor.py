"""Starts the services in order, starts again what died, stops them in order, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import math
import os
import queue
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

import psutil

from leadmaster.installation.data_dir import DataDir
from leadmaster.screen import Screen
from leadmaster.up import leftovers
from leadmaster.up.log_file import LogFile, parse_line
from leadmaster.up.process import Process, describe_exit
from leadmaster.up.services import Service, stop_stages
from shared.process.backoff import Backoff
from shared.process.prctl import become_subreaper

_BACKOFF = Backoff(first_s=0.2, max_s=30.0, steady_s=30.0)
_FAILING_AFTER = 4  # so many deaths in a row are told as a failure and not as a hiccup
_ROUND_S = 0.1
_KILLED_WAIT_S = 5.0
_FORCE_MARGIN_S = 10.0  # a service forces its own end after the grace time, the host its workers' 2 s later
_SHOWN_LINES = 8
_MAX_SHOWN_CHARACTERS = 300


class Supervisor:
    """All processes of one `up`. `run` belongs on the main thread; `stop` and `last_lines` may come from others."""

    def __init__(
        self,
        services: Sequence[Service],
        data: DataDir,
        screen: Screen,
        *,
        environment: Mapping[str, str],
        grace_s: float,
        verbose: bool = False,
        backoff: Backoff = _BACKOFF,
        failing_after: int = _FAILING_AFTER,
    ) -> None:
        """environment: variables added for every service. grace_s: after which each of them forces its own end."""
        self._data = data
        self._screen = screen
        self._environment = environment
        self._grace_s = grace_s
        self._verbose = verbose
        self._backoff = backoff
        self._failing_after = failing_after
        self._processes = {one.name: Process(one, LogFile(data.logs / f"{one.name}.log")) for one in services}
        self._stopping = False
        self._wake_ups: queue.SimpleQueue[None] = queue.SimpleQueue()  # may be put to from a signal handler

    # ---- for other threads and signal handlers

    def stop(self) -> None:
        """Asks for a clean stop; asking again changes nothing."""
        self._stopping = True
        self._wake_ups.put(None)

    @property
    def stopping(self) -> bool:
        """True once a stop was asked for."""
        return self._stopping

    def last_lines(self, name: str) -> list[str]:
        """The end of a service's log, shortened for people."""
        lines = self._processes[name].log.last_lines(_SHOWN_LINES)
        return [parse_line(line).text for line in lines if line.strip()]

    # ---- the loop

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask for a stop while this holds; a second one is ignored."""
        former = {number: signal.signal(number, lambda *_: self.stop()) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def run(self, on_ready: Callable[[], None] | None = None, give_up_s: float = math.inf) -> bool:
        """Runs all services until a stop is asked for, then stops them. True when nothing had to be forced.

        on_ready: called once, on this thread, when every service is ready for the first time.
        give_up_s: stop by itself where that has not come by then.
        """
        become_subreaper()
        starting = True
        give_up_at = time.monotonic() + give_up_s
        while not self._stopping:
            self._go_on(time.monotonic())
            waiting = [process.service.title for process in self._processes.values() if not process.ready]
            if starting and not waiting:
                starting = False
                self._screen.busy(None)
                if on_ready is not None:
                    on_ready()
            elif starting and time.monotonic() > give_up_at:
                self._screen.failure(f"Not ready after {give_up_s:.0f} s: {', '.join(waiting)}")
                self.stop()
            elif starting:
                self._screen.busy(f"Starting {', '.join(waiting)} …")
            self._pause(_ROUND_S)
        self._screen.busy(None)
        return self._stop_all()

    def _go_on(self, now: float) -> None:
        """One round: what ended, what is to be started, what has become ready, what the logs say."""
        for process in self._processes.values():
            if (status := process.exit_status) is not None:
                process.died(now, self._backoff)
                self._record()
                self._tell_death(process, status)
        self._reap_orphans()
        for process in self._processes.values():
            if process.restarts.due(now) and all(self._processes[name].ready for name in process.service.needs):
                process.start(self._environment, time.monotonic())
                self._record()
            if process.became_ready(now):
                self._tell_ready(process)
            elif not process.ready and not process.told_slow and process.age_s(now) > process.service.ready_within_s:
                self._tell_slow(process)
        self._show_logs()

    def _record(self) -> None:
        pids = {name: process.pid for name, process in self._processes.items()}
        leftovers.record(self._data, {name: pid for name, pid in pids.items() if pid is not None})

    def _reap_orphans(self) -> None:
        """Descendants whose parents died come to this process; their remains are cleared away here."""
        ours = {process.pid for process in self._processes.values()}
        with contextlib.suppress(ChildProcessError):
            while True:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                # A service's own end is for its Popen to take, at the next round.
                if found is None or found.si_pid in ours:
                    return
                os.waitpid(found.si_pid, os.WNOHANG)

    def _pause(self, seconds: float) -> None:
        """Sleeps, unless it is woken."""
        with contextlib.suppress(queue.Empty):
            self._wake_ups.get(timeout=seconds)

    # ---- what the operator is told

    def _tell_death(self, process: Process, status: int) -> None:
        title, failures, how = process.service.title, process.restarts.failures, describe_exit(status)
        if failures < self._failing_after:
            self._screen.warning(f"{title} died ({how}); it is started again, the others go on")
            return
        text = (
            f"{title} keeps dying: {failures} times in a row, {how}; "
            f"next try in {self._backoff.delay_s(failures):.0f} s. Log: {process.log.path}"
        )
        self._screen.failure(text, () if process.told_failing else self.last_lines(process.service.name))
        process.told_failing = True

    def _tell_ready(self, process: Process) -> None:
        process.told_slow = process.told_failing = False
        again = " again" if process.restarts.starts > 1 else ""
        place = f"  {process.service.url}" if process.service.url else ""
        self._screen.done(f"{process.service.title} ready{again}{place}")

    def _tell_slow(self, process: Process) -> None:
        process.told_slow = True
        service = process.service
        text = f"{service.title} is not ready after {service.ready_within_s:.0f} s. Log: {process.log.path}"
        self._screen.failure(text, self.last_lines(service.name))

    def _show_logs(self) -> None:
        for name, process in self._processes.items():
            for line in map(parse_line, process.log.new_lines()):
                if self._verbose:
                    self._screen.plain(f"    {name:<10} {line.level:<7} {line.text}")
                elif line.shown:
                    text = line.text[:_MAX_SHOWN_CHARACTERS]
                    self._screen.repeated_warning(f"{name}:{line.event}", f"{process.service.title}: {text}")

    # ---- the end

    def _stop_all(self) -> bool:
        self._screen.line()
        self._screen.title("Stopping (what is being sent is finished first) …")
        clean = True
        for stage in stop_stages(self._processes):
            processes = [self._processes[name] for name in stage]
            for process in processes:
                process.terminate()
            # Counted from here: what was slow before must not cost a later stage its clean end.
            until = time.monotonic() + self._grace_s + _FORCE_MARGIN_S
            self._screen.busy(f"Stopping {', '.join(process.service.title for process in processes)} …")
            for process in processes:
                clean = self._await_end(process, until) and clean
        clean = self._end_descendants(time.monotonic() + self._grace_s) and clean
        self._show_logs()
        leftovers.clear(self._data)
        self._screen.line("[green]Stopped.[/green]" if clean else "[red]Stopped by force.[/red]")
        return clean

    def _await_end(self, process: Process, deadline: float) -> bool:
        if process.pid is None:
            return True
        while process.exit_status is None and time.monotonic() < deadline:
            self._reap_orphans()
            self._pause(0.02)
        self._screen.busy(None)
        status = process.end()
        title = process.service.title
        if status is None:
            self._screen.failure(f"{title} did not stop in time and is ended by force")
        elif status not in (0, -signal.SIGTERM):
            self._screen.warning(f"{title} stopped with {describe_exit(status)}")
        else:
            self._screen.done(f"{title} stopped")
        return status in (0, -signal.SIGTERM)

    def _end_descendants(self, deadline: float) -> bool:
        """What the services left behind has come to this process; it is waited for, then ended."""
        while (left := psutil.Process().children(recursive=True)) and time.monotonic() < deadline:
            self._reap_orphans()
            self._pause(0.05)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=_KILLED_WAIT_S)
        if left:
            self._screen.failure(f"{len(left)} processes that a service left behind were ended by force")
        return not left

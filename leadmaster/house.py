"""Runs the parts: starts them in order, starts again what died, stops them in order. Deciding is `supervisor`'s."""

from __future__ import annotations

import contextlib
import math
import os
import select
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import psutil

from leadmaster.datadir import DataDir, running
from leadmaster.log_file import LogFile, parse_line
from leadmaster.parts import Part, stop_stages
from leadmaster.screen import Screen
from leadmaster.signs import answers, pings, reported
from leadmaster.supervisor import Backoff, Life
from leadmaster.tether import PARENT_VARIABLE, adopt_orphans

_ALIVE_S = 1.0  # a part without a better sign counts as ready after running this long
_ASK_EVERY_S = 0.2
_KILLED_WAIT_S = 5.0
_STAGE_LEAST_S = 2.0  # what hung before must not cost the last stages a clean end
_SHOWN_LINES = 8


class Room:
    """One part with its process, its record and its log."""

    def __init__(self, part: Part, log: LogFile) -> None:
        self.part = part
        self.log = log
        self.life = Life()
        self.process: subprocess.Popen[bytes] | None = None
        self.ready = False
        self.asked_at = 0.0
        self.told_failing = False
        self.told_slow = False

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process is not None else None


class House:
    """All parts of one `up`. `run` belongs on the main thread; `stop` and `last_lines` may come from others."""

    def __init__(
        self,
        parts: Sequence[Part],
        data: DataDir,
        screen: Screen,
        *,
        redis_url: str,
        grace_s: float,
        verbose: bool = False,
        backoff: Backoff | None = None,
    ) -> None:
        """grace_s: how long stopping may take before it is forced."""
        self._data = data
        self._screen = screen
        self._redis_url = redis_url
        self._grace_s = grace_s
        self._verbose = verbose
        self._backoff = backoff or Backoff()
        self.rooms = {part.name: Room(part, LogFile(data.logs / f"{part.name}.log")) for part in parts}
        self._stop_asked = threading.Event()
        self._all_ready = threading.Event()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)

    # ---- for other threads and signal handlers

    def stop(self) -> None:
        """Asks for a clean stop; asking again changes nothing."""
        self._stop_asked.set()
        with contextlib.suppress(BlockingIOError):
            os.write(self._wake_write, b"!")

    @property
    def stopping(self) -> bool:
        return self._stop_asked.is_set()

    def last_lines(self, name: str, count: int = _SHOWN_LINES) -> list[str]:
        """The end of a part's log, shortened for people."""
        room = self.rooms.get(name)
        lines = room.log.last_lines(count) if room is not None else []
        return [parse_line(line).text for line in lines if line.strip()]

    # ---- the loop

    @contextlib.contextmanager
    def signals(self) -> Iterator[None]:
        """SIGINT and SIGTERM ask for a stop while this holds; a second one is ignored (CONTRACT section 8)."""
        former = {number: signal.signal(number, lambda *_: self.stop()) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)

    def run(self, on_ready: Callable[[], None] | None = None, give_up_s: float = math.inf) -> bool:
        """Runs all parts until a stop is asked for, then stops them. True when nothing had to be forced.

        on_ready: called once, on this thread, when every part is ready for the first time.
        give_up_s: stop by itself where that has not come by then.
        """
        adopt_orphans()
        now = time.monotonic()
        give_up_at = now + give_up_s
        for room in self.rooms.values():
            room.life = Life(restart_at=now)
        while not self.stopping:
            self._tick()
            if not self._all_ready.is_set():
                self._say_waiting()
                if all(room.ready for room in self.rooms.values()):
                    self._screen.busy(None)
                    self._all_ready.set()
                    if on_ready is not None:
                        on_ready()
                elif time.monotonic() > give_up_at:
                    missing = ", ".join(room.part.title for room in self.rooms.values() if not room.ready)
                    self._screen.failure(f"Not ready after {give_up_s:.0f} s: {missing}")
                    self.stop()
            self._sleep(0.1)
        self._screen.busy(None)
        return self._stop_all()

    def _tick(self) -> None:
        now = time.monotonic()
        self._reap(now)
        for room in self.rooms.values():
            if room.life.due(now) and all(self.rooms[name].ready for name in room.part.needs if name in self.rooms):
                self._start(room)
        for room in self.rooms.values():
            if room.process is not None and not room.ready and now - room.asked_at >= _ASK_EVERY_S:
                room.asked_at = now
                self._ask(room, now)
        self._read_logs()

    def _start(self, room: Room) -> None:
        environment = {**os.environ, **room.part.environment, PARENT_VARIABLE: str(os.getpid())}
        output = room.log.open()
        try:
            # A session of its own: Ctrl-C on the terminal reaches `up` alone, which stops the parts in order.
            room.process = subprocess.Popen(
                room.part.argv,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment,
                start_new_session=True,
            )
        finally:
            os.close(output)
        room.life = room.life.started(time.monotonic())
        room.ready = False
        self._record()

    def _record(self) -> None:
        self._data.record(running(name, room.pid) for name, room in self.rooms.items() if room.pid is not None)

    def _reap(self, now: float) -> None:
        for room in self.rooms.values():
            if room.process is not None and room.process.poll() is not None:
                self._died(room, now)
        self._reap_orphans()

    def _reap_orphans(self) -> None:
        """Descendants whose parents died come to this process; their remains are cleared away here."""
        ours = {room.pid for room in self.rooms.values()}
        with contextlib.suppress(ChildProcessError):
            while True:
                found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
                # A part's own end is for its Popen to take, at the next round.
                if found is None or found.si_pid in ours:
                    return
                os.waitpid(found.si_pid, os.WNOHANG)

    def _died(self, room: Room, now: float) -> None:
        process = room.process
        assert process is not None
        end_group(process.pid)
        room.process = None
        was_ready = room.ready
        room.ready = False
        room.life = room.life.died(now, self._backoff)
        delay = self._backoff.delay_s(room.life.deaths)
        how = describe_exit(process.returncode)
        if room.life.keeps_dying(self._backoff):
            lines = self.last_lines(room.part.name)
            text = (
                f"{room.part.title} keeps dying: {room.life.deaths} times in a row, {how}; "
                f"next try in {delay:.0f} s. Log: {room.log.path}"
            )
            self._screen.failure(text, () if room.told_failing else lines)
            room.told_failing = True
        elif was_ready or room.life.starts > 1 or room.life.deaths > 0:
            self._screen.warning(f"{room.part.title} died ({how}); it is started again, the others go on")
        self._record()

    def _ask(self, room: Room, now: float) -> None:
        assert room.process is not None
        started_at = room.life.started_at or now
        if self._is_ready(room.part, now - started_at):
            room.ready = True
            room.told_slow = False
            room.told_failing = False
            again = " again" if room.life.starts > 1 else ""
            place = f"  {room.part.url}" if room.part.readiness == "http" else ""
            self._screen.done(f"{room.part.title} ready{again}{place}")
        elif now - started_at > room.part.ready_within_s and not room.told_slow:
            room.told_slow = True
            text = f"{room.part.title} is not ready after {room.part.ready_within_s:.0f} s. Log: {room.log.path}"
            self._screen.failure(text, self.last_lines(room.part.name))

    def _is_ready(self, part: Part, age_s: float) -> bool:
        if part.readiness == "http":
            return answers(part.url, part.sign)
        if part.readiness == "reported":
            return age_s >= _ALIVE_S and reported(part.url, part.sign)
        if part.readiness == "redis":
            return pings(self._redis_url)
        return age_s >= _ALIVE_S

    def _say_waiting(self) -> None:
        waiting = [room.part.title for room in self.rooms.values() if not room.ready]
        self._screen.busy("Starting " + ", ".join(waiting) + " …" if waiting else None)

    def _read_logs(self) -> None:
        for room in self.rooms.values():
            for raw in room.log.new_lines():
                line = parse_line(raw)
                if self._verbose:
                    self._screen.plain(f"    {room.part.name:<10} {line.level:<7} {line.text}")
                elif line.telling:
                    self._screen.repeated_warning(
                        f"{room.part.name}:{line.event}", f"{room.part.title}: {line.text[:300]}"
                    )

    def _sleep(self, seconds: float) -> None:
        ready, _, _ = select.select([self._wake_read], [], [], seconds)
        if ready:
            with contextlib.suppress(BlockingIOError):
                os.read(self._wake_read, 4096)

    # ---- the end

    def _stop_all(self) -> bool:
        self._screen.line()
        self._screen.title("Stopping (what is being sent is finished first) …")
        deadline = time.monotonic() + self._grace_s
        clean = True
        for stage in stop_stages(list(self.rooms)):
            rooms = [self.rooms[name] for name in stage]
            for room in rooms:
                room.life = Life()
                if room.process is not None and room.process.poll() is None:
                    room.process.terminate()
            until = max(deadline, time.monotonic() + _STAGE_LEAST_S)
            self._screen.busy("Stopping " + ", ".join(room.part.title for room in rooms) + " …")
            clean = all([self._await_end(room, until) for room in rooms]) and clean
        clean = self._end_descendants(deadline) and clean
        self._read_logs()
        self._data.forget()
        self._screen.line("[green]Stopped.[/green]" if clean else "[red]Stopped by force.[/red]")
        return clean

    def _await_end(self, room: Room, deadline: float) -> bool:
        process = room.process
        if process is None:
            return True
        while process.poll() is None and time.monotonic() < deadline:
            self._reap_orphans()
            self._sleep(0.02)
        self._screen.busy(None)
        room.process = None
        if process.poll() is None:
            self._screen.failure(f"{room.part.title} did not stop in time and is ended by force")
            process.kill()
            process.wait()
            return False
        if process.returncode not in (0, -signal.SIGTERM):
            self._screen.warning(f"{room.part.title} stopped with {describe_exit(process.returncode)}")
            return False
        self._screen.done(f"{room.part.title} stopped")
        return True

    def _end_descendants(self, deadline: float) -> bool:
        """What the parts left behind has come to this process; it is waited for, then ended."""
        while time.monotonic() < deadline and psutil.Process().children(recursive=True):
            self._reap_orphans()
            self._sleep(0.05)
        left = psutil.Process().children(recursive=True)
        for process in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=_KILLED_WAIT_S)
        if left:
            self._screen.failure(f"{len(left)} processes that a part left behind were ended by force")
        return not left


def end_group(leader: int) -> None:
    """Ends what a dead part left in its process group, e.g. the hub's workers, which would hold its port.

    Session workers lead groups of their own: they outlive their host, and the next one adopts them.
    """
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def describe_exit(status: int) -> str:
    """`exit status 1` or `signal SIGKILL`."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"

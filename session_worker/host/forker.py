"""The session host: one per machine. A forking parent without connections or threads, and a reconciler beside it.

The parent preloads the code, forks workers and the reconciler, reaps, and tells the reconciler who ended. It is the
subreaper of its workers, so that a killed worker's driver and browser are reaped too. All deciding is the reconciler's.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

from setproctitle import setproctitle

from session_worker.engine.browser.profile_lock import kill_browser
from session_worker.engine.factory import preload
from session_worker.host import commands
from session_worker.host.children import Child
from session_worker.host.commands import Exited, Start, Started
from session_worker.host.host_id import new_host_id
from session_worker.host.reconciler import run_reconciler
from session_worker.worker.process import run_worker
from session_worker.worker.process_title import find_worker, host_title, orphans
from session_worker.worker.profile_store import ProfileStore, open_store
from shared import logs
from shared.logs import get_logger
from shared.process.prctl import become_subreaper, die_with_parent
from shared.settings import Settings

_log = get_logger(__name__)

REAP_S = 0.2  # how often the parent looks for ended children, at the latest


class Forker:
    """The forking parent. `run` returns the process's exit status."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._store: ProfileStore = open_store(settings.profiles_dir)
        self._host_id = new_host_id()
        self._children: dict[int, Child] = {}  # by pid
        self._reconciler = 0
        self._reader: commands.Reader | None = None
        self._to_reconciler = -1
        self._ending = False
        self._selector = selectors.DefaultSelector()

    def run(self) -> int:
        """Runs until SIGTERM or SIGINT, then stops every worker of this host and returns 0, or 1 if one was forced."""
        become_subreaper()
        setproctitle(host_title(self._store.store_id))
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        self._preload()
        gc.collect()
        gc.freeze()
        self._fork_reconciler()
        _log.info("host.started", store=self._store.store_id)
        while not self._ending:
            self._wait_for_commands()
            self._reap()
        return self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ending = True

    def _preload(self) -> None:
        """Imports what every worker will need, so that its memory is shared."""
        for module in ("celery.apps.worker", "celery.concurrency.thread", "kombu.transport.redis"):
            importlib.import_module(module)
        preload(self._settings.whatsapp_web_url)

    # Forking.

    def _fork_reconciler(self) -> None:
        down_read, down_write = os.pipe()
        up_read, up_write = os.pipe()
        children = list(self._children.values())

        def body() -> int:
            os.close(down_write)
            os.close(up_read)
            die_with_parent(signal.SIGTERM)
            return run_reconciler(self._settings, self._store, self._host_id, children, down_read, up_write)

        self._reconciler = self._fork(body)
        os.close(down_read)
        os.close(up_write)
        if self._reader is not None:
            self._selector.unregister(self._reader.descriptor)
            os.close(self._reader.descriptor)
            os.close(self._to_reconciler)
        self._reader = commands.Reader(up_read)
        self._to_reconciler = down_write
        self._selector.register(up_read, selectors.EVENT_READ)

    def _fork_worker(self, command: Start) -> None:
        pid = self._fork(
            lambda: run_worker(self._settings, self._store, command.cliente_id, command.token, self._host_id)
        )
        self._children[pid] = Child(command.cliente_id, pid, command.token, time.monotonic())
        self._tell(Started(command.cliente_id, command.token, pid))

    def _fork(self, body: Callable[[], int]) -> int:
        """Forks and runs `body` in the child, which never returns here. Returns the child's pid."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            return pid
        status = 70
        try:
            os.setsid()
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, signal.SIG_DFL)
            self._close_inherited()
            status = body()
        except Exception:  # noqa: BLE001
            # The child's edge: nothing may unwind into the parent's loop.
            _log.exception("child.defect")
        finally:
            sys.stderr.flush()
            os._exit(status)

    def _close_inherited(self) -> None:
        """The parent's own pipe ends and selector mean nothing to a child."""
        self._selector.close()
        if self._reader is not None:
            os.close(self._reader.descriptor)
            os.close(self._to_reconciler)

    # Listening and reaping.

    def _wait_for_commands(self) -> None:
        if not self._selector.select(timeout=REAP_S) or self._reader is None:
            return
        arrived = self._reader.read()
        if arrived is None:
            return  # the reconciler ended; reaping it starts another
        for command in arrived:
            if isinstance(command, Start):
                self._fork_worker(command)

    def _reap(self) -> None:
        while True:
            try:
                pid, raw = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                pid = 0
            if pid == 0:
                break
            status = os.waitstatus_to_exitcode(raw)
            if pid == self._reconciler:
                self._reconciler = 0
                if not self._ending:
                    _log.warning("reconciler.ended", status=status)
                    self._fork_reconciler()
                continue
            child = self._children.pop(pid, None)
            if child is not None:
                self._tell(Exited(child.cliente_id, child.token, pid, status))

    def _tell(self, report: Started | Exited) -> None:
        try:
            commands.write(self._to_reconciler, report)
        except OSError as error:
            # It ended: its successor, if any, is given the table of children as it then stands.
            _log.debug("reconciler.not_told", error=type(error).__name__)

    # Stopping.

    def _stop(self) -> int:
        """Workers finish the message in flight and close their browsers; after the grace time they are killed.

        Those that outlived an earlier host of this store are stopped as well.
        """
        ending = {child.pid: child.cliente_id for child in self._children.values()}
        ending |= {worker.pid: worker.cliente_id for worker in orphans(self._store.store_id)}
        _log.info("host.stopping", workers=len(ending))
        if self._reconciler:
            _signal(self._reconciler, signal.SIGTERM)
        for pid in ending:
            _signal(pid, signal.SIGTERM)
        # A worker forces itself after the grace time; the host's own margin comes on top.
        deadline = time.monotonic() + self._settings.shutdown_grace_seconds + 2
        while left := [pid for pid in ending if pid in self._children or find_worker(pid) is not None]:
            if time.monotonic() > deadline:
                break
            self._reap()
            time.sleep(0.05)
        for pid in left:
            _log.error("worker.killed", cliente_id=ending[pid], pid=pid)
            _signal(pid, signal.SIGKILL)
            kill_browser(self._store.lock_path(ending[pid]))
        self._reap()
        _log.info("host.stopped", forced=len(left))
        return 1 if left else 0


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        _log.debug("child.already_ended", pid=pid)


def run(settings: Settings) -> int:
    """The body of `leadmaster host`: returns the exit status."""
    logs.configure("host", settings.log_level, settings.log_format)
    return Forker(settings).run()

"""Compares wanted sessions with live leases every few seconds and has the forker start what is missing.

It runs beside the forking parent, so that the parent needs no connection. It alone kills: a worker that stopped
renewing, with its browser, before a successor may start.
"""

from __future__ import annotations

import os
import random
import secrets
import select
import shutil
import signal
import threading
import time
from types import FrameType
from typing import cast

import redis
from setproctitle import setproctitle

from session_worker.engine.browser.profile_lock import is_locked, kill_browser
from session_worker.host import capacity, commands
from session_worker.host.children import Child, Restarts
from session_worker.host.commands import Exited, Start, Started
from session_worker.host.host_id import same_machine
from session_worker.worker.process_title import find_worker, reconciler_title
from session_worker.worker.profile_store import ProfileStore
from shared import names
from shared.ledger.restoring.incarnation import Incarnation
from shared.logs import get_logger, stamp
from shared.redis.client import connect, connect_blocking
from shared.sessions.hosts import Hosts
from shared.sessions.lease import LeaseHolder, Leases, parse_holder
from shared.sessions.snapshots import Snapshots
from shared.sessions.wanted import WantedSessions
from shared.settings import Settings
from shared.transitions.session import SessionStatus

_log = get_logger(__name__)

ROUND_S = 2.0
FULL_S = 0.1  # the next look where sessions wait only for others to have started
EXPIRY_S = 0.02  # past a lease's end, so that it is gone when one looks
UNWANTED_S = 5.0  # a worker whose session is no longer wanted is told to stop after this long
DISK_LOW_MIB = 500  # less than that free in the profile store: the operator is told
DISK_TOLD_S = 300.0


class Reconciler:
    """One host's view of its sessions. All methods run on one thread."""

    def __init__(
        self, settings: Settings, store: ProfileStore, host_id: str, children: list[Child], down: int, up: int
    ) -> None:
        self._settings = settings
        self._store = store
        self._keys = names.Keys(settings.redis_prefix)
        self._client = connect(settings.redis_url)
        self._leases = Leases(self._client, self._keys, round(settings.session_lease_seconds * 1000))
        self._snapshots = Snapshots(self._client, self._keys)
        self._wanted_sessions = WantedSessions(self._client, self._keys)
        self._hosts = Hosts(self._client, self._keys)
        self._incarnation = Incarnation(self._client, self._keys)
        self._children = {child.cliente_id: child for child in children}
        self._reader = commands.Reader(down)
        self._up = up
        self._restarts = Restarts(random.SystemRandom())
        self._starting: dict[int, float] = {}  # commanded, not confirmed yet: monotonic seconds
        self._unwanted_since: dict[int, float] = {}
        self._lease_missing_since: dict[int, float] = {}
        self._capacity = settings.session_host_capacity or capacity.by_memory()
        self._host_id = host_id
        self._disk_told_s = -DISK_TOLD_S
        self._ending = False
        self._pause_s = ROUND_S  # until the next round, where nobody calls earlier
        wake_read, self._wake_write = os.pipe()
        self._wake = wake_read
        os.set_blocking(self._wake_write, False)

    def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        threading.Thread(target=self._listen, name="wake", daemon=True).start()
        while not self._ending:
            try:
                self._round()
            except redis.RedisError as error:
                _log.warning("reconciler.waits_for_redis", error=type(error).__name__)
            if not self._pause():
                break
        self._forget_host()
        return 0

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._ending = True

    def _listen(self) -> None:
        """Turns a notice on the wake channel into a byte on a pipe, so that a new session starts at once."""
        while not self._ending:
            try:
                listener = connect_blocking(self._settings.redis_url).pubsub(ignore_subscribe_messages=True)
                listener.subscribe(self._keys.wake_channel)
                for _ in listener.listen():
                    try:
                        os.write(self._wake_write, b".")
                    except BlockingIOError:
                        continue  # the pipe is full: a round is due anyway
            except redis.RedisError:
                time.sleep(1.0)

    def _pause(self) -> bool:
        """Waits for a notice, a report or the next round. False: the forker is gone."""
        ready, _, _ = select.select([self._wake, self._reader.descriptor], [], [], self._pause_s)
        if self._wake in ready:
            os.read(self._wake, 4096)
        if self._reader.descriptor in ready:
            arrived = self._reader.read()
            if arrived is None:
                return False
            for report in arrived:
                if isinstance(report, Started):
                    self._started(report)
                elif isinstance(report, Exited):
                    self._exited(report)
        return True

    # What the forker tells.

    def _started(self, report: Started) -> None:
        self._starting.pop(report.cliente_id, None)
        self._children[report.cliente_id] = Child(report.cliente_id, report.pid, report.token, time.monotonic())
        _log.info("worker.started", cliente_id=report.cliente_id, pid=report.pid)

    def _exited(self, report: Exited) -> None:
        child = self._children.pop(report.cliente_id, None)
        self._lease_missing_since.pop(report.cliente_id, None)
        kill_browser(self._store.lock_path(report.cliente_id))
        try:
            self._leases.release(report.cliente_id, report.token)
        except redis.RedisError as error:
            _log.warning("lease.not_released", cliente_id=report.cliente_id, error=type(error).__name__)
        if report.status == 0 or child is None:
            self._restarts.ended_well(report.cliente_id)
            _log.info("worker.ended", cliente_id=report.cliente_id, pid=report.pid, status=report.status)
            return
        wait = self._restarts.failed(child, time.monotonic())
        _log.warning(
            "worker.died",
            cliente_id=report.cliente_id,
            pid=report.pid,
            status=report.status,
            restart_in_s=round(wait, 2),
        )

    # One round.

    def _round(self) -> None:
        now_s = time.monotonic()
        self._pause_s = ROUND_S
        self._announce()
        if not self._incarnation.is_open():
            # An emptied Redis knows of no wanted session, an older one of others; the background worker puts it right.
            _log.info("reconciler.waits_for_comparison")
            return
        wanted = self._wanted()
        holders = self._holders(set(wanted) | set(self._children))
        for child in list(self._children.values()):
            self._watch(child, holders.get(child.cliente_id), child.cliente_id in wanted, now_s)
        room = self._room(now_s)
        for cliente_id in wanted:
            if cliente_id in self._children or cliente_id in self._starting:
                continue
            holder = holders.get(cliente_id)
            if holder is not None:
                self._look_at_foreign_owner(cliente_id, holder)
            elif room <= 0:
                self._pause_s = min(self._pause_s, FULL_S if self._capacity > len(self._children) else ROUND_S)
            elif self._restarts.due(cliente_id, now_s) and self._start(cliente_id, now_s):
                room -= 1

    def _wanted(self) -> list[int]:
        """Wanted sessions whose login is here or nowhere yet, longest wanted first as the mirror keeps them."""
        here = self._store.store_id
        return [cliente_id for cliente_id, store in self._wanted_sessions.stores().items() if store in (None, here)]

    def _holders(self, cliente_ids: set[int]) -> dict[int, LeaseHolder]:
        if not cliente_ids:
            return {}
        ordered = sorted(cliente_ids)
        values = cast(list[str | None], self._client.mget([self._keys.lease(cliente) for cliente in ordered]))
        return {cliente: parse_holder(value) for cliente, value in zip(ordered, values, strict=True) if value}

    def _room(self, now_s: float) -> int:
        """How many browsers may be started now: capacity, and a limit on how many start at once."""
        for cliente_id, since in list(self._starting.items()):
            if now_s - since > 10:
                del self._starting[cliente_id]
        launching = len(self._starting)
        if self._children:
            views = self._snapshots.read_many(self._children)
            launching += sum(
                view.snapshot.status is SessionStatus.INIT or not view.owned
                for view, child in zip(views, self._children.values(), strict=True)
                if now_s - child.started_s < 60  # one that hangs delays no other for longer
            )
        free = self._capacity - len(self._children) - len(self._starting)
        return min(free, self._settings.session_start_limit - launching)

    def _start(self, cliente_id: int, now_s: float) -> bool:
        lock = self._store.lock_path(cliente_id)
        if is_locked(lock):
            # No lease, yet a browser lives on this profile: its owner is dead.
            _log.warning("browser.orphan_killed", cliente_id=cliente_id)
            kill_browser(lock)
            if is_locked(lock):
                return False
        self._starting[cliente_id] = now_s
        commands.write(self._up, Start(cliente_id, secrets.token_hex(12)))
        return True

    def _watch(self, child: Child, holder: LeaseHolder | None, wanted: bool, now_s: float) -> None:
        """A worker that stopped renewing is killed with its browser; one that nobody wants is told to stop."""
        cliente_id = child.cliente_id
        if child.adopted and find_worker(child.pid) is None:
            self._exited(Exited(cliente_id, child.token, child.pid, -signal.SIGKILL))
            return
        if holder is not None and holder.token == child.token:
            self._lease_missing_since.pop(cliente_id, None)
        else:
            since = self._lease_missing_since.setdefault(cliente_id, now_s)
            # A worker that has just been forked has not taken its lease yet.
            if now_s - since > max(2.0, self._settings.session_lease_seconds / 3):
                _log.error("worker.without_lease_killed", cliente_id=cliente_id, pid=child.pid)
                _send(child.pid, signal.SIGKILL)
                kill_browser(self._store.lock_path(cliente_id))
                self._lease_missing_since.pop(cliente_id, None)
            return
        if wanted:
            self._unwanted_since.pop(cliente_id, None)
        elif now_s - self._unwanted_since.setdefault(cliente_id, now_s) > UNWANTED_S:
            _log.info("worker.unwanted_stopped", cliente_id=cliente_id, pid=child.pid)
            self._unwanted_since.pop(cliente_id, None)
            _send(child.pid, signal.SIGTERM)

    def _look_at_foreign_owner(self, cliente_id: int, holder: LeaseHolder) -> None:
        """A live lease of a worker that this parent did not fork: of another host, which watches it, or of a dead one.

        Of a dead host on this machine it is adopted while it lives. On another machine only its lease can tell.
        """
        if not same_machine(holder.host_id):
            left_ms = self._client.pttl(self._keys.lease(cliente_id))
            self._pause_s = min(self._pause_s, max(0, left_ms) / 1000 + EXPIRY_S)
            return
        worker = find_worker(holder.pid)
        if worker is not None and worker.cliente_id == cliente_id:
            if worker.orphan:
                self._children[cliente_id] = Child(cliente_id, holder.pid, holder.token, time.monotonic(), adopted=True)
                _log.info("worker.adopted", cliente_id=cliente_id, pid=holder.pid)
            return
        _log.warning("worker.of_earlier_host_died", cliente_id=cliente_id, pid=holder.pid)
        kill_browser(self._store.lock_path(cliente_id))
        self._leases.release(cliente_id, holder.token)

    # The host's own heartbeat.

    def _announce(self) -> None:
        state: dict[str, str | int] = {
            "store": self._store.store_id,
            "pid": os.getppid(),
            "sessions": len(self._children),
            "capacity": self._capacity,
            "disk_free_mib": self._free_disk_mib(),
        }
        self._hosts.announce(self._host_id, state)

    def _free_disk_mib(self) -> int:
        free_mib = shutil.disk_usage(self._store.root).free // 2**20
        now_s = time.monotonic()
        if free_mib < DISK_LOW_MIB and now_s - self._disk_told_s >= DISK_TOLD_S:
            self._disk_told_s = now_s
            _log.error("store.disk_nearly_full", free_mib=free_mib, path=str(self._store.root))
        return free_mib

    def _forget_host(self) -> None:
        try:
            self._hosts.forget(self._host_id)
        except redis.RedisError as error:
            _log.warning("host.not_forgotten", error=type(error).__name__)


def _send(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        _log.debug("worker.already_ended", pid=pid)


def run_reconciler(
    settings: Settings, store: ProfileStore, host_id: str, children: list[Child], down: int, up: int
) -> int:
    """The body of the reconciler's process. Returns its exit status."""
    setproctitle(reconciler_title(store.store_id))
    stamp(part="reconciler")
    return Reconciler(settings, store, host_id, children, down, up).run()

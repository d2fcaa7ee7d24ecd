"""The lock on a browser profile: who holds it, and ending who does. Needs no Playwright; Linux only (`/proc`).

The browser itself holds the lock (`wrapper.sh`): "locked" and "a browser lives on this profile" are the same.
"""

from __future__ import annotations

import fcntl
import os
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from shared.logs import get_logger

LOCK_DESCRIPTOR = 9  # of wrapper.sh
_POLL_SECONDS = 0.02
_TREE_SECONDS = 0.5

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Holder:
    """The browser's main process that holds a profile."""

    pid: int
    launch_id: str  # which launch it came from; empty where the lock file doesn't say


def is_locked(lock_path: Path) -> bool:
    """Whether a browser lives on the profile. A missing file is not locked."""
    try:
        descriptor = os.open(lock_path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def holder(lock_path: Path) -> Holder | None:
    """The process that holds the lock, None if none is found.

    The recorded pid counts only where that process has the very lock file open: a pid may have been given anew.
    """
    recorded = _recorded(lock_path)
    if recorded is not None and _has_open(recorded.pid, lock_path):
        return recorded
    for pid in psutil.pids():
        if _has_open(pid, lock_path):
            return Holder(pid, "")
    return None


def kill_browser(lock_path: Path, *, launch_id: str | None = None, timeout_seconds: float = 5.0) -> bool:
    """Kills the browser tree that holds the lock and waits until the lock is free. Returns whether it is.

    launch_id: end this launch's browser only; another's is left alone and the answer is True.
    """
    deadline = time.monotonic() + timeout_seconds
    while is_locked(lock_path):
        found = holder(lock_path)
        if found is not None:
            if launch_id is not None and found.launch_id != launch_id:
                return True
            _kill_tree(found.pid)
        if time.monotonic() > deadline:
            _log.error("profile_lock.not_freed", lock=str(lock_path), pid=found.pid if found else None)
            return False
        time.sleep(_POLL_SECONDS)
    return True


def kill_process(pid: int, timeout_seconds: float = 2.0) -> None:
    """Kills one process and waits until it is gone."""
    try:
        process = psutil.Process(pid)
        process.kill()
    except psutil.NoSuchProcess:
        return
    _wait_until_gone([process], timeout_seconds)


def _recorded(lock_path: Path) -> Holder | None:
    try:
        pid, launch_id = lock_path.read_text("utf-8").split()
        return Holder(int(pid), launch_id)
    except (OSError, ValueError):
        return None


def _has_open(pid: int, lock_path: Path) -> bool:
    try:
        opened = os.stat(f"/proc/{pid}/fd/{LOCK_DESCRIPTOR}")
        lock = os.stat(lock_path)
    except OSError:
        return False
    return (opened.st_dev, opened.st_ino) == (lock.st_dev, lock.st_ino)


def _kill_tree(pid: int) -> None:
    try:
        root = psutil.Process(pid)
        # The root first: it could still answer its children's deaths, by starting others or by ending in peace.
        tree = [root, *root.children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    for process in tree:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    _wait_until_gone(tree, _TREE_SECONDS)


def _wait_until_gone(processes: list[psutil.Process], timeout_seconds: float) -> None:
    """Waits without reaping: who started a process wants its exit status. So a zombie counts as gone."""
    deadline = time.monotonic() + timeout_seconds
    while any(map(_is_alive, processes)) and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)


def _is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False

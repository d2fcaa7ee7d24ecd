"""The lock on a profile, held as long as its fake engine, or the process of it, lives."""

from __future__ import annotations

import fcntl
import os

from session_worker.engine.port import EngineConfig, EngineError


def lock_profile(config: EngineConfig) -> int:
    """The descriptor that holds it. Raises EngineError PROFILE_LOCKED where another has it."""
    config.lock_path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(config.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise EngineError("PROFILE_LOCKED", f"another browser holds {config.lock_path.name}") from None
    return descriptor

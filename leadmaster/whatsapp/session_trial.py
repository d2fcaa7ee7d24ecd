"""Trying a bundle on one real session: its browser is restarted with it and must become READY again."""

from __future__ import annotations

import time
from collections.abc import Callable

from leadmaster.hub_access import signed_in
from leadmaster.hub_caller import Caller, CallFailed
from leadmaster.whatsapp.bundle_probe import ProbeFailed
from session_worker.engine.versions.bundles import BundleStore
from shared.settings import Settings

_READY_WITHIN_S = 240.0
_STEADY_S = 15.0  # READY must last through a probe of the session's
_ASK_EVERY_S = 0.5


def trial(settings: Settings, store: BundleStore, name: str, cliente_id: int, on_step: Callable[[str], None]) -> None:
    """Restarts the session with the bundle; where that fails, once more with the one that all have.

    Raises ProbeFailed, SettingsError.
    """
    session = f"cliente_{cliente_id}"
    if not (settings.profiles_dir / session).is_dir():
        raise ProbeFailed(f"session {cliente_id} has no profile in this data directory: try it on the session's host")
    path = f"/api/whatsapp/{cliente_id}"
    with signed_in(settings, cliente_id) as caller:
        before = _status(caller, path)
        if before["status"] != "READY":
            raise ProbeFailed(f"session {cliente_id} is {before['status']}; a bundle is tried on one that is READY")
        store.try_on(session, name)
        try:
            _restart(caller, path)
            _until_ready_again(caller, path, str(before["since"]))
        except ProbeFailed:
            store.end_trial(session)
            _restart(caller, path)
            raise
    on_step(f"session {cliente_id} is READY with it")


def _until_ready_again(caller: Caller, path: str, since_before: str) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    ready_at: float | None = None
    answer = _status(caller, path)
    while time.monotonic() < deadline:
        now = time.monotonic()
        if answer["status"] == "ERROR" or answer["needs_qr"]:
            raise ProbeFailed(f"the session became {answer['status']} ({answer['last_error_code']})")
        is_new_ready = answer["status"] == "READY" and answer["since"] != since_before and not answer["stale"]
        ready_at = (ready_at or now) if is_new_ready else None
        if ready_at is not None and now - ready_at >= _STEADY_S:
            return
        time.sleep(_ASK_EVERY_S)
        answer = _status(caller, path)
    raise ProbeFailed(f"the session is not READY again, but {answer['status']} ({answer['last_error_code']})")


def _status(caller: Caller, path: str) -> dict[str, object]:
    """Raises ProbeFailed where the hub does not answer."""
    try:
        return caller.get(f"{path}/status")
    except CallFailed as error:
        raise ProbeFailed(f"the hub: {error}") from error


def _restart(caller: Caller, path: str) -> None:
    """Raises ProbeFailed where the hub does not answer."""
    try:
        caller.post(f"{path}/restart", expect=202)
    except CallFailed as error:
        raise ProbeFailed(f"the hub: {error}") from error

"""Gets a tenant a code to pair its phone with: starts the session where needed and waits."""

from __future__ import annotations

import time
from dataclasses import dataclass

from hub_api.accounts.tenants.profiles import profile_of, require_active
from hub_api.authorizations import service as authorizations
from hub_api.pairing.qr_answer import QrAnswer, answer, ran_out
from hub_api.principal import Principal
from hub_api.services import Services
from hub_api.sessions import service as lifecycle
from shared.errors import QrGenerationFailed, SessionAlreadyConnected
from shared.instant import now_ms
from shared.sessions.view import SessionView
from shared.texts import error_text


@dataclass(frozen=True, slots=True)
class QrOutcome:
    """kind: CODE, SYNCING or NONE_YET; the other answers are errors."""

    kind: QrAnswer
    view: SessionView


def obtain(services: Services, caller: Principal, cliente_id: int, wait_s: float) -> QrOutcome:
    """A code, or how the session stands when time is up. wait_s: seconds to wait at most. caller: who is to have it.

    Raises TenantSuspended, QrNotAuthorized, SessionAlreadyConnected, QrGenerationFailed; redis.RedisError.
    """
    require_active(services, cliente_id)
    authorizations.require(services.database, caller, cliente_id)
    view = services.snapshots.read(cliente_id)
    kind = answer(view, now_ms())
    deadline = time.monotonic() + wait_s
    if kind is QrAnswer.NONE_YET:
        _start(services, view)
        with services.waiting.place_if_free(cliente_id) as place:
            found = place.until(deadline - time.monotonic(), lambda: _look(services, cliente_id))
        authorizations.require(services.database, caller, cliente_id)  # it may have been taken back meanwhile
        view = found or services.snapshots.read(cliente_id)
        kind = answer(view, now_ms())
    if kind is QrAnswer.CONNECTED:
        raise SessionAlreadyConnected()
    if kind is QrAnswer.FAILED:
        snapshot = view.snapshot
        text = snapshot.last_error_message or (
            error_text(snapshot.last_error_code, profile_of(services, cliente_id).language)
            if snapshot.last_error_code
            else None
        )
        details = {"status": snapshot.status.value, "last_error_code": snapshot.last_error_code or None}
        raise QrGenerationFailed(text, details=details | {"last_error_message": text})
    return QrOutcome(kind, view)


def _start(services: Services, view: SessionView) -> None:
    expired = ran_out(view, now_ms())
    if expired or lifecycle.needs_start(view):
        lifecycle.connect(services, view.snapshot.cliente_id, "qr", refresh_code=expired)


def _look(services: Services, cliente_id: int) -> SessionView | None:
    view = services.snapshots.read(cliente_id)
    return view if answer(view, now_ms()) is not QrAnswer.NONE_YET else None

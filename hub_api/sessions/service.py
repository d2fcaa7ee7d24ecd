"""Starting and stopping sessions: which are wanted (SQL, mirrored in Redis) and what their workers are told."""

from __future__ import annotations

from hub_api.accounts.audit import trail
from hub_api.accounts.tenants.profiles import require_active
from hub_api.database import Database
from hub_api.services import Services
from hub_api.sessions.models import OwedLogout, WantedSession
from shared.errors import SessionNotReady
from shared.instant import now_ms
from shared.protocol.commands import Connect, Disconnect, Restart
from shared.protocol.snapshot import Wanted
from shared.sessions.view import SessionView
from shared.texts import Language, send_refused_text
from shared.transitions.session import SessionStatus


def connect(
    services: Services, cliente_id: int, reason: str, *, refresh_code: bool = False, who: str | None = None
) -> None:
    """Wants a session: its host starts it, or its live worker is told. Idempotent.

    reason: what asked for it, kept. refresh_code: a fresh QR code is needed, the last one ran out. who: whose call it
    was, for the audit trail, where it changes anything.
    Raises TenantSuspended; redis.RedisError, before anything is kept, where Redis is away.
    """
    require_active(services, cliente_id)
    owned = is_owned(services, cliente_id)
    now = now_ms()
    record_wanted(services.database, cliente_id, now, reason, who)
    services.wanted.add(cliente_id, Wanted(now, reason))
    if owned:
        services.control.tell(Connect(cliente_id, refresh_code))
    services.wanted.notify_hosts(cliente_id)


def disconnect(services: Services, cliente_id: int, *, logout: bool, who: str) -> bool:
    """No longer wants a session and tells its worker to end. False where nothing ran.

    logout: the phone is unlinked as well, by the live worker or at the next start, before anything is sent.
    """
    if logout:  # before it is looked who runs the session: a worker that starts meanwhile sees one or the other
        _owe_logout(services, cliente_id)
    owned = is_owned(services, cliente_id)
    with services.database.writing() as session:
        row = session.get(WantedSession, cliente_id)
        if row is not None:
            session.delete(row)
        if row is not None or owned:
            trail.note(session, who, "session.stop", cliente_id, f"session {cliente_id}", logout=logout)
    was_wanted = services.wanted.remove(cliente_id)
    if owned:
        services.control.tell(Disconnect(cliente_id, logout))
    services.wanted.notify_hosts(cliente_id)
    return owned or was_wanted


def _owe_logout(services: Services, cliente_id: int) -> None:
    login_id = services.snapshots.read(cliente_id).snapshot.login_id
    with services.database.writing() as session:
        session.merge(OwedLogout(cliente_id=cliente_id, login_id=login_id[:200], at=now_ms()))
    services.wanted.owe_logout(cliente_id, login_id)


def restart(services: Services, cliente_id: int, who: str) -> None:
    """A new browser with the same login; starts the session where nothing runs. Raises TenantSuspended."""
    require_active(services, cliente_id)
    if is_owned(services, cliente_id):
        with services.database.writing() as session:
            trail.note(session, who, "session.relaunch", cliente_id, f"session {cliente_id}")
            services.control.tell(Restart(cliente_id))
    else:
        connect(services, cliente_id, "restart", who=who)


def is_owned(services: Services, cliente_id: int) -> bool:
    """True where a worker runs the session."""
    return bool(services.wanted.owned([cliente_id]))


def require_ready(services: Services, cliente_id: int, language: Language) -> None:
    """Raises SessionNotReady, with the text of a refused send, where nothing can be asked of WhatsApp at once."""
    view = services.snapshots.read(cliente_id)
    if not view.can_send:
        told = view.snapshot.status
        status = SessionStatus.DISCONNECTED if told is SessionStatus.READY else told  # nobody owns it
        text = send_refused_text(status, view.snapshot.last_error_message or None, language)
        raise SessionNotReady(text, details={"status": status.value})


def needs_start(view: SessionView) -> bool:
    """True where nobody runs the session, or nobody is asked to."""
    return not view.owned or not view.wanted


def record_wanted(database: Database, cliente_id: int, now: int, reason: str, who: str | None = None) -> None:
    """Keeps in SQL, the master, that a session is wanted; does nothing where it stands there.

    who: for the audit trail; None where no call asked for the session itself.
    """
    with database.reading() as session:
        if session.get(WantedSession, cliente_id) is not None:
            return
    with database.writing() as session:
        if session.get(WantedSession, cliente_id) is None:
            session.add(WantedSession(cliente_id=cliente_id, since=now, reason=reason))
            if who is not None:
                trail.note(session, who, "session.start", cliente_id, f"session {cliente_id}")

"""Asking for an act, waiting for its outcome, and reading one."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from hub_api.accounts.tenants.profiles import require_active
from hub_api.acts import target
from hub_api.acts.models import IS_OPEN, MessageAct
from hub_api.services import Services
from hub_api.sessions.service import require_ready
from hub_api.workers.waiting import Place
from shared.errors import NotFound, QueueFull
from shared.ledger.message import new_message_id
from shared.protocol.acts import OPEN_ACTS, Act, ActEntry, ActKind, ActStatus
from shared.protocol.commands import PerformActs
from shared.protocol.events import ActEnded
from shared.texts import Language

_EXPIRES_S = 60.0
_LOST_AFTER_MS = 10 * 60_000  # longer than an act can be open
_AT_ONCE = 200


def ask(
    services: Services,
    cliente_id: int,
    named: str,
    act: Act,
    language: Language,
) -> ActEntry:
    """Puts an act on record and has the session's worker do it. named: the message, by our id or WhatsApp's.

    Raises TenantSuspended, NotFound, MessageNotSent, MessageDeleted, NotEditable, TooLate, ValidationFailed;
    SessionNotReady at once, before anything is kept; QueueFull; redis.RedisError and sqlalchemy.exc.SQLAlchemyError.
    """
    require_active(services, cliente_id)
    found = target.find(services, cliente_id, named)
    settings = services.settings
    limits_s = {
        ActKind.EDIT: round(settings.message_edit_seconds),
        ActKind.DELETION: round(settings.message_delete_seconds),
    }
    target.require_possible(found, act.kind, act.text, act.asked_at, limits_s)
    require_ready(services, cliente_id, language)
    whole = replace(act, whatsapp_id=found.whatsapp_id, message_id="" if found.ours is None else found.ours.message_id)
    command = PerformActs(cliente_id, act.act_id)
    notification = services.task_messages.command(command, task_id=act.act_id, expires_s=_EXPIRES_S)
    if not services.ledger.acts.ask(whole, command.queue, notification):
        raise QueueFull()
    return ActEntry(whole, ActStatus.ASKED)


def new_act(cliente_id: int, kind: ActKind, now_ms: int, *, emoji: str = "", text: str = "") -> Act:
    """What a caller asks for; its message is found by `ask`."""
    return Act(new_message_id(), cliente_id, kind, "", now_ms, emoji=emoji, text=text)


def until_ended(services: Services, entry: ActEntry, seconds: float, place: Place) -> ActEntry:
    """The act once it has ended, or as it stands when time is up. Raises redis.RedisError."""

    def look() -> ActEntry | None:
        now = services.ledger.acts.read(entry.act.act_id)
        return now if now is not None and now.status not in OPEN_ACTS else None

    return place.until(seconds, look) or services.ledger.acts.read(entry.act.act_id) or entry


def read(services: Services, cliente_id: int, act_id: str) -> ActEntry:
    """One act, from Redis or from the records. Raises NotFound; another tenant's is not found."""
    entry = services.ledger.acts.read(act_id)
    if entry is None:
        with services.database.reading() as session:
            row = session.get(MessageAct, act_id)
            entry = None if row is None else _recorded(row)
    if entry is None or entry.act.cliente_id != cliente_id:
        raise NotFound()
    return entry


def end_overdue(services: Services, now_ms: int) -> int:
    """Ends acts whose time is up, and those that SQL has as open and Redis forgot; returns how many.

    Raises redis.RedisError and sqlalchemy.exc.SQLAlchemyError.
    """
    total = 0
    while ended := services.ledger.acts.end_overdue(now_ms, _AT_ONCE):
        total += ended
        if ended < _AT_ONCE:
            break
    statement = (
        select(MessageAct)
        .where(IS_OPEN, MessageAct.asked_at < now_ms - _LOST_AFTER_MS)
        .order_by(MessageAct.asked_at)
        .limit(_AT_ONCE)
    )
    with services.database.reading() as session:
        lost = list(session.scalars(statement))
    for row in lost:
        ended_act = ActEnded(row.act_id, ActKind(row.kind), row.whatsapp_id, "NO_OUTCOME")
        total += services.ledger.acts.lose(row.cliente_id, ended_act, row.message, now_ms)
    return total


def _recorded(row: MessageAct) -> ActEntry:
    ours = row.message != row.whatsapp_id
    act = Act(
        act_id=row.act_id,
        cliente_id=row.cliente_id,
        kind=ActKind(row.kind),
        whatsapp_id=row.whatsapp_id,
        asked_at=row.asked_at,
        message_id=row.message if ours else "",
        emoji=row.emoji,
    )
    return ActEntry(act, ActStatus(row.status), error=row.error or "", ended_at=row.ended_at)

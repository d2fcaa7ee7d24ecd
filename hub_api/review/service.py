"""What persons decide: uncertain messages, and those held since another phone was paired; the report of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from hub_api.accounts.audit import trail
from hub_api.accounts.tenants.profiles import profile_of
from hub_api.inbox import counting
from hub_api.messages.models import MessageRecord
from hub_api.messages.service import QUEUE_LIVES_MS, find
from hub_api.recipients import service as recipients
from hub_api.services import Services
from shared.errors import NotCancellable
from shared.ledger.message import Message
from shared.ledger.restoring.restoring import RestoreAs
from shared.logs import get_logger
from shared.texts import error_text
from shared.transitions.message import MessageStatus

_log = get_logger(__name__)

MAX_LISTED = 500
_AS_ASKED = {
    MessageStatus.SENT: (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ),
    MessageStatus.FAILED: (MessageStatus.FAILED,),
    MessageStatus.QUEUED: (MessageStatus.QUEUED, MessageStatus.SENDING),
}


def resolve(
    services: Services, cliente_id: int, message_id: str, outcome: MessageStatus, who: str, now_ms: int
) -> Message:
    """A person says what became of an uncertain message. One that stands so already is left as it is.

    outcome: SENT, FAILED, or QUEUED to have it sent again within 24 h. Raises NotFound; NotCancellable (the 409 of a
    message that stands otherwise) where it is not uncertain.
    """
    expires_at_ms = now_ms + QUEUE_LIVES_MS
    answer = services.ledger.review.resolve(cliente_id, message_id, outcome, who, now_ms, expires_at_ms)
    if answer == "unknown":
        found = find(services, cliente_id, message_id)
        answer = found.status.value
        if found.status is MessageStatus.UNCERTAIN:  # the ledger forgets it after 7 days, the record does not
            _restore(services, found, now_ms)
            answer = services.ledger.review.resolve(cliente_id, message_id, outcome, who, now_ms, expires_at_ms)
    if answer == "resolved":
        details = {"message_id": message_id, "outcome": outcome.value}
        _audit(services, who, "message.resolve", cliente_id, details, now_ms)
    elif answer not in _AS_ASKED[outcome]:
        raise NotCancellable(
            error_text("NOT_UNCERTAIN", profile_of(services, cliente_id).language), details={"status": answer}
        )
    return find(services, cliente_id, message_id)


def held(services: Services, cliente_id: int) -> tuple[list[Message], int]:
    """Held messages in order, at most MAX_LISTED, and how many there are."""
    ids = services.ledger.entries.held(cliente_id)
    found = [services.ledger.entries.read(message_id) for message_id in ids[:MAX_LISTED]]
    return [message for message in found if message is not None], len(ids)


def decide_held(
    services: Services,
    cliente_id: int,
    action: Literal["release", "cancel"],
    message_ids: Sequence[str] | None,
    who: str,
    now_ms: int,
) -> dict[str, Any]:
    """Lets held messages go out through the phone that is paired now, or cancels them; all where none are named."""
    all_held = services.ledger.entries.held(cliente_id)
    asked = all_held if message_ids is None else list(dict.fromkeys(message_ids))
    here, done = set(all_held), []
    for message_id in asked:
        if message_id not in here:
            continue
        if action == "release":
            decided = services.ledger.review.release(cliente_id, message_id, who, now_ms)
        else:
            answer = services.ledger.review.cancel(cliente_id, message_id, now_ms)
            decided = answer == "ended"
        if decided:
            done.append(message_id)
    if done:
        _audit(services, who, f"held.{action}", cliente_id, {"message_ids": done}, now_ms)
        if action == "release":
            services.wanted.notify_hosts(cliente_id)
    return {
        "action": action,
        "done": done,
        "not_held": [message_id for message_id in asked if message_id not in here],
        "still_held": len(all_held) - len(done),
    }


def report(services: Services, cliente_id: int) -> dict[str, Any]:
    """What became of a tenant's messages: by the ledger's counters, and by SQL's records, which retention shortens."""
    statement = (
        select(MessageRecord.status, func.count())
        .where(MessageRecord.cliente_id == cliente_id)
        .group_by(MessageRecord.status)
    )
    with services.database.reading() as session:
        recorded = {str(status): int(number) for status, number in session.execute(statement)}
        unattributed = recipients.unattributed(session, cliente_id)
        inbound, repeated = counting.counted(session, cliente_id)
    return {
        "cliente_id": cliente_id,
        **services.ledger.entries.balance(cliente_id).numbers().to_wire(),
        "recorded": recorded,
        "received": max(inbound, services.ledger.entries.received(cliente_id) - repeated),
        "received_recorded": inbound,
        "unattributed_optouts": unattributed,
    }


def _restore(services: Services, message: Message, now_ms: int) -> None:
    """Puts an uncertain message back into the ledger, where it is counted already."""
    marker = services.ledger.incarnation.marker() or ""
    services.ledger.restoring.restore(message, RestoreAs.RECALL, now_ms, marker)


def _audit(services: Services, who: str, what: str, cliente_id: int, details: dict[str, Any], now_ms: int) -> None:
    """The decision stands in the ledger by now and its event says who made it: no database must not undo that."""
    try:
        with services.database.writing() as session:
            trail.note(
                session, who, what, cliente_id, str(details.get("message_id") or f"tenant {cliente_id}"), **details
            )
    except SQLAlchemyError as error:
        _log.error("audit.not_written", what=what, cliente_id=cliente_id, reason=type(error).__name__)

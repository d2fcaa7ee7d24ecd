"""What persons decide: uncertain messages, and those held since another phone was paired (CONTRACT section 4)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from sqlalchemy.exc import SQLAlchemyError

from hub_api.accounts.models import AuditEntry
from hub_api.messages.service import QUEUE_LIVES_MS, find
from hub_api.repair.ledger_upkeep import LedgerUpkeep, Readmitted
from hub_api.services import Services
from shared.errors import NotCancellable
from shared.ledger.message import Message
from shared.transitions.message import MessageStatus
from shared.logs import get_logger
from shared.texts import error_text

_log = get_logger(__name__)

MOST_LISTED = 500
_AS_ASKED = {
    MessageStatus.SENT: (MessageStatus.SENT, MessageStatus.DELIVERED, MessageStatus.READ),
    MessageStatus.FAILED: (MessageStatus.FAILED,),
    MessageStatus.QUEUED: (MessageStatus.QUEUED, MessageStatus.SENDING),
}


def settle(
    services: Services, cliente_id: int, message_id: str, status: MessageStatus, who: str, now_ms: int
) -> Message:
    """A person says what became of an uncertain message. One that stands so already is left as it is.

    status: SENT, FAILED, or QUEUED to have it sent again within 24 h. Raises NotFound; NotCancellable (the 409 of a
    message that stands otherwise) where it is not uncertain.
    """
    expires_at_ms = now_ms + QUEUE_LIVES_MS

    def resolve() -> str:
        return services.ledger.resolve(cliente_id, message_id, status, who, now_ms, expires_at_ms)

    answer = resolve()
    if answer == "unknown":
        found = find(services, cliente_id, message_id)
        answer = found.status.value
        if found.status is MessageStatus.UNCERTAIN:  # the ledger forgets it after 7 days, the record does not
            marker = services.client.get(services.keys.rebuilt)
            LedgerUpkeep(services.client, services.keys).readmit(found, Readmitted.RESTORE, now_ms, str(marker or ""))
            answer = resolve()
    if answer == "resolved":
        _audit(services, who, "message.settle", cliente_id, {"message_id": message_id, "status": status.value}, now_ms)
    elif answer not in _AS_ASKED[status]:
        raise NotCancellable(error_text("NOT_UNCERTAIN", services.language), details={"status": answer})
    return find(services, cliente_id, message_id)


def held(services: Services, cliente_id: int) -> tuple[list[Message], int]:
    """Held messages in order, at most MOST_LISTED, and how many there are."""
    ids = services.ledger.held(cliente_id)
    found = [services.ledger.read(message_id) for message_id in ids[:MOST_LISTED]]
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
    all_held = services.ledger.held(cliente_id)
    asked = all_held if message_ids is None else list(dict.fromkeys(message_ids))
    here, done = set(all_held), []
    for message_id in asked:
        if message_id not in here:
            continue
        if action == "release":
            decided = services.ledger.release(cliente_id, message_id, who, now_ms)
        else:
            answer = services.ledger.close(cliente_id, message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms)
            decided = answer == "closed"
        if decided:
            done.append(message_id)
    if done:
        _audit(services, who, f"held.{action}", cliente_id, {"message_ids": done}, now_ms)
        if action == "release":
            services.client.publish(services.keys.wake_channel, cliente_id)
    return {
        "action": action,
        "done": done,
        "not_held": [message_id for message_id in asked if message_id not in here],
        "still_held": len(all_held) - len(done),
    }


def _audit(services: Services, who: str, what: str, cliente_id: int, details: dict[str, Any], now_ms: int) -> None:
    """The decision stands in the ledger by now and its event says who made it: no database must not undo that."""
    try:
        with services.database.writing() as session:
            session.add(AuditEntry(at=now_ms, who=who, what=what, cliente_id=cliente_id, details=json.dumps(details)))
    except SQLAlchemyError as error:
        _log.error("audit_not_written", what=what, cliente_id=cliente_id, reason=type(error).__name__)

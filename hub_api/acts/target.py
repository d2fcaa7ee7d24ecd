"""Which message is meant, and whether what is asked can be done to it at all; decided before WhatsApp is asked."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from hub_api.inbox.inbound_object import recorded_rows
from hub_api.messages import history
from hub_api.messages import service as messages
from hub_api.messages.history import changes_of
from hub_api.recipients.other_keys import MessageKey, other_keys
from hub_api.services import Services
from shared.errors import MessageDeleted, MessageNotSent, NotEditable, NotFound, TooLate, ValidationFailed
from shared.ledger.message import Message
from shared.protocol.acts import ActKind
from shared.protocol.content import ContentType
from shared.protocol.inbound import InboundType
from shared.transitions.message import OUT_STATUSES

MAX_CAPTION = 1_024  # characters; of WhatsApp's
_WITH_TEXT = frozenset({ContentType.TEXT, ContentType.IMAGE, ContentType.VIDEO, ContentType.DOCUMENT})
_NO_MESSAGES = frozenset({InboundType.REACTION.value, InboundType.POLL_VOTE.value, InboundType.CALL.value})


@dataclass(frozen=True, slots=True)
class Target:
    """A message that is on WhatsApp. ours: None where it did not go out through us."""

    whatsapp_id: str
    ours: Message | None
    revoked: bool


def find(services: Services, cliente_id: int, named: str) -> Target:
    """The message by our id or by WhatsApp's key. Raises NotFound, MessageNotSent, ValidationFailed."""
    if "_" not in named:
        return _ours(services, messages.find(services, cliente_id, named))
    with services.database.reading() as session:
        keys = _names(session, (cliente_id, named))
        ours = history.ours_by_key(session, keys)
        if ours:
            return _ours(services, history.to_message(ours[0]))
        rows = recorded_rows(session, keys)
    if not rows:
        raise NotFound()
    row = next(iter(rows.values()))
    if row.type in _NO_MESSAGES:
        raise ValidationFailed(details={"message_id": f"names a {row.type}, which is no message"})
    return Target(row.whatsapp_id, None, row.revoked_at is not None)


def require_possible(target: Target, kind: ActKind, text: str, now_ms: int, limits_s: dict[ActKind, int]) -> None:
    """Raises MessageDeleted, NotEditable, TooLate, ValidationFailed where it can't be done. Pure."""
    if kind is ActKind.REACTION:
        if target.revoked:
            raise MessageDeleted()
        return
    if target.ours is None:
        raise NotEditable()
    if target.revoked:
        if kind is ActKind.EDIT:
            raise MessageDeleted()
        return  # it is deleted already: repeating does no harm
    if kind is ActKind.EDIT:
        _require_text(target.ours, text)
    limit_s, sent_at_ms = limits_s[kind], target.ours.sent_at_ms or target.ours.accepted_at_ms
    if now_ms - sent_at_ms > limit_s * 1_000:
        raise TooLate(details={"limit_seconds": limit_s, "sent_seconds_ago": (now_ms - sent_at_ms) // 1_000})


def _require_text(message: Message, text: str) -> None:
    kind = message.content.type
    if kind not in _WITH_TEXT:
        raise NotEditable(details={"type": kind.value})
    if kind is not ContentType.TEXT and len(text) > MAX_CAPTION:
        raise ValidationFailed(details={"message": f"a caption has at most {MAX_CAPTION} characters"})


def _ours(services: Services, message: Message) -> Target:
    if message.status not in OUT_STATUSES or message.whatsapp_id is None:
        raise MessageNotSent(details={"status": message.status.value})
    with services.database.reading() as session:
        keys = _names(session, (message.cliente_id, message.whatsapp_id))
        changes = changes_of(session, keys)
    return Target(message.whatsapp_id, message, any(one.revoked_at is not None for one in changes.values()))


def _names(session: Session, key: MessageKey) -> list[MessageKey]:
    """All keys under which the message may stand."""
    return [key, *other_keys(session, [key]).get(key, ())]

"""The only door to a session's queue for messages (DESIGN, step 1)."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy.exc import SQLAlchemyError

from hub_api.messages import history as records
from hub_api.services import Services
from hub_api.sessions import service as lifecycle
from shared import phone_number
from shared.errors import CampaignWaits, InvalidTo, LeadMasterError, NotFound, ValidationFailed
from shared.instant import from_iso
from shared.ledger.acceptance import Accepted
from shared.ledger.message import CampaignRelease, Draft, Message
from shared.ledger.message_id import new_message_id
from shared.transitions.message import Lane, MessageStatus
from shared.logs import get_logger

_log = get_logger(__name__)

REJECT_LIVES_MS = 10 * 60_000
QUEUE_LIVES_MS = 24 * 3_600_000
LONGEST_LIFE_MS = 7 * QUEUE_LIVES_MS


@dataclass(frozen=True, slots=True)
class Order:
    """A message as a caller asks for it; lengths are validated, the number is not."""

    to: str
    text: str
    lane: Lane = Lane.SINGLE
    wake: bool = False  # on_not_ready "queue"
    expires_at: str | None = None  # ISO 8601
    idempotency_key: str | None = None
    bulk_id: str = ""
    campaign_id: str = ""
    release: CampaignRelease | None = None  # a campaign's
    not_after_ms: int | None = None  # instead of expires_at
    message_id: str | None = None  # chosen by the caller of this module; else a fresh one


@dataclass(frozen=True, slots=True)
class Sent:
    """duplicate: the message is the first one under the same idempotency key."""

    message: Message
    duplicate: bool


def send_text(services: Services, cliente_id: int, order: Order, now_ms: int) -> Sent:
    """Accepts one message for a tenant's session; one round trip to Redis.

    Raises InvalidTo, ValidationFailed, SessionNotReady, IdempotencyConflict, RateLimited, QueueFull,
    RecipientOptedOut; redis.RedisError.
    """
    draft = drafted(cliente_id, order, now_ms, services.settings.default_country)
    services.memory.check()
    bell = services.notifications.deliver(cliente_id, draft.message_id)
    accepted = services.ledger.accept(draft, bell, services.limits)
    if accepted.duplicate:
        return Sent(find(services, cliente_id, accepted.message_id), duplicate=True)
    if accepted.woke:
        try:
            lifecycle.record_wanted(services.database, cliente_id, now_ms, "send")
        except SQLAlchemyError as error:  # it is accepted: a failure now would make the caller send it again
            _log.error("wanted_not_recorded", cliente_id=cliente_id, reason=type(error).__name__)
    return Sent(_queued(draft), duplicate=False)


def send_many(services: Services, orders: Sequence[tuple[int, Order]], now_ms: int) -> list[Accepted | LeadMasterError]:
    """Accepts several messages, each for the tenant beside it, in one round trip; a refusal stands in its place.

    Raises QueueFull where Redis is nearly full; redis.RedisError.
    """
    found: list[Accepted | LeadMasterError] = []
    drafts: list[tuple[int, Draft, bytes]] = []
    for place, (cliente_id, order) in enumerate(orders):
        found.append(CampaignWaits())
        try:
            draft = drafted(cliente_id, order, now_ms, services.settings.default_country)
        except LeadMasterError as error:
            found[place] = error
        else:
            drafts.append((place, draft, services.notifications.deliver(cliente_id, draft.message_id)))
    if drafts:
        services.memory.check()
        answers = services.ledger.accept_many([(draft, bell) for _, draft, bell in drafts], services.limits)
        for (place, _, _), answer in zip(drafts, answers, strict=True):
            found[place] = answer
    return found


def find(services: Services, cliente_id: int, message_id: str) -> Message:
    """A tenant's message, from the ledger or from the records. Raises NotFound; another tenant's is not found."""
    message = services.ledger.read(message_id) or records.message(services.database, message_id)
    if message is None or message.cliente_id != cliente_id:
        raise NotFound()
    return message


def drafted(cliente_id: int, order: Order, now_ms: int, default_country: str) -> Draft:
    """What the ledger is asked to accept. Pure. Raises InvalidTo, ValidationFailed."""
    return Draft(
        message_id=order.message_id or new_message_id(),
        cliente_id=cliente_id,
        to=canonical(order.to, default_country),
        text=order.text,
        lane=order.lane,
        accepted_at_ms=now_ms,
        expires_at_ms=_expiry(order, now_ms),
        wake=order.wake,
        idempotency_key=order.idempotency_key,
        body_digest=_digest(order, default_country) if order.idempotency_key else "",
        bulk_id=order.bulk_id,
        campaign_id=order.campaign_id,
        release=order.release,
    )


@lru_cache(maxsize=16_384)
def _canonical(raw: str, default_country: str) -> str | None:
    try:
        return phone_number.canonical(raw, default_country)
    except InvalidTo:
        return None


def canonical(raw: str, default_country: str, field: str = "to") -> str:
    """The canonical digits; remembered, for parsing costs more than accepting. Raises InvalidTo naming the field."""
    number = _canonical(raw, default_country)
    if number is None:
        raise InvalidTo(details={field: "not a phone number WhatsApp could have"})
    return number


def _expiry(order: Order, now_ms: int) -> int:
    if order.not_after_ms is not None:
        return order.not_after_ms
    if order.expires_at is None:
        # Bulk and campaign messages leave at their own pace, so ten minutes would end most of them.
        lives_ms = QUEUE_LIVES_MS if order.wake or order.lane is not Lane.SINGLE else REJECT_LIVES_MS
        return now_ms + lives_ms
    expires_at_ms = from_iso(order.expires_at)
    if not now_ms < expires_at_ms <= now_ms + LONGEST_LIFE_MS:
        raise ValidationFailed(details={"expires_at": "must be in the future, at most 7 days ahead"})
    return expires_at_ms


def _digest(order: Order, default_country: str) -> str:
    parts = (
        canonical(order.to, default_country),
        order.text,
        str(order.wake),
        order.expires_at or "",
        order.lane.wire,
        order.campaign_id,
    )
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()


def _queued(draft: Draft) -> Message:
    return Message(
        message_id=draft.message_id,
        cliente_id=draft.cliente_id,
        to=draft.to,
        text=draft.text,
        status=MessageStatus.QUEUED,
        lane=draft.lane,
        attempts=0,
        accepted_at_ms=draft.accepted_at_ms,
        expires_at_ms=draft.expires_at_ms,
        bulk_id=draft.bulk_id or None,
        campaign_id=draft.campaign_id or None,
    )

"""Accepting messages, the only way into a session's queue; finding one, waiting for it, ending what is still queued."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.accounts.tenants.profiles import require_active
from hub_api.idempotency import service as idempotency
from hub_api.messages import history
from hub_api.services import Services
from hub_api.sessions import service as sessions
from hub_api.web.fields import canonical
from hub_api.workers.waiting import Place
from shared.errors import (
    AcceptUnknown,
    CampaignWaits,
    IdempotencyConflict,
    LeadMasterError,
    NotCancellable,
    NotFound,
    ValidationFailed,
)
from shared.instant import from_iso
from shared.ledger.accepting.accepting import Accepted, AcceptLimits, KeysNotRestored
from shared.ledger.message import CampaignRelease, Draft, Message, message_time_ms, new_message_id
from shared.ledger.script import IDEMPOTENCY_MS
from shared.logs import get_logger
from shared.recipient_key import recipient_key
from shared.redis.client import may_have_run
from shared.transitions.message import OPEN_STATUSES, OUT_STATUSES, Lane, MessageStatus

_log = get_logger(__name__)

REJECT_LIVES_MS = 10 * 60_000
QUEUE_LIVES_MS = 24 * 3_600_000
MAX_LIFE_MS = 7 * QUEUE_LIVES_MS
_EXPIRED_AT_ONCE = 500
_KEY_OF_LOST_ANSWER = "message:"  # and the message's id: the key of a call that had none, see AcceptUnknown


@dataclass(frozen=True, slots=True)
class SendRequest:
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
class AcceptedMessage:
    """duplicate: the message is the first one under the same idempotency key."""

    message: Message
    duplicate: bool


def send_text(services: Services, cliente_id: int, request: SendRequest, now_ms: int) -> AcceptedMessage:
    """Accepts one message for a tenant's session; one round trip to Redis.

    Raises TenantSuspended, InvalidTo, ValidationFailed, SessionNotReady, IdempotencyConflict, RateLimited, QueueFull,
    RecipientOptedOut. AcceptUnknown where the connection broke and the message may be accepted all the same;
    redis.RedisError and sqlalchemy.exc.SQLAlchemyError where it is certain that it was not.
    """
    country = require_active(services, cliente_id).country
    draft = drafted(cliente_id, request, now_ms, country)
    lost_id = _id_in_key(draft)
    if lost_id is not None:
        first, draft = _answer_lost_before(services, draft, lost_id)
        if first is not None:
            return AcceptedMessage(first, duplicate=True)
    accepted = _accept(services, draft, replace(services.limits, memory=services.memory.check()))
    if accepted.duplicate:
        return AcceptedMessage(_first(services, draft, accepted.message_id), duplicate=True)
    services.accepted_lately.remember(draft)
    if accepted.woke:
        try:
            sessions.record_wanted(services.database, cliente_id, now_ms, "send")
        except SQLAlchemyError as error:  # it is accepted: a failure now would make the caller send it again
            _log.error("wanted.not_recorded", cliente_id=cliente_id, reason=type(error).__name__)
    return AcceptedMessage(draft.queued(), duplicate=False)


def _accept(services: Services, draft: Draft, limits: AcceptLimits) -> Accepted:
    accepting = services.ledger.accepting
    notification = services.task_messages.notify(draft.cliente_id, draft.message_id)
    try:
        try:
            return accepting.accept(draft, notification, limits)
        except KeysNotRestored:
            first_id = idempotency.first_message(services.database, draft)
            if first_id is not None:
                return Accepted(first_id, duplicate=True, woke=False)
            return accepting.accept(draft, notification, limits, keys_looked_up=True)
    except redis.RedisError as error:
        if not may_have_run(error):
            raise
        found = None if isinstance(error, redis.TimeoutError) else _looked_up(services, draft)
        if found is None:
            raise _unknown(draft, error) from None
        return found


def _looked_up(services: Services, draft: Draft) -> Accepted | None:
    """What became of an acceptance whose answer was lost; None where that can't be told."""
    try:
        return services.ledger.accepting.find(draft)
    except redis.RedisError as error:
        _log.warning("accept.not_looked_up", message_id=draft.message_id, reason=type(error).__name__)
        return None


def _answer_lost_before(services: Services, draft: Draft, message_id: str) -> tuple[Message | None, Draft]:
    """The message that a call without a key was to have, where it is made again after AcceptUnknown.

    Where there is none the draft gets that id: then it can't be accepted twice, however late the first call is heard.
    Raises IdempotencyConflict; AcceptUnknown where it can't be asked.
    """
    try:
        first = services.ledger.entries.read(message_id)
        if first is None or first.text is None:
            known = history.recorded(services.database, message_id)
            first = known if first is None or known is None else replace(first, text=known.text)
    except (redis.RedisError, SQLAlchemyError) as error:
        raise _unknown(replace(draft, message_id=message_id), error) from None
    if first is None:
        return None, replace(draft, message_id=message_id)
    if first.cliente_id != draft.cliente_id:
        return None, draft
    if (recipient_key(first.to), first.text, first.lane) != (recipient_key(draft.to), draft.text, draft.lane):
        raise IdempotencyConflict(details={"field": "idempotency_key"})
    return first, draft


def _first(services: Services, draft: Draft, message_id: str) -> Message:
    """The message that an earlier call sent. Raises AcceptUnknown where it can't be read: it is there all the same."""
    try:
        return find(services, draft.cliente_id, message_id, draft.text)
    except (redis.RedisError, SQLAlchemyError, NotFound) as error:
        raise _unknown(replace(draft, message_id=message_id), error) from None


def _unknown(draft: Draft, error: Exception) -> AcceptUnknown:
    key = draft.idempotency_key or _KEY_OF_LOST_ANSWER + draft.message_id
    return AcceptUnknown(draft.message_id, key, type(error).__name__)


def _id_in_key(draft: Draft) -> str | None:
    """The message id in the key that AcceptUnknown gave a call that had none; None for any other key."""
    prefix, found, message_id = (draft.idempotency_key or "").partition(_KEY_OF_LOST_ANSWER)
    made_at_ms = message_time_ms(message_id)
    if prefix or not found or made_at_ms is None or abs(draft.accepted_at_ms - made_at_ms) >= IDEMPOTENCY_MS:
        return None
    return message_id


def send_many(
    services: Services, requests: Sequence[tuple[int, SendRequest]], now_ms: int
) -> list[Accepted | LeadMasterError]:
    """Accepts several messages, each for the tenant beside it, in one round trip; a refusal stands in its place.

    Raises QueueFull where Redis is nearly full; redis.RedisError.
    """
    found: list[Accepted | LeadMasterError] = []
    drafts: list[tuple[int, Draft, bytes]] = []
    for place, (cliente_id, request) in enumerate(requests):
        found.append(CampaignWaits())
        try:
            country = require_active(services, cliente_id).country
            draft = drafted(cliente_id, request, now_ms, country)
        except LeadMasterError as error:
            found[place] = error
        else:
            drafts.append((place, draft, services.task_messages.notify(cliente_id, draft.message_id)))
    if drafts:
        limits = replace(services.limits, memory=services.memory.check())
        answers = services.ledger.accepting.accept_many(
            [(draft, notification) for _, draft, notification in drafts], limits
        )
        for (place, _, _), answer in zip(drafts, answers, strict=True):
            found[place] = answer
    return found


def find(services: Services, cliente_id: int, message_id: str, text: str | None = None) -> Message:
    """A tenant's message, from the ledger or from the records. Raises NotFound; another tenant's is not found.

    text: where the caller knows it. Once a message has ended, the records alone have it.
    """
    message = services.ledger.entries.read(message_id)
    if message is None:
        message = history.recorded(services.database, message_id)
    elif message.text is None and message.cliente_id == cliente_id:
        message = replace(message, text=text if text is not None else _recorded_text(services, message_id))
    if message is None or message.cliente_id != cliente_id:
        raise NotFound()
    return message


def _recorded_text(services: Services, message_id: str) -> str | None:
    """None where retention has forgotten it, or the database is away: the rest of the answer stands all the same."""
    try:
        found = history.recorded(services.database, message_id)
    except SQLAlchemyError as error:
        _log.warning("text.not_read", message_id=message_id, reason=type(error).__name__)
        return None
    return None if found is None else found.text


def is_out(message: Message) -> bool:
    """True once WhatsApp's server acknowledged it."""
    return message.status in OUT_STATUSES


def until_ended(services: Services, message: Message, seconds: float, place: Place) -> Message:
    """The message once it is sent or ended, or as it stands when time is up. Raises redis.RedisError."""

    def look() -> Message | None:
        now = services.ledger.entries.read(message.message_id)
        return now if now is not None and now.status not in OPEN_STATUSES else None

    found = place.until(seconds, look)
    found = found or services.ledger.entries.read(message.message_id) or message
    return replace(found, text=message.text)


def cancel(services: Services, cliente_id: int, message_id: str, now_ms: int) -> Message:
    """Cancels a message that is still queued; one that was cancelled before stays so.

    Raises NotCancellable where it stands otherwise, its status in the details; NotFound; redis.RedisError.
    """
    answer = services.ledger.review.cancel(cliente_id, message_id, now_ms)
    if answer == "unknown":
        answer = find(services, cliente_id, message_id).status.value
    if answer not in ("ended", MessageStatus.CANCELLED.value):
        raise NotCancellable(details={"status": answer})
    return find(services, cliente_id, message_id)


def expire_overdue(services: Services, now_ms: int) -> int:
    """Ends queued messages whose time is up, and returns how many. Raises redis.RedisError."""
    total = 0
    while overdue := services.ledger.entries.overdue(now_ms, _EXPIRED_AT_ONCE):
        for cliente_id, message_id in overdue:
            answer = services.ledger.review.expire(cliente_id, message_id, now_ms)
            total += answer == "ended"
        if len(overdue) < _EXPIRED_AT_ONCE:
            break
    return total


def drafted(cliente_id: int, request: SendRequest, now_ms: int, country: str) -> Draft:
    """What the ledger is asked to accept. country: the tenant's own. Pure. Raises InvalidTo, ValidationFailed."""
    return Draft(
        message_id=request.message_id or new_message_id(),
        cliente_id=cliente_id,
        to=canonical(request.to, country),
        text=request.text,
        lane=request.lane,
        accepted_at_ms=now_ms,
        expires_at_ms=_expiry(request, now_ms),
        wake=request.wake,
        idempotency_key=request.idempotency_key,
        body_digest=_digest(request, country) if request.idempotency_key else "",
        bulk_id=request.bulk_id,
        campaign_id=request.campaign_id,
        release=request.release,
    )


def _expiry(request: SendRequest, now_ms: int) -> int:
    if request.not_after_ms is not None:
        return request.not_after_ms
    if request.expires_at is None:
        # Bulk and campaign messages leave at their own pace, so ten minutes would end most of them.
        lives_ms = QUEUE_LIVES_MS if request.wake or request.lane is not Lane.SINGLE else REJECT_LIVES_MS
        return now_ms + lives_ms
    expires_at_ms = from_iso(request.expires_at)
    if not now_ms < expires_at_ms <= now_ms + MAX_LIFE_MS:
        raise ValidationFailed(details={"expires_at": "must be in the future, at most 7 days ahead"})
    return expires_at_ms


def _digest(request: SendRequest, country: str) -> str:
    parts = (
        recipient_key(canonical(request.to, country)),
        request.text,
        str(request.wake),
        request.expires_at or "",
        request.lane.wire,
        request.campaign_id,
    )
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

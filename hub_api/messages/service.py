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
from hub_api.principal import TenantProfile
from hub_api.services import Services
from hub_api.sessions import service as sessions
from hub_api.web.fields import recipient
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
from shared.ledger.message import CampaignRelease, Draft, Message, key_digest, message_time_ms, new_message_id
from shared.ledger.script import IDEMPOTENCY_MS
from shared.logs import get_logger
from shared.protocol.content import PLAIN, Content
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
    text: str  # of media the caption, which may be empty; empty where there is no text
    lane: Lane = Lane.SINGLE
    wake: bool = False  # on_not_ready "queue"
    expires_at: str | None = None  # ISO 8601
    idempotency_key: str | None = None
    bulk_id: str = ""
    campaign_id: str = ""
    release: CampaignRelease | None = None  # a campaign's
    not_after_ms: int | None = None  # instead of expires_at
    message_id: str | None = None  # chosen by the caller of this module; else a fresh one
    content: Content = PLAIN
    told_apart_by: str = ""  # of a content: what makes it another one under the same idempotency key


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
    draft = drafted(cliente_id, request, now_ms, require_active(services, cliente_id))
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
            if first_id is None:
                first_id = _accepted_lately(services, draft)
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


def _accepted_lately(services: Services, draft: Draft) -> str | None:
    """The message that a hub accepted by the draft's key and SQL has not heard of. Raises IdempotencyConflict."""
    key = (draft.cliente_id, key_digest(draft.idempotency_key or ""))
    under_key = [one for one in services.accepted_lately.under_keys() if (one.cliente_id, one.key_digest) == key]
    for one in history.not_on_record(services.database, under_key):
        idempotency.require_same_body(one.body_digest, draft)
        return one.message_id
    return None


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
            first = known if first is None or known is None else _saying(first, known)
    except (redis.RedisError, SQLAlchemyError) as error:
        raise _unknown(replace(draft, message_id=message_id), error) from None
    if first is None:
        return None, replace(draft, message_id=message_id)
    if first.cliente_id != draft.cliente_id:
        return None, draft
    if _said(first.to, first.text, first.content, first.lane) != _said(draft.to, draft.text, draft.content, draft.lane):
        raise IdempotencyConflict(details={"field": "idempotency_key"})
    return first, draft


def _first(services: Services, draft: Draft, message_id: str) -> Message:
    """The message that an earlier call sent. Raises AcceptUnknown where it can't be read: it is there all the same."""
    try:
        return find(services, draft.cliente_id, message_id, draft.queued())
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
            draft = drafted(cliente_id, request, now_ms, require_active(services, cliente_id))
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


def find(services: Services, cliente_id: int, message_id: str, saying: Message | None = None) -> Message:
    """A tenant's message, from the ledger or from the records. Raises NotFound; another tenant's is not found.

    saying: one that says the same, where the caller has it. Once it has ended, the records alone know what it says.
    """
    message = services.ledger.entries.read(message_id)
    if message is None:
        message = history.recorded(services.database, message_id)
    elif message.text is None and message.cliente_id == cliente_id:
        message = _saying(message, saying or _recorded(services, message_id))
    if message is None or message.cliente_id != cliente_id:
        raise NotFound()
    return message


def as_it_is_now(services: Services, message: Message) -> Message:
    """With what became of it since it was sent: edited, deleted for everyone; as it is where the database is away."""
    if message.sent_at_ms is None:
        return message
    try:
        return history.as_it_is_now(services.database, message)
    except SQLAlchemyError as error:
        _log.warning("changes.not_read", message_id=message.message_id, reason=type(error).__name__)
        return message


def _saying(message: Message, known: Message | None) -> Message:
    """The message with what another one says; as it is where there is none."""
    return message if known is None else replace(message, text=known.text, content=known.content)


def _recorded(services: Services, message_id: str) -> Message | None:
    """None where retention has forgotten it, or the database is away: the rest of the answer stands all the same."""
    try:
        return history.recorded(services.database, message_id)
    except SQLAlchemyError as error:
        _log.warning("text.not_read", message_id=message_id, reason=type(error).__name__)
        return None


def _said(to: str, text: str | None, content: Content, lane: Lane) -> tuple[object, ...]:
    """What a message made again must have in common with the first one; a file may have got another name."""
    media = None if content.media is None else replace(content.media, file_name="")
    return recipient_key(to), text, replace(content, media=media), lane


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
    return _saying(found, message)


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


def drafted(cliente_id: int, request: SendRequest, now_ms: int, profile: TenantProfile) -> Draft:
    """What the ledger is asked to accept. profile: the tenant's own. Pure. Raises InvalidTo, ValidationFailed."""
    to = recipient(request.to, profile)
    return Draft(
        message_id=request.message_id or new_message_id(),
        cliente_id=cliente_id,
        to=to,
        text=request.text,
        content=request.content,
        lane=request.lane,
        accepted_at_ms=now_ms,
        expires_at_ms=_expiry(request, now_ms),
        wake=request.wake,
        idempotency_key=request.idempotency_key,
        body_digest=_digest(request, to) if request.idempotency_key else "",
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


def _digest(request: SendRequest, to: str) -> str:
    parts = [
        recipient_key(to),
        request.text,
        str(request.wake),
        request.expires_at or "",
        request.lane.wire,
        request.campaign_id,
    ]
    if request.told_apart_by:
        parts.append(request.told_apart_by)
    return hashlib.sha256("\x00".join(parts).encode()).hexdigest()

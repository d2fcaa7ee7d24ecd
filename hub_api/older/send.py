"""The older synchronous send: the answer says what became of the message."""

from __future__ import annotations

import redis

from hub_api.accounts.tenants.profiles import profile_of
from hub_api.messages.service import SendRequest, is_out, send_text, until_ended
from hub_api.services import Services
from shared.errors import AcceptUnknown, SendFailed, SessionManagerTimeout
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.logs import get_logger
from shared.texts import error_text
from shared.transitions.message import MessageStatus

_log = get_logger(__name__)

MAX_WAIT_S = 30.0


def send_and_wait(services: Services, cliente_id: int, request: SendRequest, seconds: float = MAX_WAIT_S) -> Message:
    """The message once WhatsApp's server has it.

    Raises what `send_text` raises; TenantWaitsEnough and NoPlaceToWait, before anything is accepted;
    SendFailed where it is certain that nothing went out; SessionManagerTimeout when time is up, or Redis went away
    meanwhile, its details saying whether that is certain, so that no caller's retry doubles a message.
    """
    language = profile_of(services, cliente_id).language
    with services.waiting.place(cliente_id) as place:
        try:
            message = send_text(services, cliente_id, request, now_ms()).message
        except AcceptUnknown as error:
            raise _unknown(error.message_id) from None
        try:
            message = until_ended(services, message, seconds, place)
            if message.status is MessageStatus.QUEUED:
                message = _give_up(services, message, request.idempotency_key)
        except redis.RedisError as error:
            _log.warning("send.left_open", message_id=message.message_id, reason=type(error).__name__)
            raise _unknown(message.message_id) from None
    if is_out(message):
        return message
    if message.status in (MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.CANCELLED):
        cause = message.error or message.status.value.upper()
        details = {"certain": True, "message_id": message.message_id, "cause": cause}
        raise SendFailed(error_text(cause, language), details=details)
    raise _unknown(message.message_id)


def _give_up(services: Services, message: Message, idempotency_key: str | None) -> Message:
    """Time is up: cancels what is still queued. Raises SessionManagerTimeout where it was; redis.RedisError."""
    answer = services.ledger.review.give_up(message.cliente_id, message.message_id, idempotency_key, now_ms())
    if answer == "ended":
        raise SessionManagerTimeout(details={"certain": True, "message_id": message.message_id})
    return services.ledger.entries.read(message.message_id) or message


def _unknown(message_id: str) -> SessionManagerTimeout:
    return SessionManagerTimeout(details={"certain": False, "message_id": message_id})

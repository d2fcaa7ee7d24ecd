"""The older synchronous send: the answer says what became of the message."""

from __future__ import annotations

from hub_api.accounts.tenants.profiles import profile_of
from hub_api.messages.service import SendRequest, is_out, send_text, until_ended
from hub_api.services import Services
from shared.errors import SendFailed, SessionManagerTimeout
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.texts import error_text
from shared.transitions.message import MessageStatus

MAX_WAIT_S = 30.0


def send_and_wait(services: Services, cliente_id: int, request: SendRequest, seconds: float = MAX_WAIT_S) -> Message:
    """The message once WhatsApp's server has it.

    Raises what `send_text` raises; SendFailed where it is certain that nothing went out; SessionManagerTimeout when
    time is up, its details saying whether that is certain, so that no caller's retry doubles a message.
    """
    message = send_text(services, cliente_id, request, now_ms()).message
    message = until_ended(services, message, seconds)
    if message.status is MessageStatus.QUEUED:
        services.ledger.review.cancel(cliente_id, message.message_id, now_ms())
        message = services.ledger.entries.read(message.message_id) or message
        if message.status is MessageStatus.CANCELLED:
            raise SessionManagerTimeout(details={"certain": True, "message_id": message.message_id})
    if is_out(message):
        return message
    if message.status in (MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.CANCELLED):
        cause = message.error or message.status.value.upper()
        details = {"certain": True, "message_id": message.message_id, "cause": cause}
        raise SendFailed(error_text(cause, profile_of(services, cliente_id).language), details=details)
    raise SessionManagerTimeout(details={"certain": False, "message_id": message.message_id})

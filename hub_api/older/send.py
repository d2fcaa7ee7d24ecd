"""The older synchronous send: the answer says what became of the message (CONTRACT section 6, `/send`)."""

from __future__ import annotations

from hub_api.messages import waits as message_waits
from hub_api.messages.service import Order, send_text
from hub_api.services import Services
from shared.errors import SendFailed, SessionManagerTimeout
from shared.instant import now_ms
from shared.ledger.message import Message
from shared.transitions.message import MessageStatus
from shared.texts import error_text

LONGEST_S = 30.0


def send_and_wait(services: Services, cliente_id: int, order: Order, seconds: float = LONGEST_S) -> Message:
    """The message once WhatsApp's server has it.

    Raises what `send_text` raises; SendFailed where it is certain that nothing went out; SessionManagerTimeout when
    time is up, its details saying whether that is certain, so that no caller's retry doubles a message.
    """
    message = send_text(services, cliente_id, order, now_ms()).message
    message = message_waits.until_settled(services, message, seconds)
    if message.status is MessageStatus.QUEUED:
        services.ledger.close(cliente_id, message.message_id, MessageStatus.CANCELLED, "CANCELLED", now_ms())
        message = services.ledger.read(message.message_id) or message
        if message.status is MessageStatus.CANCELLED:
            raise SessionManagerTimeout(details={"certain": True, "message_id": message.message_id})
    if message_waits.is_out(message):
        return message
    if message.status in (MessageStatus.FAILED, MessageStatus.EXPIRED, MessageStatus.CANCELLED):
        cause = message.error or message.status.value.upper()
        details = {"certain": True, "message_id": message.message_id, "cause": cause}
        raise SendFailed(error_text(cause, services.language), details=details)
    raise SessionManagerTimeout(details={"certain": False, "message_id": message.message_id})

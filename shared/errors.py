"""One tree of errors: each with its code, HTTP status and text (docs/contract.md, errors).

Texts for people live in `shared.texts`; an error carries only its code and what fills the text.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class LeadMasterError(Exception):
    """Base of all errors that a caller may see.

    code: the machine-readable code. http: the status of the answer.
    details: what names the field or the cause, as JSON values. retry_after_s: whole seconds, for 429 and 503.
    """

    code: ClassVar[str] = "INTERNAL_ERROR"
    http: ClassVar[int] = 500
    text: ClassVar[str] = ""  # of `shared.texts`, where it is another one than its code's

    def __init__(
        self,
        message: str | None = None,
        *,
        details: Mapping[str, object] | None = None,
        retry_after_s: int | None = None,
    ) -> None:
        super().__init__(message or self.code)
        self.message = message
        self.details = dict(details) if details else None
        self.retry_after_s = retry_after_s


class ValidationFailed(LeadMasterError):
    code, http = "VALIDATION_ERROR", 400


class InvalidClienteId(LeadMasterError):
    code, http = "INVALID_CLIENTE_ID", 400


class InvalidTo(LeadMasterError):
    code, http = "INVALID_TO", 400


class InvalidMessage(LeadMasterError):
    code, http = "INVALID_MESSAGE", 400


class MissingHeader(LeadMasterError):
    code, http = "MISSING_HEADER", 400


class InvalidHeader(LeadMasterError):
    code, http = "INVALID_HEADER", 400


class Unauthorized(LeadMasterError):
    code, http = "UNAUTHORIZED", 401


class InvalidCredentials(LeadMasterError):
    code, http = "INVALID_CREDENTIALS", 401


class TokenExpired(LeadMasterError):
    code, http = "TOKEN_EXPIRED", 401


class Forbidden(LeadMasterError):
    code, http = "FORBIDDEN", 403


class TenantSuspended(LeadMasterError):
    """An admin suspended the tenant: nothing is accepted and no session starts until it is resumed."""

    code, http = "TENANT_SUSPENDED", 403


class QrNotAuthorized(LeadMasterError):
    code, http = "QR_NOT_AUTHORIZED", 403


class RecipientOptedOut(LeadMasterError):
    code, http = "RECIPIENT_OPTED_OUT", 403


class NotFound(LeadMasterError):
    code, http = "NOT_FOUND", 404


class NotOnWhatsApp(NotFound):
    """A number that is not on WhatsApp has nothing there."""

    text = "NOT_ON_WHATSAPP"


class MediaNotAvailable(NotFound):
    """A received message's bytes are not here; the details say what became of them."""

    text = "MEDIA_NOT_AVAILABLE"


class MediaQuotaExceeded(LeadMasterError):
    """The tenant's files take all the room that they may."""

    code, http = "MEDIA_QUOTA_EXCEEDED", 409


class MediaNotFetchable(LeadMasterError):
    """A received message's bytes can't be fetched once more, or need not be; the details say what became of them."""

    code, http = "MEDIA_NOT_FETCHABLE", 409


class SessionNotFound(LeadMasterError):
    code, http = "SESSION_NOT_FOUND", 404


class SessionAlreadyConnected(LeadMasterError):
    code, http = "SESSION_ALREADY_CONNECTED", 409


class QrNotRequired(LeadMasterError):
    code, http = "QR_NOT_REQUIRED", 409


class IdempotencyConflict(LeadMasterError):
    code, http = "IDEMPOTENCY_CONFLICT", 409


class InvalidState(LeadMasterError):
    """What was asked is not possible in the state that a campaign or a schedule is in."""

    code, http = "INVALID_STATE", 409


class CampaignStopped(LeadMasterError):
    """A campaign was paused, cancelled or switched off after its release was decided."""

    code, http = "CAMPAIGN_STOPPED", 409


class CampaignWaits(LeadMasterError):
    """The tenant's previous campaign message has no final state yet, or the day's quota is used up."""

    code, http = "CAMPAIGN_WAITS", 409


class NotCancellable(LeadMasterError):
    code, http = "NOT_CANCELLABLE", 409


class MessageNotSent(LeadMasterError):
    """WhatsApp does not have the message, or nobody knows whether it does: nothing can be done to it there."""

    code, http = "MESSAGE_NOT_SENT", 409


class MessageDeleted(LeadMasterError):
    """The message was deleted for everyone."""

    code, http = "MESSAGE_DELETED", 409


class NotEditable(LeadMasterError):
    """The message is not the tenant's own, or has no text that could be another one; so with a deletion."""

    code, http = "NOT_EDITABLE", 409


class TooLate(LeadMasterError):
    """WhatsApp allows it only for so long after a message was sent."""

    code, http = "TOO_LATE", 409


class PayloadTooLarge(LeadMasterError):
    code, http = "PAYLOAD_TOO_LARGE", 413


class ImportTooLarge(PayloadTooLarge):
    text = "IMPORT_TOO_LARGE"


class PreviewTooLarge(PayloadTooLarge):
    text = "PREVIEW_TOO_LARGE"


class RateLimited(LeadMasterError):
    code, http = "RATE_LIMITED", 429


class TenantWaitsEnough(RateLimited):
    """Of a call that must not begin without a place to wait in: the tenant's own are taken."""

    text = "TENANT_WAITS_ENOUGH"


class QrGenerationFailed(LeadMasterError):
    code, http = "QR_GENERATION_FAILED", 500


class SendFailed(LeadMasterError):
    code, http = "SEND_FAILED", 500


class WhatsAppError(LeadMasterError):
    code, http = "WHATSAPP_ERROR", 502


class SessionNotReady(LeadMasterError):
    code, http = "SESSION_NOT_READY", 503


class SessionManagerUnreachable(LeadMasterError):
    code, http = "SESSION_MANAGER_UNREACHABLE", 503


class MediaStoreUnreachable(SessionManagerUnreachable):
    text = "MEDIA_STORE_UNREACHABLE"


class AcceptUnknown(SessionManagerUnreachable):
    """The connection broke after a message may have been accepted.

    message_id: the one that it then has. idempotency_key: the same call made again with it doubles nothing.
    """

    text = "ACCEPT_UNKNOWN"

    def __init__(self, message_id: str, idempotency_key: str, reason: str) -> None:
        named = {"message_id": message_id, "idempotency_key": idempotency_key}
        super().__init__(details={"reason": reason, "certain": False} | named)
        self.message_id = message_id
        self.idempotency_key = idempotency_key


class QueueFull(LeadMasterError):
    code, http = "QUEUE_FULL", 503


class NoPlaceToWait(QueueFull):
    """Of a call that must not begin without a place to wait in: all are taken."""

    text = "NO_PLACE_TO_WAIT"


class SessionManagerTimeout(LeadMasterError):
    code, http = "SESSION_MANAGER_TIMEOUT", 504

"""What callers send: bodies, queries and paths, validated once at the edge (STYLE 6)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from hub_api.cliente_id import MOST
from shared.instant import from_iso

LONGEST_MESSAGE = 4_096  # characters
LONGEST_KEY = 200
MOST_IN_BULK = 1_000
LONGEST_WAIT_S = 30


def _no_nul(text: str) -> str:
    if "\x00" in text:
        raise ValueError("must not contain NUL")
    return text


def _moment(text: str) -> str:
    try:
        from_iso(text)
    except (ValueError, OverflowError) as error:
        raise ValueError("must be a time in ISO 8601") from error
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("must not be blank")
    return text


Text = Annotated[StrictStr, AfterValidator(_no_nul)]
Moment = Annotated[StrictStr, Field(max_length=40, json_schema_extra={"format": "date-time"}), AfterValidator(_moment)]
ClienteId = Annotated[StrictInt, Field(ge=1, le=MOST)]
MessageText = Annotated[Text, Field(min_length=1, max_length=LONGEST_MESSAGE), AfterValidator(_not_blank)]
Number = Annotated[
    Text,
    Field(
        min_length=1,
        max_length=64,
        description="International digits with or without +, a national form, or …@c.us",
    ),
]
IdempotencyKey = Annotated[StrictStr, Field(min_length=1, max_length=LONGEST_KEY, pattern=r"^[\x21-\x7e]+$")]
Wait = Annotated[float, Field(ge=0, le=LONGEST_WAIT_S, allow_inf_nan=False)]
Cursor = Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9_-]+$")]
Limit = Annotated[int, Field(ge=1, le=500)]
ShortId = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_-]+$")]


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)


class TenantPath(_Sent):
    """A tenant in the URL."""

    cliente_id: str = Field(description="The tenant", pattern=r"^[1-9][0-9]{0,9}$")


class NumberPath(TenantPath):
    number: Number


class MessagePath(TenantPath):
    message_id: str = Field(description="Ours, sortable by time of acceptance", max_length=64)


class BulkPath(TenantPath):
    bulk_id: str = Field(max_length=64)


class InstancePath(_Sent):
    instance_id: str = Field(description="`sender_<cliente_id>`")


class LoginBody(_Sent):
    usuario: Annotated[Text, Field(min_length=1, max_length=100)]
    password: Annotated[Text, Field(min_length=1, max_length=256)]


class DisconnectBody(_Sent):
    logout: StrictBool = Field(default=False, description="Also unlinks the phone")


class QrQuery(_Sent):
    wait: Wait = Field(default=25, description="Seconds to wait for a code")


class WaitQuery(_Sent):
    wait: Wait = Field(default=0, description="Seconds to wait until the message is sent")


class PairingBody(_Sent):
    phone_number: Number


class QrAuthorizationBody(_Sent):
    enabled: StrictBool
    expires_at: Moment | None = None


class SendBody(_Sent):
    """One message to send."""

    to: Number
    message: MessageText
    idempotency_key: IdempotencyKey | None = None
    on_not_ready: Literal["reject", "queue"] = "reject"
    expires_at: Moment | None = None
    cliente_id: ClienteId | None = Field(default=None, description="Must agree with the URL where given")


class NoBody(_Sent):
    """Older calls may name the tenant in a body."""

    cliente_id: ClienteId | None = None


class OlderSendBody(_Sent):
    """One message, its tenant named."""

    cliente_id: ClienteId
    to: Number
    message: MessageText


class OlderSenderBody(_Sent):
    """One message from the caller's own session."""

    destinatario: Number
    mensaje: MessageText


class BulkBody(_Sent):
    """Each entry is a message as in a single send, accepted or refused by itself."""

    messages: list[Any] = Field(
        min_length=1,
        max_length=MOST_IN_BULK,
        json_schema_extra={"items": {"type": "object", "required": ["to", "message"]}},
    )


class SettleBody(_Sent):
    """What a person says became of an uncertain message."""

    status: Literal["sent", "failed", "queued"] = Field(description="`queued` has it sent again")


class HeldBody(_Sent):
    """What a person decides about messages that wait since another phone was paired."""

    action: Literal["release", "cancel"]
    message_ids: list[ShortId] | None = Field(default=None, max_length=MOST_IN_BULK, description="None means all")


class OneMessageQuery(_Sent):
    events: bool = Field(default=False, description="With its history")


class MessagesQuery(_Sent):
    """Filters of a tenant's messages, newest first."""

    status: Literal["queued", "sending", "sent", "delivered", "read", "failed", "cancelled", "expired", "uncertain"] | (
        None
    ) = None
    to: Number | None = None
    lane: Literal["single", "bulk", "campaign"] | None = None
    campaign: ShortId | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Accepted at or after")
    until: Moment | None = Field(default=None, description="Accepted before")
    cursor: Cursor | None = None
    limit: Limit = 50


class InboundQuery(_Sent):
    """Filters of a tenant's inbound messages, newest first."""

    from_number: Number | None = None
    from_: Moment | None = Field(default=None, alias="from", description="Received at or after")
    until: Moment | None = Field(default=None, description="Received before")
    cursor: Cursor | None = None
    limit: Limit = 50


class SessionsQuery(_Sent):
    cursor: Cursor | None = None
    limit: Limit = 100

"""The ledger's entry for one message, and the object callers see."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from ulid import ULID

from shared.instant import to_iso
from shared.ledger.content_object import content_object
from shared.protocol.content import PLAIN, Content
from shared.texts import Language, error_text
from shared.transitions.message import Lane, MessageStatus

_ID_LENGTH = 26  # characters of a ULID


@dataclass(frozen=True, slots=True)
class CampaignRelease:
    """What a campaign's message carries besides, checked when it is accepted and again when it is claimed."""

    stop_version: str  # everybody's, the tenant's and the campaign's own, as they were when the release was decided
    ref: str  # `<recipient>:<turn>`, so that its events find the recipient
    delay_ms: int  # at least so long after it until the tenant's next bulk or campaign message
    day: int  # the tenant's local day it counts for, e.g. 20261120
    quota: int | None  # of that day


@dataclass(frozen=True, slots=True)
class Draft:
    """What the hub asks the ledger to accept; already validated, numbers canonical."""

    message_id: str  # ours, sortable by time of acceptance
    cliente_id: int
    to: str  # canonical digits, or a group's id `…@g.us`
    text: str  # 1 to 4,096 characters; of media the caption, which may be empty, and empty where there is no text
    lane: Lane
    accepted_at_ms: int
    expires_at_ms: int
    wake: bool  # on_not_ready "queue": accepted in any state of the session, and starts it
    idempotency_key: str | None = None  # as the caller gave it
    body_digest: str = ""  # of what the key stands for; compared when the key comes again
    bulk_id: str = ""
    campaign_id: str = ""
    release: CampaignRelease | None = None  # with a campaign_id
    content: Content = PLAIN  # what it carries beside its text

    def queued(self) -> Message:
        """The message as it stands once it was accepted."""
        return Message(
            message_id=self.message_id,
            cliente_id=self.cliente_id,
            to=self.to,
            text=self.text,
            status=MessageStatus.QUEUED,
            lane=self.lane,
            attempts=0,
            accepted_at_ms=self.accepted_at_ms,
            expires_at_ms=self.expires_at_ms,
            bulk_id=self.bulk_id or None,
            campaign_id=self.campaign_id or None,
            content=self.content,
        )


@dataclass(frozen=True, slots=True)
class Message:
    """One message as the ledger has it. Times are milliseconds since the epoch."""

    message_id: str
    cliente_id: int
    to: str
    text: str | None  # None once the message has ended and SQL alone has it
    status: MessageStatus
    lane: Lane
    attempts: int
    accepted_at_ms: int
    expires_at_ms: int
    whatsapp_id: str | None = None  # WhatsApp's full message key, null before it was made
    chat_id: str | None = None  # the chat the key was made for, e.g. `…@c.us` or `…@lid`
    login_id: str = ""  # the login the key was made under
    browser_run: str = ""  # the one that was given the message
    fence: int = 0  # the owner that claimed it
    sent_at_ms: int | None = None
    delivered_at_ms: int | None = None
    read_at_ms: int | None = None
    edited_at_ms: int | None = None  # as SQL says: it has another text since
    revoked_at_ms: int | None = None  # likewise: it was deleted for everyone
    error: str | None = None
    bulk_id: str | None = None
    campaign_id: str | None = None
    content: Content = PLAIN  # PLAIN as well once the message has ended and SQL alone has it
    upload: str = ""  # of media: what the engine's `upload` returned, persisted with the key; a secret

    @property
    def certain(self) -> bool:
        """False while it can't be said whether WhatsApp has it."""
        keyed = self.status is MessageStatus.SENDING and self.whatsapp_id is not None
        return self.status is not MessageStatus.UNCERTAIN and not keyed

    def whole_text(self) -> str:
        """The text of a message that may still be sent. Raises ValueError where the ledger has it no longer."""
        if self.text is None:
            raise ValueError(f"the ledger has no text of {self.message_id}")
        return self.text

    @classmethod
    def from_fields(cls, fields: Mapping[str, str]) -> Message:
        """From the ledger's hash. Raises KeyError where it is none."""
        return cls(
            message_id=fields["message_id"],
            cliente_id=int(fields["cliente_id"]),
            to=fields["to"],
            text=fields.get("message"),
            status=MessageStatus(fields["status"]),
            lane=Lane(int(fields["lane"])),
            attempts=int(fields.get("attempts") or 0),
            accepted_at_ms=int(fields["accepted_at"]),
            expires_at_ms=int(fields["expires_at"]),
            whatsapp_id=fields.get("whatsapp_id") or None,
            chat_id=fields.get("chat_id") or None,
            login_id=fields.get("login_id", ""),
            browser_run=fields.get("browser_run", ""),
            fence=int(fields.get("fence") or 0),
            sent_at_ms=_maybe_int(fields.get("sent_at")),
            delivered_at_ms=_maybe_int(fields.get("delivered_at")),
            read_at_ms=_maybe_int(fields.get("read_at")),
            error=fields.get("error") or None,
            bulk_id=fields.get("bulk_id") or None,
            campaign_id=fields.get("campaign_id") or None,
            content=Content.from_text(fields.get("content")),
            upload=fields.get("upload", ""),
        )

    def to_object(self, language: Language, *, with_text: bool = True) -> dict[str, object]:
        """The message object that callers see. with_text: what it says, only for the message's tenant and admins."""
        answer: dict[str, object] = {
            "message_id": self.message_id,
            "cliente_id": self.cliente_id,
            "to": self.to,
            "status": self.status.value,
            "lane": self.lane.wire,
            "whatsapp_id": self.whatsapp_id,
            "attempts": self.attempts,
            "campaign_id": self.campaign_id,
            "bulk_id": self.bulk_id,
            "accepted_at": to_iso(self.accepted_at_ms),
            "expires_at": to_iso(self.expires_at_ms),
            "sent_at": to_iso(self.sent_at_ms),
            "delivered_at": to_iso(self.delivered_at_ms),
            "read_at": to_iso(self.read_at_ms),
            "edited_at": to_iso(self.edited_at_ms),
            "revoked_at": to_iso(self.revoked_at_ms),
            "error": self.error,
            "error_message": error_text(self.error, language) if self.error else None,
            "certain": self.certain,
        }
        if with_text:
            answer["message"] = self.text
            answer |= content_object(self.content)
        return answer


def new_message_id() -> str:
    """A fresh id, sortable by the time it was made (a ULID, 26 characters)."""
    return str(ULID())


def message_time_ms(message_id: str) -> int | None:
    """When an id of `new_message_id` was made; None for any other text."""
    try:
        return ULID.from_str(message_id).milliseconds if len(message_id) == _ID_LENGTH else None
    except ValueError:
        return None


def key_digest(idempotency_key: str) -> str:
    """By which an idempotency key is kept: never as the caller wrote it."""
    return hashlib.sha256(idempotency_key.encode()).hexdigest()


def _maybe_int(text: str | None) -> int | None:
    return int(text) if text else None

"""The session object callers see: a snapshot together with what only its reader can know."""

from __future__ import annotations

from dataclasses import dataclass

from shared.instant import to_iso
from shared.names import instance_id
from shared.protocol.snapshot import Snapshot
from shared.texts import Language, error_text
from shared.transitions.session import FACTS, RECONNECTING_ACTION, QrStatus, SessionStatus

# Causes of ERROR that can pass or be put right from here; the others need the phone, the operator or WhatsApp.
RECOVERABLE_ERRORS = frozenset(
    {
        "BROWSER_FAILED",
        "PAGE_FAILED",
        "START_TIMEOUT",
        "SYNC_TIMEOUT",
        "CONNECTION_TIMEOUT",
        "TAKEN_OVER",
        "PROFILE_LOCKED",
        "HOST_LOST",
        "WHATSAPP_CHANGED",
        "VERSION_REFUSED",
        "PIN_REFUSED",
        "PIN_NOT_FOUND",
    }
)
# Of these, the causes that lie in WhatsApp Web's build: nothing is sent until a load of it is better.
BUILD_ERRORS = frozenset({"WHATSAPP_CHANGED", "VERSION_REFUSED"})


@dataclass(frozen=True, slots=True)
class SessionView:
    """What a reader makes of a snapshot."""

    snapshot: Snapshot
    owned: bool  # whoever wrote the snapshot still holds the lease
    wanted: bool  # the session is to be kept running

    @property
    def stale(self) -> bool:
        """The owner has not been heard from for longer than its lease, though the snapshot says that it runs."""
        return not self.owned and self.snapshot.status not in (SessionStatus.DISCONNECTED, SessionStatus.ERROR)

    @property
    def can_send(self) -> bool:
        """READY, and whoever said so still owns the session. The Lua prelude's `reliable_status` says the same."""
        return FACTS[self.snapshot.status].can_send and self.owned

    @property
    def is_held_by_build(self) -> bool:
        """WhatsApp Web's build does not let it send."""
        return self.snapshot.status is SessionStatus.ERROR and self.snapshot.last_error_code in BUILD_ERRORS

    def has_code(self, now_ms: int) -> bool:
        """True while a QR code is shown that has not run out."""
        snapshot = self.snapshot
        shown = snapshot.qr_status is QrStatus.GENERATED and bool(snapshot.qr_string)
        return shown and not 0 < snapshot.qr_expires_at <= now_ms

    def to_object(self, now_ms: int, language: Language, *, with_code: bool) -> dict[str, object]:
        """The session object, the same from every endpoint. with_code: whether its reader may scan the code."""
        snapshot = self.snapshot
        facts = FACTS[snapshot.status]
        expired = snapshot.qr_status is QrStatus.GENERATED and bool(snapshot.qr_string) and not self.has_code(now_ms)
        action = facts.recommended_action
        recoverable = facts.is_recoverable
        message = snapshot.last_error_message or None
        if snapshot.last_error_code and message is None:
            message = error_text(snapshot.last_error_code, language)
        if snapshot.status is SessionStatus.DISCONNECTED and self.wanted:
            action = RECONNECTING_ACTION
        elif snapshot.status is SessionStatus.ERROR:
            recoverable = snapshot.last_error_code in RECOVERABLE_ERRORS
            action = message or action
        return {
            "cliente_id": snapshot.cliente_id,
            "instance_id": instance_id(snapshot.cliente_id),
            "status": snapshot.status.value,
            "state": snapshot.status.value,
            "qr_status": (QrStatus.EXPIRED if expired else snapshot.qr_status).value,
            "qr_string": snapshot.qr_string if with_code and self.has_code(now_ms) else None,
            "qr_expires_at": to_iso(snapshot.qr_expires_at or None),
            "qr_attempts": snapshot.qr_attempts,
            "connected": facts.connected and not self.stale,
            "connecting": facts.connecting,
            "can_send_messages": self.can_send,
            "needs_qr": facts.needs_qr,
            "is_recoverable": recoverable,
            "recommended_action": RECONNECTING_ACTION if self.stale else action,
            "phone_number": snapshot.phone_number or None,
            "push_name": snapshot.push_name or None,
            "last_error_code": snapshot.last_error_code or None,
            "last_error_message": message,
            "since": to_iso(snapshot.since or None),
            "updated_at": to_iso(snapshot.updated_at or None),
            "stale": self.stale,
            "limits": self._limits(now_ms),
        }

    def _limits(self, now_ms: int) -> dict[str, object]:
        """What WhatsApp allows the number: until when bulk and campaigns wait, and how many new chats it may open."""
        snapshot = self.snapshot
        until = max(snapshot.restricted_until, snapshot.limited_until)
        capped = snapshot.new_chats_allowed > 0
        return {
            "restricted_until": to_iso(until) if until > now_ms else None,
            "new_chats_allowed": snapshot.new_chats_allowed if capped else None,
            "new_chats_used": snapshot.new_chats_used if capped else None,
            "new_chats_reset_at": to_iso(snapshot.new_chats_reset_at) if capped else None,
        }

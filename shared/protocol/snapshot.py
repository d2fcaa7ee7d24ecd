"""What Redis keeps of a session: its state as its owner writes it, and that it is to be kept running."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Self

from shared.protocol.wire import Record
from shared.transitions.session import QrStatus, SessionStatus


@dataclass(frozen=True, slots=True)
class Snapshot(Record):
    """Times are milliseconds since the epoch; 0 and "" mean none."""

    cliente_id: int
    status: SessionStatus = SessionStatus.DISCONNECTED
    since: int = 0  # when `status` began
    updated_at: int = 0
    qr_status: QrStatus = QrStatus.NONE
    qr_string: str = ""  # the raw code while `generated`
    qr_expires_at: int = 0
    qr_attempts: int = 0  # codes shown since the browser started waiting for a scan
    phone_number: str = ""
    push_name: str = ""
    last_error_code: str = ""
    last_error_message: str = ""
    browser_run: str = ""  # the browser's run
    login_id: str = ""  # the login: own number and pairing
    restricted_until: int = 0  # bulk and campaigns wait until then: WhatsApp refused one message after the other
    limited_until: int = 0  # … WhatsApp says that this number may open no new chats
    new_chats_allowed: int = 0  # messages that may open a new chat, in one cycle; 0: WhatsApp names no cap
    new_chats_used: int = 0
    new_chats_reset_at: int = 0  # when the next cycle begins
    fence: int = 0  # the owner that wrote this; set by the script that writes

    def to_hash(self) -> list[str | int]:
        """Field, value, field, value … as the session's Redis hash keeps them; the script adds the fence."""
        pairs: list[str | int] = []
        for field in fields(self):
            if field.name != "fence":
                value = getattr(self, field.name)
                pairs += [field.name, value if isinstance(value, int) else str(value)]
        return pairs

    @classmethod
    def from_hash(cls, cliente_id: int, stored: Mapping[str, str]) -> Self:
        """From the hash; what is missing is none. Raises WireError."""
        known = {field.name: field.default for field in fields(cls) if field.default is not MISSING}
        values = {
            name: int(text) if type(known[name]) is int else text for name, text in stored.items() if name in known
        }
        return cls.from_wire({**values, "cliente_id": cliente_id})


@dataclass(frozen=True, slots=True)
class Wanted(Record):
    """A session that is to be kept running. SQL is the master; Redis holds a mirror for the hosts."""

    since: int  # milliseconds since the epoch
    reason: str  # what asked for it: `connect`, `qr`, `send` …

    def to_text(self) -> str:
        """The value of its entry in the mirror."""
        return json.dumps(self.to_wire())

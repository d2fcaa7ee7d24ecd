"""One message, as the server keeps it, as a page is told it and as the record shows it."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(slots=True)
class Message:
    """One message of one phone, in either direction. Times are milliseconds since the epoch.

    Attributes:
        seq: order of acceptance over all phones.
        phone: the account it belongs to.
        chat: the other side's number.
        wid: the other side's wid at the time (phone number or LID form).
        id: WhatsApp's id, the last part of the key.
        from_me: sent by the phone or one of its devices.
        body: the text.
        origin: "device", "phone" (typed on the phone) or "contact".
        device_id: the device that sent it; empty otherwise.
        ack: 1 accepted, 2 delivered, 3 read.
        copies: how often the server was given this id.
        recipient_copies: how often the recipient was shown it.
        rev: number of its last change, over all phones; devices catch up by it.
        revoke_id: the id of its deletion for everyone; empty while it stands.
        ad: what WhatsApp tells of the ad that led to it, as JSON; empty for none. Pages get an empty placeholder first.
    """

    seq: int
    phone: str
    chat: str
    wid: str
    id: str
    from_me: bool
    body: str
    origin: str
    device_id: str
    ack: int
    copies: int
    recipient_copies: int
    accepted_at: int
    delivered_at: int | None
    read_at: int | None
    rev: int
    revoke_id: str = ""
    ad: str = ""

    @property
    def key(self) -> str:
        """The full key, as pages know it."""
        return self._key_of(self.id)

    def for_page(self) -> dict[str, object]:
        """Return what a linked device is told about it; a deleted one goes by the deletion's id and has no text."""
        revoked = bool(self.revoke_id)
        return {
            "key": self._key_of(self.revoke_id or self.id),
            "wid": self.wid,
            "number": self.chat,
            "id": self.revoke_id or self.id,
            "from_me": self.from_me,
            "type": "revoked" if revoked else "chat",
            "ctwa_context": json.loads(self.ad) if self.ad and not revoked else None,
            "revoked_key": self.key if revoked else None,
            "body": "" if revoked else self.body,
            "t": self.accepted_at // 1000,
            "ack": self.ack,
            "rev": self.rev,
        }

    def as_placeholder(self) -> dict[str, object]:
        """Return what a linked device is told before the phone has sent it again: all but what is in it."""
        return {**self.for_page(), "type": "ciphertext", "body": "", "ctwa_context": None}

    def as_dict(self) -> dict[str, object]:
        """Return the record, as the control API shows it."""
        return {
            "seq": self.seq,
            "id": self.id,
            "key": self.key,
            "phone": self.phone,
            "direction": "out" if self.from_me else "in",
            "from": self.phone if self.from_me else self.chat,
            "to": self.chat if self.from_me else self.phone,
            "body": self.body,
            "ack": self.ack,
            "copies": self.copies,
            "recipient_copies": self.recipient_copies,
            "accepted_at": self.accepted_at,
            "delivered_at": self.delivered_at,
            "read_at": self.read_at,
            "origin": self.origin,
            "device_id": self.device_id or None,
            "revoked": bool(self.revoke_id),
        }

    def _key_of(self, id_: str) -> str:
        return f"{'true' if self.from_me else 'false'}_{self.wid}_{id_}"


RECORD_COLUMNS = (
    "seq",
    "id",
    "key",
    "phone",
    "direction",
    "from",
    "to",
    "body",
    "ack",
    "copies",
    "recipient_copies",
    "accepted_at",
    "delivered_at",
    "read_at",
    "origin",
    "device_id",
    "revoked",
)

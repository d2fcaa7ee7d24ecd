"""One message, as the server keeps it, as a page is told it and as the record shows it."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from simulator.world.content.types import THUMBNAIL, kind_of
from simulator.world.numbers import number_of_wid

REACTION, POLL_VOTE = "reaction", "poll_vote"
ADDED = frozenset({REACTION, POLL_VOTE})
"""Types of what is put to another message (its `parent`) and is no row of its own on a page."""


@dataclass(slots=True)
class Message:
    """One message of one phone, in either direction. Times are milliseconds since the epoch.

    Attributes:
        seq: order of acceptance over all phones.
        phone: the account it belongs to.
        chat: the other side's number; of a group its wid.
        wid: the chat's wid at the time (phone number or LID form).
        id: WhatsApp's id, the third part of the key.
        from_me: sent by the phone or one of its devices.
        body: what is written in it: a text, a caption, an emoji.
        origin: "device", "phone" (typed on the phone) or "contact".
        device_id: the device that sent it; empty otherwise.
        ack: 1 accepted, 2 delivered, 3 read.
        copies: how often the server was given this id.
        recipient_copies: how often the recipient was shown it.
        rev: number of its last change, over all phones; devices catch up by it.
        revoke_id: the id of its deletion for everyone; empty while it stands.
        type: WhatsApp's word, or one of `ADDED`.
        author: in a group the number of who wrote it; empty otherwise.
        participant: in a group the wid of who wrote it, the fourth part of the key; empty otherwise.
        content: what else it carries, by WhatsApp's names, as JSON.
        placeholder: pages get it empty first, until they ask the phone.
        tells_number: pages are told which number stands behind the sender's LID.
        silent: the page stores its last change, and no event tells of it.
        parent: the key of the message that a reaction or a vote is put to; empty otherwise.
        superseded: a later reaction or vote of the same person took its place.
        edit_id: the id of its last edit; empty while it is as it was written.
        edited_at: when that was; None for never.
        revoke_subtype: "sender" or "admin" (of the group).
        media: the id of its bytes; empty for none.
        receipts: of an own one in a group, each member's ack by number, as JSON.
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
    type: str = "chat"
    author: str = ""
    participant: str = ""
    content: str = ""
    placeholder: bool = False
    tells_number: bool = False
    silent: bool = False
    parent: str = ""
    superseded: bool = False
    edit_id: str = ""
    edited_at: int | None = None
    revoke_subtype: str = "sender"
    media: str = ""
    receipts: str = ""

    @property
    def key(self) -> str:
        """The full key, as pages know it."""
        return self.key_with(self.id)

    @property
    def sender(self) -> str:
        """The number of who wrote it; of an own one the phone's."""
        if self.from_me:
            return self.phone
        return self.author or self.chat

    @property
    def fields(self) -> dict[str, object]:
        """What it carries besides its text, by WhatsApp's names."""
        content: dict[str, object] = json.loads(self.content) if self.content else {}
        return content

    @property
    def member_acks(self) -> dict[str, int]:
        """How far an own message in a group has come with each member."""
        acks: dict[str, int] = json.loads(self.receipts) if self.receipts else {}
        return acks

    def key_with(self, id_: str) -> str:
        """Return the key that something has which is done to this message under another id: an edit, a deletion."""
        parts = ["true" if self.from_me else "false", self.wid, id_, self.participant]
        return "_".join(part for part in parts if part)

    def for_page(self) -> dict[str, object]:
        """Return what a linked device is told about it; a deleted one goes by the deletion's id and has no content."""
        revoked = bool(self.revoke_id)
        return {
            "key": self.key_with(self.revoke_id or self.id),
            "wid": self.wid,
            "number": self.sender if self.tells_number else None,
            "id": self.revoke_id or self.id,
            "from_me": self.from_me,
            "author": self.participant or None,
            "type": "revoked" if revoked else self.type,
            "subtype": self.revoke_subtype if revoked else None,
            "revoked_key": self.key if revoked else None,
            "parent": self.parent or None,
            "fields": {} if revoked else self._fields_for_page(),
            "silent": self.silent,
            "t": self.accepted_at // 1000,
            "t_ms": self.accepted_at,
            "ack": self.ack,
            "rev": self.rev,
        }

    def as_placeholder(self) -> dict[str, object]:
        """Return what a linked device is told before the phone has sent it again: all but what is in it."""
        fields = {"notifyName": self.fields.get("notifyName")}
        return {**self.for_page(), "type": "ciphertext", "fields": fields}

    def as_dict(self) -> dict[str, object]:
        """Return the record, as the control API shows it."""
        fields = self.fields
        return {
            "seq": self.seq,
            "id": self.id,
            "key": self.key,
            "phone": self.phone,
            "direction": "out" if self.from_me else "in",
            "from": self.sender,
            "to": self.chat if self.from_me else self.phone,
            "chat": self.chat,
            "type": self.type,
            "body": self.body,
            "ack": self.ack,
            "copies": self.copies,
            "recipient_copies": self.recipient_copies,
            "accepted_at": self.accepted_at,
            "delivered_at": self.delivered_at,
            "read_at": self.read_at,
            "origin": self.origin,
            "device_id": self.device_id or None,
            "silent": self.silent,
            "placeholder": self.placeholder,
            "parent": self.parent or None,
            "superseded": self.superseded,
            "edit_key": self.key_with(self.edit_id) if self.edit_id else None,
            "edited_at": self.edited_at,
            "revoked": bool(self.revoke_id),
            "revoke_key": self.key_with(self.revoke_id) if self.revoke_id else None,
            "members": self.member_acks,
            "quote": _quote(fields),
            "mentions": _mentions(fields),
            "media": self.media or None,
            "mimetype": fields.get("mimetype"),
            "filename": fields.get("filename"),
            "size": fields.get("size"),
            "sha256": base64.b64decode(str(fields["filehash"])).hex() if "filehash" in fields else None,
            "fields": fields,
        }

    def _fields_for_page(self) -> dict[str, object]:
        """Return all its fields. What is written over media is a caption, and a thumbnail stands where texts do."""
        fields = self.fields
        if kind_of(self.type).shows_thumbnail:
            fields["body"] = THUMBNAIL
            if self.body:
                fields["caption"] = self.body
        else:
            fields["body"] = self.body
        if self.edit_id:
            fields["latestEditMsgKey"] = self.key_with(self.edit_id)
            fields["latestEditSenderTimestampMs"] = self.edited_at
        return fields


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody says of a message before the server accepts it; see `Message`."""

    chat: str
    wid: str
    id: str
    from_me: bool
    body: str
    origin: str
    device_id: str = ""
    type: str = "chat"
    author: str = ""
    participant: str = ""
    content: str = ""
    placeholder: bool = False
    tells_number: bool = False
    silent: bool = False
    parent: str = ""
    media: str = ""


RECORD_COLUMNS = (
    "seq",
    "id",
    "key",
    "phone",
    "direction",
    "from",
    "to",
    "chat",
    "type",
    "body",
    "ack",
    "copies",
    "recipient_copies",
    "accepted_at",
    "delivered_at",
    "read_at",
    "origin",
    "device_id",
    "silent",
    "placeholder",
    "parent",
    "superseded",
    "edit_key",
    "edited_at",
    "revoked",
    "revoke_key",
    "media",
    "mimetype",
    "filename",
    "size",
    "sha256",
)
"""The columns of the record as CSV; the JSON has `quote`, `mentions` and `fields` besides."""


def _quote(fields: dict[str, object]) -> dict[str, object] | None:
    """Return what a message says of the one that it answers; None where it answers none."""
    quoted = fields.get("quotedMsg")
    if not isinstance(quoted, dict) or not fields.get("quotedStanzaID"):
        return None
    text = quoted.get("caption" if kind_of(str(quoted.get("type"))).shows_thumbnail else "body")
    return {
        "id": fields["quotedStanzaID"],
        "author": number_of_wid(fields.get("quotedParticipant")),
        "type": quoted.get("type"),
        "text": text or quoted.get("pollName") or "",
    }


def _mentions(fields: dict[str, object]) -> list[str]:
    """Return the numbers of the people whom a message names."""
    named = fields.get("mentionedJidList")
    return [number_of_wid(wid) for wid in named] if isinstance(named, list) else []

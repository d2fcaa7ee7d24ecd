"""A WhatsApp in a file: it outlives the process whose worker is killed, as the real one does."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from session_worker.engine.heard import RowPage
from session_worker.engine.port import EngineConfig, Handed, Outgoing, Prepared, ReadFile
from shared.instant import now_ms
from shared.protocol.content import Content
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Direction, InboundType, MediaSource
from testing.fake.engine import FakeEngine
from testing.fake.groups import FakeGroup
from testing.fake.inbox import FakeRow
from testing.fake.whatsapp import FakeLogin, FakeMessage, FakeTimes, FakeWhatsApp

NUMBER = "5491150000051"
PAIRING = "pairing-1"
LIVE_MS = 100  # after the page is in sync

Gap = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class FakeMail:
    """What somebody writes to the phone, or its owner there. live: once its page is in sync, or while there is none.

    file: the bytes that come with it, as text.
    """

    sender: str
    text: str
    live: bool = False
    from_ad: bool = False
    by_owner: bool = False
    file: str = ""

    @property
    def path(self) -> str:
        """Where its bytes are."""
        return f"/v/{self.text}"

    @property
    def key(self) -> str:
        return f"{'true' if self.by_owner else 'false'}_{self.sender}@c.us_{self.text.upper()}"

    def row(self) -> FakeRow:
        message = MessageInbound(self.sender, self.text, now_ms(), self.key, f"{self.sender}@c.us")
        if self.by_owner:
            message = replace(message, sender=NUMBER, direction=Direction.OUT)
        if self.file:
            source = MediaSource("document", "text/plain", len(self.file), direct_path=self.path, media_key="a2V5")
            message = replace(message, type=InboundType.DOCUMENT, media=source)
        return FakeRow(message, self.from_ad)


class DurableWhatsApp(FakeWhatsApp):
    """Keeps the server's record and the page's store in one file. gap: called with the name of each step."""

    def __init__(self, path: Path, gap: Gap) -> None:
        super().__init__(FakeTimes(ack_ms=20, delivered_ms=20))
        self._path = path
        self._gap = gap
        self.page_resends = False
        self.copy_refusals = 0  # how many of the next copies the server refuses, of messages that it has
        self.mail: list[FakeMail] = []
        if path.exists():
            kept = json.loads(path.read_text("utf-8"))
            self.refusals, self.page_resends = kept["refusals"], kept["page_resends"]
            self.copy_refusals = kept["copy_refusals"]
            self._shown = [_message(one) for one in kept["shown"]]
            self._copies = kept["copies"]
            for device_id, messages in kept["stores"].items():
                self.device(device_id).messages = {one["key"]: _message({**one, "page": 0}) for one in messages}
            for device_id, rows in kept.get("rows", {}).items():
                self.device(device_id).inbox.rows = [_row(one) for one in rows]
            self.mail = [FakeMail(**one) for one in kept.get("mail", [])]
            self.media.files = {mail.path: mail.file.encode() for mail in self.mail if mail.file}
            self.media.uploads = list(kept.get("uploads", {}))
            self.media.files |= {path: base64.b64decode(file) for path, file in kept.get("uploads", {}).items()}
            self.media.upload_failures = kept.get("upload_failures", 0)
            self.groups = {group_id: FakeGroup(group_id) for group_id in kept.get("groups", [])}

    def send(self, device_id: str, message: FakeMessage) -> None:
        """The page has the message by now, the server takes it here."""
        self.save()
        self._gap("page has it")
        if self.copy_refusals and message.key in self._copies:
            self.copy_refusals -= 1
            self.refusals += 1
        super().send(device_id, message)
        self.save()
        self._gap("server has it")

    def save(self) -> None:
        """Atomically, so that a kill leaves the old or the new state."""
        with self.lock:
            state = {
                "refusals": self.refusals,
                "page_resends": self.page_resends,
                "copy_refusals": self.copy_refusals,
                "shown": [_kept_message(one) for one in self._shown],
                "uploads": {
                    path: base64.b64encode(self.media.files[path] or b"").decode() for path in self.media.uploads
                },
                "upload_failures": self.media.upload_failures,
                "groups": list(self.groups),
                "copies": self._copies,
                "stores": {
                    device_id: [_kept_message(one) for one in device.messages.values()]
                    for device_id, device in self._devices.items()
                },
                "rows": {
                    device_id: [_kept(one) for one in device.inbox.rows] for device_id, device in self._devices.items()
                },
                "mail": [asdict(one) for one in self.mail],
            }
            partial = self._path.with_suffix(".partial")
            partial.write_text(json.dumps(state), "utf-8")
            os.replace(partial, self._path)


class DurablePage(FakeEngine):
    """A page that is logged in. As the real one it sends nothing again by itself, unless it is told that pages do."""

    def __init__(self, config: EngineConfig, whatsapp: DurableWhatsApp, gap: Gap) -> None:
        super().__init__(config, whatsapp)
        self._gap = gap
        self._durable = whatsapp
        device = whatsapp.device(str(config.profile_dir))
        device.login = FakeLogin(NUMBER, PAIRING)
        device.inbox.waiting = [
            mail.row() for mail in whatsapp.mail if not mail.live and not device.inbox.find(mail.key)
        ]

    def prepare(self, to: str) -> Prepared:
        """See `port.Engine.prepare`."""
        prepared = super().prepare(to)
        self._gap("prepared")
        return prepared

    def upload(self, content: Content, read: ReadFile, timeout_s: float) -> str:
        """See `port.Engine.upload`."""

        def reading(offset: int, size: int) -> bytes:
            piece = read(offset, size)
            self._gap("file read")
            return piece

        try:
            upload = super().upload(content, reading, timeout_s)
        finally:
            self._durable.save()
        self._gap("uploaded")
        return upload

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """See `port.Engine.hand_over`."""
        handed = super().hand_over(prepared, outgoing)
        self._gap("handed over")
        return handed

    def resend(self, prepared: Prepared) -> None:
        """See `port.Engine.resend`."""
        super().resend(prepared)
        self._gap("sent again")

    def read_rows(self, after_row_id: int, limit: int, since_ms: int = 0) -> RowPage:
        """See `port.Engine.read_rows`."""
        page = super().read_rows(after_row_id, limit, since_ms)
        if page.rows:
            self._gap("rows read")
        return page

    def fetch_media(
        self, key: str, source: MediaSource, sink: Callable[[bytes], object], max_bytes: int, timeout_s: float
    ) -> None:
        """See `port.Engine.fetch_media`."""
        super().fetch_media(key, source, sink, max_bytes, timeout_s)
        self._gap("bytes fetched")

    def _arrive_live(self) -> None:
        with self._lock:
            inbox = self._whatsapp.device(self._device_id).inbox
            inbox.waiting += [mail.row() for mail in self._durable.mail if mail.live and not inbox.find(mail.key)]
            self.arrived()
            self._durable.save()

    def _sync(self) -> None:
        super()._sync()
        self._durable.save()
        self._whatsapp.timeline.after(LIVE_MS, self._arrive_live)
        if not self._durable.page_resends:
            return
        for message in list(self._whatsapp.device(self._device_id).messages.values()):
            if message.ack == 0:
                message.page = self._page_number
                self._whatsapp.send(self._device_id, message)


def set_up(
    path: Path,
    *,
    refusals: int = 0,
    copy_refusals: int = 0,
    page_resends: bool = False,
    wiped: bool = False,
    revoked: bool = False,
    upload_failures: int = 0,
    groups: Sequence[str] = (),
    mail: Sequence[FakeMail] = (),
) -> None:
    """Says how WhatsApp behaves from the next process on; what the server has stays.

    refusals: of the next sends. copy_refusals: of the next copies of what the server has. wiped: the page's store is
    lost. revoked: the owner deleted for everyone what went out. upload_failures: of the next uploads. groups: of which
    the phone is a member (ids). mail: comes in, after what came before.
    """
    kept = server_record(path) if path.exists() else {"shown": [], "copies": {}, "stores": {}}
    if wiped:
        kept["stores"] = kept["rows"] = {}
    if revoked:
        for message in (one for messages in kept["stores"].values() for one in messages):
            message["revoked"] = message["copies"] > 0
    kept["mail"] = [*kept.get("mail", []), *map(asdict, mail)]
    behaviour = {
        "refusals": refusals,
        "copy_refusals": copy_refusals,
        "page_resends": page_resends,
        "upload_failures": upload_failures,
        "groups": list(groups),
    }
    path.write_text(json.dumps(kept | behaviour), "utf-8")


def server_record(path: Path) -> dict[str, Any]:
    """What the server has: `shown` (in order, each with key, number, text, content and its file's hash), `copies` by
    key, and `uploads` by path.
    """
    kept: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return kept


def _kept_message(message: FakeMessage) -> dict[str, Any]:
    """A message as the file keeps it."""
    return {**asdict(message), "content": message.content.to_text()}


def _message(kept: dict[str, Any]) -> FakeMessage:
    return FakeMessage(**{**kept, "content": Content.from_text(kept["content"])})


def _kept(row: FakeRow) -> dict[str, Any]:
    """A row as the file keeps it."""
    return {
        "message": row.message.to_wire(),
        "open": row.open,
        "row_id": row.row_id,
        "edited": None if row.edited is None else row.edited.to_wire(),
        "revoked": None if row.revoked is None else row.revoked.to_wire(),
    }


def _row(kept: dict[str, Any]) -> FakeRow:
    return FakeRow(
        MessageInbound.from_wire(kept["message"]),
        kept["open"],
        kept["row_id"],
        None if kept["edited"] is None else MessageUpdated.from_wire(kept["edited"]),
        None if kept["revoked"] is None else MessageUpdated.from_wire(kept["revoked"]),
    )

"""The engine without a browser: a page on a `FakeWhatsApp`. No thread of its own, a few kilobytes each."""

from __future__ import annotations

import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable
from functools import partial

from session_worker.engine.heard import ChangePage, PlaceholderPage, RowPage
from session_worker.engine.port import (
    Contact,
    EngineConfig,
    EngineError,
    Found,
    Handed,
    Limits,
    Listener,
    Observation,
    Outgoing,
    PageReloaded,
    PairingCode,
    Prepared,
    ProbeReport,
    ReadFile,
)
from shared.instant import now_ms
from shared.protocol.content import Content
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction, MediaSource
from testing.fake.acts import FakeActingPage
from testing.fake.inbox import FakeRow
from testing.fake.media import is_of_type, upload_limit
from testing.fake.whatsapp import FakeMessage, lid_of

_PAIRING_CODE_MS = 180_000
_WA_JS_VERSION = "fake"
_OBSERVE_SECONDS = 5.0
_PREPARE_SECONDS = 15.0
_SLICE_BYTES = 768 * 1024
_GROUP = "@g.us"


class FakeEngine(FakeActingPage):
    """See `port.Engine`. Its methods take no time of their own, unless `hang` was called."""

    # --- the port ---

    def start(self, listener: Listener) -> None:
        """See `port.Engine.start`. Takes the profile's lock for as long as this engine, or its process, lives."""
        self._config.profile_dir.mkdir(parents=True, exist_ok=True)
        self._descriptor = _locked(self._config)
        self._listener = listener
        self._whatsapp.device(self._device_id)
        self._whatsapp.open_page(self._device_id, self)
        self._navigate()

    def stop(self, *, logout: bool = False) -> None:
        """See `port.Engine.stop`."""
        with self._lock:
            if logout and self._loaded and not self._silenced.is_set():
                self._whatsapp.wipe(self._device_id)
            self._close()

    def observe(self) -> Observation:
        """See `port.Engine.observe`."""
        with self._answering(_OBSERVE_SECONDS):
            return self._observation()

    def probe(self) -> ProbeReport:
        """See `port.Engine.probe`."""
        with self._answering(_OBSERVE_SECONDS):
            age_ms = now_ms() - self._loaded_at_ms
            full_ready_ms = age_ms if self._loaded else None
            return ProbeReport(self._build.web_version, _WA_JS_VERSION, age_ms, full_ready_ms, self._build.missing)

    def renew_code(self, phone_number: str | None = None) -> PairingCode | None:
        """See `port.Engine.renew_code`."""
        with self._answering(_OBSERVE_SECONDS):
            if not self._loaded or self._whatsapp.device(self._device_id).login is not None:
                raise EngineError("WHATSAPP_ERROR", "renew_code: linked already or not loaded")
            if phone_number is None:
                self._codes_left = self._whatsapp.times.codes
                self._next_code(self._whatsapp.times.first_code_ms)
                return None
            code = secrets.token_hex(4).upper()
            self._whatsapp.new_code(self._device_id, code)
            return PairingCode(code, now_ms() + _PAIRING_CODE_MS)

    def prepare(self, to: str) -> Prepared:
        """See `port.Engine.prepare`."""
        with self._answering(_PREPARE_SECONDS):
            if not self._can_ask():
                raise EngineError("WHATSAPP_ERROR", "prepare: NOT_CONNECTED")
            if to.endswith(_GROUP):
                return self._prepared_for_group(to)
            known = self._whatsapp.known_as(to)
            if known is None:
                raise EngineError("NOT_ON_WHATSAPP")
            chat_id = self._whatsapp.chat_id(known)
            return Prepared(chat_id, f"true_{chat_id}_{self._whatsapp.new_message_id()}")

    def upload(self, content: Content, read: ReadFile, timeout_s: float) -> str:
        """See `port.Engine.upload`."""
        file, media = content.media, self._whatsapp.media
        with self._answering(timeout_s):
            if not self._loaded:
                raise EngineError("PAGE_FAILED", "upload: NOT_LOADED")
            if file is None or not 0 < file.size <= upload_limit(content.type):
                raise EngineError("MEDIA_REFUSED", "upload: not of a size that WhatsApp takes")
        pieces = [read(offset, min(_SLICE_BYTES, file.size - offset)) for offset in range(0, file.size, _SLICE_BYTES)]
        with self._lock:
            silent, failing = media.silent_uploads > 0, media.upload_failures > 0
            media.silent_uploads -= silent
            media.upload_failures -= failing and not silent
        if silent:
            self._silenced.wait(timeout_s)
        if silent or failing or not self._online:
            raise EngineError("MEDIA_UPLOAD_FAILED", "upload: the upload broke off")
        whole = b"".join(pieces)
        if not is_of_type(content.type, whole):
            raise EngineError("MEDIA_REFUSED", "upload: not of this type")
        with self._answering(timeout_s):
            return media.upload(content.type, whole)

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """See `port.Engine.hand_over`."""
        with self._answering(self._config.hand_over_timeout_s):
            device = self._whatsapp.device(self._device_id)
            if not self._loaded or device.login is None:
                raise EngineError("PAGE_FAILED", "handOver: NOT_LOADED")
            if not prepared.key.startswith(f"true_{prepared.chat_id}_"):
                raise EngineError("WHATSAPP_ERROR", "handOver: the key is not of this chat")
            if prepared.key in device.messages:
                return Handed.KNOWN
            message = FakeMessage(prepared.key, _number_of(prepared.chat_id), outgoing.text, outgoing.content)
            if outgoing.content.media is not None:
                message.file = self._uploaded(outgoing)
            device.messages[prepared.key] = message
            device.inbox.add(FakeRow(_own_message(prepared, outgoing.text, device.login.number)))
            self._send(message)
            return Handed.TAKEN

    def look_up(self, prepared: Prepared) -> Found | None:
        """See `port.Engine.look_up`."""
        with self._answering(_OBSERVE_SECONDS):
            if not self._loaded:
                raise EngineError("PAGE_FAILED", "lookUp: NOT_LOADED")
            message = self._whatsapp.device(self._device_id).messages.get(prepared.key)
            if message is None:
                return None
            if message.revoked:
                return Found(1, revoked=True)
            return Found(message.ack, unsent=self._is_unsent(message))

    def resend(self, prepared: Prepared) -> None:
        """See `port.Engine.resend`."""
        with self._answering(self._config.hand_over_timeout_s):
            message = self._whatsapp.device(self._device_id).messages.get(prepared.key)
            if message is None or not self._is_unsent(message):
                raise EngineError("WHATSAPP_ERROR", "resend: NOT_UNSENT")
            self._send(message)

    def limits(self) -> Limits | None:
        """See `port.Engine.limits`."""
        with self._lock:
            return self._whatsapp.limits if self._synced and self._online and not self._silenced.is_set() else None

    def find_contact(self, number: str) -> Contact | None:
        """See `port.Engine.find_contact`."""
        try:
            with self._answering(_PREPARE_SECONDS):
                if not self._can_ask():
                    return None
                known = self._whatsapp.known_as(number)
        except EngineError:
            return None
        return Contact(known is not None, None if known is None else self._whatsapp.chat_id(known))

    def mark_read(self, chat_id: str) -> None:
        """See `port.Engine.mark_read`."""
        with self._answering(_PREPARE_SECONDS):
            login = self._whatsapp.device(self._device_id).login
            if not self._loaded or login is None:
                raise EngineError("PAGE_FAILED", "markRead: NOT_LOADED")
            self._whatsapp.marked_as_read.add((login.number, _number_of(chat_id)))

    def read_rows(self, after_row_id: int, limit: int, since_ms: int = 0) -> RowPage:
        """See `port.Engine.read_rows`."""
        with self._answering(_PREPARE_SECONDS):
            return self._inbox().page(after_row_id, limit, since_ms)

    def read_changes(self, after_row_id: int, limit: int, since_ms: int) -> ChangePage:
        """See `port.Engine.read_changes`."""
        with self._answering(_PREPARE_SECONDS):
            return self._inbox().change_page(after_row_id, limit, since_ms)

    def read_placeholders(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """See `port.Engine.read_placeholders`."""
        with self._answering(_PREPARE_SECONDS):
            inbox = self._inbox()
            for row in inbox.to_ask_for(keys, self._asked):
                self._whatsapp.timeline.after(0, partial(self._sent_again, row))
            return inbox.placeholder_page(keys)

    def fetch_media(
        self, key: str, source: MediaSource, sink: Callable[[bytes], object], max_bytes: int, timeout_s: float
    ) -> None:
        """See `port.Engine.fetch_media`."""
        with self._answering(timeout_s):
            if not self._loaded:
                raise EngineError("PAGE_FAILED", "beginMedia: NOT_LOADED")
            media = self._whatsapp.media
            if media.failures > 0:
                media.failures -= 1
                raise EngineError("WHATSAPP_ERROR", "beginMedia: the download broke off")
            content = media.download(key, source, phone_answers=self._whatsapp.phone_answers)
        if content is None:
            raise EngineError("MEDIA_EXPIRED")
        if len(content) > max_bytes:
            raise EngineError("MEDIA_TOO_LARGE")
        for first in range(0, len(content), _SLICE_BYTES):
            sink(content[first : first + _SLICE_BYTES])

    def _prepared_for_group(self, group_id: str) -> Prepared:
        group, login = self._whatsapp.groups.get(group_id), self._whatsapp.device(self._device_id).login
        if group is None or login is None:
            raise EngineError("NOT_IN_GROUP")
        own = lid_of(login.number) if group.by_lid else f"{login.number}@c.us"
        return Prepared(group_id, f"true_{group_id}_{self._whatsapp.new_message_id()}_{own}")

    def _uploaded(self, outgoing: Outgoing) -> str:
        """The hash of what the recipient gets. Raises EngineError WHATSAPP_ERROR."""
        content = self._whatsapp.media.uploaded(outgoing.content.type, outgoing.upload)
        if content is None:
            raise EngineError("WHATSAPP_ERROR", "handOver: the upload says nothing that can be opened")
        return hashlib.sha256(content).hexdigest()

    # --- what tests do to it ---

    def crash(self) -> None:
        """The page crashes."""
        self._whatsapp.timeline.after(0, lambda: self._gone("the page crashed"))

    def reload(self) -> None:
        """The page loads itself anew, and gets what the site serves by now."""
        with self._lock:
            self._loaded = self._synced = False
            self._asked.clear()
            self._code = self._code_expires_at_ms = None
            self._page_number = self._whatsapp.next_page_number()  # what the former one was sending stays unsent
            self._tell(PageReloaded())
            self._navigate()

    def hang(self) -> None:
        """The page answers no more, until the engine is stopped."""
        self._hung = True

    def set_online(self, online: bool) -> None:
        """Cuts or restores the page's connection. A page that comes back sends what it still holds."""
        with self._lock:
            self._online = online
            self.arrived()
            device = self._whatsapp.device(self._device_id)
            if online and device.login is not None:
                for message in list(device.messages.values()):
                    if message.ack == 0 and message.page == self._page_number:
                        self._whatsapp.send(self._device_id, message)
            self._changed()

    def tell_problem(self, code: str) -> None:
        """The page shows a problem of the account or of its storage."""
        with self._lock:
            self._problem = code
            self._changed()


def _locked(config: EngineConfig) -> int:
    config.lock_path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(config.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise EngineError("PROFILE_LOCKED", f"another browser holds {config.lock_path.name}") from None
    return descriptor


def _number_of(chat_id: str) -> str:
    user, _, server = chat_id.partition("@")
    if server == "g.us":
        return chat_id
    return user[1:-2] if server == "lid" else user


def _own_message(prepared: Prepared, text: str, number: str) -> MessageInbound:
    """What we hand over, as its row shows it: like one that the owner wrote on the phone."""
    return MessageInbound(number, text, now_ms(), prepared.key, prepared.chat_id, direction=Direction.OUT)

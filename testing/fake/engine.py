"""The engine without a browser: a page on a `FakeWhatsApp`. No thread of its own, a few kilobytes each."""

from __future__ import annotations

import os
import secrets
import threading
from functools import partial

from session_worker.engine.port import (
    AckSeen,
    BrowserGone,
    Contact,
    EngineConfig,
    EngineError,
    EngineEvent,
    Found,
    Handed,
    Limits,
    Listener,
    LoggedOut,
    Observation,
    PageChanged,
    PageReloaded,
    PairingCode,
    PlaceholderPage,
    Prepared,
    ProbeReport,
    RowPage,
    RowsHinted,
)
from shared.instant import now_ms
from testing.fake.appearance import mode_of, socket_of
from testing.fake.inbox import PLACEHOLDER, TEXT, FakeInbox, FakeRow
from testing.fake.profile_lock import lock_profile
from testing.fake.site import FakeLoad
from testing.fake.whatsapp import FakeMessage, FakePage, FakeWhatsApp

_PAIRING_CODE_MS = 180_000
_OBSERVE_SECONDS = 5.0
_PREPARE_SECONDS = 15.0


class FakeEngine(FakePage):
    """See `port.Engine`. Its methods take no time of their own, unless `hang` was called."""

    def __init__(self, config: EngineConfig, whatsapp: FakeWhatsApp) -> None:
        self._config = config
        self._whatsapp = whatsapp
        self._device_id = str(config.profile_dir)
        self._listener: Listener | None = None
        self._lock = whatsapp.lock
        self._page_number = whatsapp.next_page_number()
        self._descriptor: int | None = None
        self._silenced = threading.Event()  # stopped or gone: nothing is told, nothing is answered
        self._hung = False
        self._load_of_page = FakeLoad(whatsapp.site.build)
        self._loaded = False
        self._synced = False
        self._online = True
        self._code: str | None = None
        self._code_expires_at_ms: int | None = None
        self._codes_left = 0
        self._problem: str | None = None
        self._asked: set[str] = set()  # placeholders for which this page asked its phone

    # --- the port ---

    def start(self, listener: Listener) -> None:
        """See `port.Engine.start`. Takes the profile's lock for as long as this engine, or its process, lives."""
        self._config.profile_dir.mkdir(parents=True, exist_ok=True)
        self._descriptor = lock_profile(self._config)
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
            return self._load_of_page.report(ready=self._loaded)

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

    def prepare(self, number: str) -> Prepared:
        """See `port.Engine.prepare`."""
        with self._answering(_PREPARE_SECONDS):
            exists = self._exists(number)
            if exists is None:
                raise EngineError("WHATSAPP_ERROR", "prepare: NOT_CONNECTED")
            if not exists:
                raise EngineError("NOT_ON_WHATSAPP")
            chat_id = self._whatsapp.chat_id(number)
            return Prepared(chat_id, f"true_{chat_id}_{self._whatsapp.new_message_id()}")

    def hand_over(self, prepared: Prepared, text: str) -> Handed:
        """See `port.Engine.hand_over`."""
        with self._answering(self._config.hand_over_timeout_s):
            device = self._whatsapp.device(self._device_id)
            if not self._loaded or device.login is None:
                raise EngineError("PAGE_FAILED", "handOver: NOT_LOADED")
            if not prepared.key.startswith(f"true_{prepared.chat_id}_"):
                raise EngineError("WHATSAPP_ERROR", "handOver: the key is not of this chat")
            if prepared.key in device.messages:
                return Handed.KNOWN
            message = FakeMessage(prepared.key, _number_of(prepared.chat_id), text)
            device.messages[prepared.key] = message
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
            return Found(message.ack, unsent=self._is_unsent(message), refusal=message.refusal)

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
                exists = self._exists(number)
        except EngineError:
            return None
        return None if exists is None else Contact(exists, self._whatsapp.chat_id(number) if exists else None)

    def read_rows(self, after_row_id: int, limit: int) -> RowPage:
        """See `port.Engine.read_rows`."""
        with self._answering(_PREPARE_SECONDS):
            return self._inbox().page(after_row_id, limit)

    def read_placeholders(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """See `port.Engine.read_placeholders`."""
        with self._answering(_PREPARE_SECONDS):
            found = {key: self._inbox().find(key) for key in keys}
            rows = [row for row in found.values() if row is not None]
            for row in rows:
                if row.type == PLACEHOLDER and row.key not in self._asked:
                    self._asked.add(row.key)
                    self._whatsapp.timeline.after(0, partial(self._sent_again, row))
            return PlaceholderPage(
                texts=tuple(row.seen for row in rows if row.type == TEXT),
                open=tuple(row.key for row in rows if row.type == PLACEHOLDER),
                missing=tuple(key for key, row in found.items() if row is None),
            )

    # --- what tests do to it ---

    def crash(self) -> None:
        """The page crashes."""
        self._whatsapp.timeline.after(0, lambda: self._gone("the page crashed"))

    def reload(self) -> None:
        """The page loads itself anew, and gets what the site serves by now."""
        with self._lock:
            self._loaded = self._synced = False
            self._code = self._code_expires_at_ms = None
            self._asked.clear()
            self._page_number = self._whatsapp.next_page_number()  # what the load before had unsent stays unsent
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
                        message.copies += 1  # what it sent into the lost connection may have arrived
                        self._whatsapp.send(self._device_id, message)
            self._changed()

    def tell_problem(self, code: str) -> None:
        """The page shows a problem of the account or of its storage."""
        with self._lock:
            self._problem = code
            self._changed()

    # --- the page, told by WhatsApp ---

    def linked(self) -> None:
        """See `FakePage.linked`."""
        with self._lock:
            self._code = self._code_expires_at_ms = self._problem = None
            self._synced = False
            self._changed()
            self._whatsapp.timeline.after(self._whatsapp.times.sync_ms, self._sync)

    def unlinked(self, reason: str) -> None:
        """See `FakePage.unlinked`."""
        with self._lock:
            self._synced = False
            if reason == "account_locked":
                self._problem = "ACCOUNT_LOCKED"
            self._tell(LoggedOut(reason))
            self._load()

    def acknowledged(self, key: str, ack: int, refusal: str = "") -> None:
        """See `FakePage.acknowledged`."""
        self._tell(AckSeen(key, ack, refusal))

    def arrived(self) -> None:
        """See `FakePage.arrived`. What arrives while the page is not in sync is taken in later, without an event."""
        with self._lock:
            if not (self._synced and self._online) or self._silenced.is_set():
                return
            for row in self._whatsapp.device(self._device_id).inbox.take_in():
                if not self._whatsapp.silent:
                    self._tell(row.seen if row.type == TEXT else RowsHinted("placeholder"))

    # --- inside ---

    def _navigate(self) -> None:
        """The page is asked for, and is up after its time."""
        load = self._load_of_page = FakeLoad(self._whatsapp.site.build)
        after_ms = self._whatsapp.times.load_ms
        self._whatsapp.timeline.after(after_ms, lambda: self._load() if load is self._load_of_page else None)

    def _send(self, message: FakeMessage) -> None:
        """This page sends it, now or once it is online again; the next one does not by itself."""
        login = self._whatsapp.device(self._device_id).login
        if self._config.show_online and login is not None:
            self._whatsapp.marked_as_read.add((login.number, message.number))
        message.page = self._page_number
        message.ack = max(message.ack, 0)
        if self._online:
            self._whatsapp.send(self._device_id, message)

    def _is_unsent(self, message: FakeMessage) -> bool:
        return message.ack < 0 or (message.ack == 0 and message.page != self._page_number)

    def _load(self) -> None:
        with self._lock:
            if self._silenced.is_set() or not self._load_of_page.build.becomes_ready:
                return
            self._loaded = True
            if self._whatsapp.device(self._device_id).login is None:
                self._codes_left = self._whatsapp.times.codes
                self._next_code(self._whatsapp.times.first_code_ms)
            else:
                self._changed()
                self._whatsapp.timeline.after(self._whatsapp.times.sync_ms, self._sync)

    def _sync(self) -> None:
        with self._lock:
            if self._whatsapp.device(self._device_id).login is not None and not self._silenced.is_set():
                self._synced = True
                self._whatsapp.device(self._device_id).inbox.take_in()
                self._note_online()
                self._changed()
                self._tell(RowsHinted("main_ready"))

    def _inbox(self) -> FakeInbox:
        device = self._whatsapp.device(self._device_id)
        if not self._loaded:
            raise EngineError("PAGE_FAILED", "the page is not loaded")
        if device.login is None:
            raise EngineError("WHATSAPP_ERROR", "NOT_LINKED")
        return device.inbox

    def _sent_again(self, row: FakeRow) -> None:
        """The phone sends what the placeholder stands for: the same row gets its content."""
        with self._lock:
            if self._whatsapp.phone_answers and not self._silenced.is_set():
                row.type = TEXT
                if not self._whatsapp.silent:
                    self._tell(row.seen)

    def _note_online(self) -> None:
        login = self._whatsapp.device(self._device_id).login
        if login is not None and self._config.show_online:
            self._whatsapp.shown_online.add(login.number)

    def _next_code(self, life_ms: float) -> None:
        """Shows another code, or none where WhatsApp has handed out enough of them."""
        self._codes_left -= 1
        if self._codes_left < 0:
            self._code = self._code_expires_at_ms = None
            self._whatsapp.void_codes(self._device_id)
        else:
            code = f"2@{secrets.token_urlsafe(24)},fake,fake,fake"
            self._code, self._code_expires_at_ms = code, now_ms() + int(life_ms)
            self._whatsapp.new_code(self._device_id, code)
            self._whatsapp.timeline.after(life_ms, lambda: self._code_aged(code))
        self._changed()

    def _code_aged(self, code: str) -> None:
        with self._lock:
            if self._code == code and not self._silenced.is_set():
                self._next_code(self._whatsapp.times.next_code_ms)

    def _observation(self) -> Observation:
        login = self._whatsapp.device(self._device_id).login
        registered = login is not None and self._loaded
        return Observation(
            loaded=self._loaded,
            registered=registered,
            mode=mode_of(loaded=self._loaded, registered=registered, synced=self._synced),
            socket=socket_of(self._loaded, self._online, registered, self._code),
            online=self._online,
            code=self._code,
            code_expires_at_ms=self._code_expires_at_ms,
            phone_number=login.number if login and registered else None,
            push_name=self._whatsapp.name_of(login.number) if login and registered else None,
            pairing_id=login.pairing_id if login and registered else None,
            web_version=self._load_of_page.build.web_version,
            problem=self._problem,
        )

    def _exists(self, number: str) -> bool | None:
        login = self._whatsapp.device(self._device_id).login
        if login is None or not (self._synced and self._online):
            return None
        return number not in self._whatsapp.not_on_whatsapp

    def _answering(self, timeout_seconds: float) -> threading.RLock:
        """The lock under which a living page answers. Raises EngineError PAGE_FAILED where it doesn't."""
        if self._hung:
            self._silenced.wait(timeout_seconds)
            raise EngineError("PAGE_FAILED", "no answer in time")
        if self._listener is None or self._silenced.is_set():
            raise EngineError("PAGE_FAILED", "the engine is not running")
        return self._lock

    def _changed(self) -> None:
        observation = self._observation()
        self._whatsapp.timeline.after(0, lambda: self._tell(PageChanged(observation)))

    def _tell(self, event: EngineEvent) -> None:
        if self._listener is not None and not self._silenced.is_set():
            self._listener(event)

    def _gone(self, reason: str) -> None:
        self._tell(BrowserGone(reason))
        self._silenced.set()

    def _close(self) -> None:
        self._silenced.set()
        self._whatsapp.close_page(self._device_id, self)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _number_of(chat_id: str) -> str:
    user, _, server = chat_id.partition("@")
    return user[1:-2] if server == "lid" else user

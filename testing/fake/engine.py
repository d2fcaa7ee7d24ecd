"""The engine without a browser: a page on a `FakeWhatsApp`. No thread of its own, a few kilobytes each."""

from __future__ import annotations

import fcntl
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
    StreamMode,
)
from shared.instant import now_ms
from testing.fake.inbox import TEXT, FakeInbox, FakeRow
from testing.fake.whatsapp import FakeMessage, FakePage, FakeWhatsApp

_PAIRING_CODE_MS = 180_000
_WA_JS_VERSION = "fake"
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
        self._descriptor: int | None = None
        self._silenced = threading.Event()  # stopped or gone: nothing is told, nothing is answered
        self._hung = False
        self._build = whatsapp.site.build
        self._loads = 0
        self._loaded_at_ms = 0
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

    def hand_over(self, prepared: Prepared, text: str) -> None:
        """See `port.Engine.hand_over`."""
        with self._answering(self._config.hand_over_timeout_s):
            device = self._whatsapp.device(self._device_id)
            if not self._loaded or device.login is None:
                raise EngineError("PAGE_FAILED", "handOver: NOT_LOADED")
            if not prepared.key.startswith(f"true_{prepared.chat_id}_"):
                raise EngineError("WHATSAPP_ERROR", "handOver: the key is not of this chat")
            message = device.messages.get(prepared.key)
            if message is None:
                message = FakeMessage(prepared.key, _number_of(prepared.chat_id), text)
                device.messages[prepared.key] = message
            if self._config.show_online:
                self._whatsapp.marked_as_read.add((device.login.number, message.number))
            if self._online:
                self._whatsapp.send(self._device_id, message)
            else:
                message.copies += 1  # tried, as far as the page knows

    def acknowledgement(self, prepared: Prepared) -> int | None:
        """See `port.Engine.acknowledgement`."""
        with self._answering(_OBSERVE_SECONDS):
            if not self._loaded:
                raise EngineError("PAGE_FAILED", "acknowledgement: NOT_LOADED")
            message = self._whatsapp.device(self._device_id).messages.get(prepared.key)
            return None if message is None else message.ack

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
            inbox = self._inbox()
            for row in inbox.to_ask_for(keys, self._asked):
                self._whatsapp.timeline.after(0, partial(self._sent_again, row))
            return inbox.placeholder_page(keys)

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
                    if message.ack == 0:
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

    def acknowledged(self, key: str, ack: int) -> None:
        """See `FakePage.acknowledged`."""
        self._tell(AckSeen(key, ack))

    def arrived(self) -> None:
        """See `FakePage.arrived`. What arrives while the page is not in sync is taken in later, without an event."""
        with self._lock:
            if not (self._synced and self._online) or self._silenced.is_set():
                return
            for row in self._whatsapp.device(self._device_id).inbox.take_in():
                self._tell(row.seen if row.type == TEXT else RowsHinted("placeholder"))

    # --- inside ---

    def _navigate(self) -> None:
        """The page is asked for, and is up after its time."""
        self._loads += 1
        self._build, self._loaded_at_ms, load = self._whatsapp.site.build, now_ms(), self._loads
        self._whatsapp.timeline.after(
            self._whatsapp.times.load_ms, lambda: self._load() if load == self._loads else None
        )

    def _load(self) -> None:
        with self._lock:
            if self._silenced.is_set() or not self._build.becomes_ready:
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
            mode=self._mode(registered),
            socket=self._socket(registered),
            online=self._online,
            code=self._code,
            code_expires_at_ms=self._code_expires_at_ms,
            phone_number=login.number if login and registered else None,
            push_name=self._whatsapp.name_of(login.number) if login and registered else None,
            pairing_id=login.pairing_id if login and registered else None,
            web_version=self._build.web_version,
            problem=self._problem,
        )

    def _mode(self, registered: bool) -> StreamMode:
        if not self._loaded:
            return StreamMode.OTHER
        if not registered:
            return StreamMode.QR
        return StreamMode.MAIN if self._synced else StreamMode.SYNCING

    def _socket(self, registered: bool) -> str:
        if not self._loaded:
            return "UNLAUNCHED"
        if not self._online:
            return "OPENING"
        if registered:
            return "CONNECTED"
        return "UNPAIRED" if self._code is not None else "UNPAIRED_IDLE"

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
    return user[1:-2] if server == "lid" else user

"""A page on a `FakeWhatsApp`: how it loads, links, syncs and hears. `FakeEngine` is what a session sees of it."""

from __future__ import annotations

import os
import secrets
import threading

from session_worker.engine.port import (
    AckSeen,
    BrowserGone,
    EngineConfig,
    EngineError,
    EngineEvent,
    Listener,
    LoggedOut,
    Observation,
    PageChanged,
    RowsHinted,
    StreamMode,
)
from shared.instant import now_ms
from testing.fake.inbox import FakeInbox, FakeRow
from testing.fake.whatsapp import FakeMessage, FakePage, FakeWhatsApp


class FakeOpenPage(FakePage):
    """The page of one browser run."""

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
            for taken in self._whatsapp.device(self._device_id).inbox.take_in():
                if isinstance(taken, FakeRow) and taken.open:
                    self._tell(RowsHinted("placeholder"))
                elif not (isinstance(taken, FakeRow) and taken.note):
                    self._tell(taken.heard)

    # --- inside ---

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
                row.open = False
                self._tell(row.heard)

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

    def _can_ask(self) -> bool:
        """Whether WhatsApp can be asked who is on it."""
        login = self._whatsapp.device(self._device_id).login
        return login is not None and self._synced and self._online

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

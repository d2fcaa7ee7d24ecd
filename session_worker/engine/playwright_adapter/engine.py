"""The engine on Playwright and wa-js. Synchronous outside; its async half lives on one thread of its own."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any

from playwright.async_api import Error

from session_worker.engine.acts import CERTAIN_CODES
from session_worker.engine.heard import ChangePage, PlaceholderPage, RowPage
from session_worker.engine.playwright_adapter.acting import ActingCalls
from session_worker.engine.playwright_adapter.inbound_rows import change_page, placeholder_page, row_page
from session_worker.engine.playwright_adapter.loop_thread import LoopEnded, LoopThread
from session_worker.engine.playwright_adapter.media_fetch import Bounds, fetch
from session_worker.engine.playwright_adapter.media_upload import upload
from session_worker.engine.playwright_adapter.outgoing import handing
from session_worker.engine.playwright_adapter.page_interpreter import PageInterpreter, found, limits, probe_report
from session_worker.engine.playwright_adapter.web_browser import WebBrowser
from session_worker.engine.port import (
    BrowserGone,
    Contact,
    Engine,
    EngineConfig,
    EngineError,
    EngineEvent,
    Found,
    Handed,
    Limits,
    Listener,
    Observation,
    Outgoing,
    PairingCode,
    Prepared,
    ProbeReport,
    ReadFile,
)
from shared.logs import get_logger
from shared.protocol.content import Content
from shared.protocol.inbound import MediaSource
from shared.recipient_key import forms

_START_SECONDS = 30.0
_OBSERVE_SECONDS = 5.0
_PROBE_SECONDS = 15.0
CODE_SECONDS = 10.0
PREPARE_SECONDS = 15.0
_LOOK_UP_SECONDS = 10.0
_LIMITS_SECONDS = 10.0
READ_SECONDS = 15.0
_ROWS_SECONDS = 20.0
_PLACEHOLDERS_SECONDS = 15.0
_LOGOUT_SECONDS = 5.0
_CLOSE_SECONDS = 9.0

_NOT_LOADED = "NOT_LOADED"  # of the bridge
_LONG_DIGITS = re.compile(r"\d{5,}")  # a phone number has no place in a log
_DETAIL_LENGTH = 160
_KNOWN_CODES = frozenset({"NOT_ON_WHATSAPP", "NOT_IN_GROUP", "MEDIA_EXPIRED", "MEDIA_TOO_LARGE"}) | CERTAIN_CODES
_DETAILED_CODES = frozenset({"MEDIA_REFUSED", "MEDIA_UPLOAD_FAILED"})

_log = get_logger(__name__)


def make_engine(config: EngineConfig) -> Engine:
    """The way in for `factory`, which loads this module by name."""
    return PlaywrightEngine(config)


class PlaywrightEngine(ActingCalls):
    """See `port.Engine`. One object is one browser run: `start` once, then `stop`."""

    def __init__(self, config: EngineConfig) -> None:
        self._config = config
        self._listener: Listener | None = None
        self._interpreter = PageInterpreter()
        self._thread: LoopThread | None = None
        self._browser: WebBrowser | None = None
        self._stopping = threading.Event()
        self._stop_lock = threading.Lock()
        self._opened = False
        self._gone = False

    def start(self, listener: Listener) -> None:
        """See `port.Engine.start`. Raises RuntimeError if it was started or stopped before."""
        if self._thread is not None or self._stopping.is_set():
            raise RuntimeError("an engine runs once: make a new one")
        self._listener = listener
        self._browser = WebBrowser(self._config, self._told, self._navigated, self._browser_gone)
        self._thread = LoopThread("engine")
        try:
            self._thread.call(self._browser.open(), _START_SECONDS)
            self._opened = True
            if self._gone:
                raise LoopEnded
        except EngineError:
            self.stop()
            raise
        except (LoopEnded, TimeoutError, Error, OSError) as error:
            self.stop()
            raise EngineError("BROWSER_FAILED", f"did not start: {type(error).__name__}") from error

    def stop(self, *, logout: bool = False) -> None:
        """See `port.Engine.stop`. A second caller waits for the first."""
        with self._stop_lock:
            already_stopped = self._stopping.is_set()
            self._stopping.set()  # from here on nothing is told
            if already_stopped or self._thread is None or self._browser is None:
                return
            self._thread.interrupt()
            if logout and not self._gone:
                self._last_call(self._thread, self._browser.ask("logout"), _LOGOUT_SECONDS)
            self._last_call(self._thread, self._browser.close(), _CLOSE_SECONDS)
            self._browser.kill_browser()  # close has done both, unless it hung itself
            self._browser.kill_driver()
            self._thread.end()

    def observe(self) -> Observation:
        """See `port.Engine.observe`."""
        return self._interpreter.observation(self._ask("observe", None, _OBSERVE_SECONDS, failure="PAGE_FAILED"))

    def probe(self) -> ProbeReport:
        """See `port.Engine.probe`."""
        return probe_report(self._ask("probe", None, _PROBE_SECONDS, failure="PAGE_FAILED"))

    def renew_code(self, phone_number: str | None = None) -> PairingCode | None:
        """See `port.Engine.renew_code`."""
        if phone_number is None:
            self._ask("renewCode", None, CODE_SECONDS)
            return None
        told = self._ask("pairingCode", phone_number, CODE_SECONDS)
        return PairingCode(code=str(told["code"]), expires_at_ms=int(told["expires_at_ms"]))

    def prepare(self, to: str) -> Prepared:
        """See `port.Engine.prepare`."""
        told = self._ask("prepare", list(forms(to)), PREPARE_SECONDS)
        return Prepared(chat_id=str(told["chat_id"]), key=str(told["key"]))

    def upload(self, content: Content, read: ReadFile, timeout_s: float) -> str:
        """See `port.Engine.upload`."""
        return upload(partial(self._ask, failure="MEDIA_UPLOAD_FAILED"), content, read, timeout_s)

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """See `port.Engine.hand_over`."""
        return Handed(self._ask("handOver", handing(prepared, outgoing), self._config.hand_over_timeout_s))

    def look_up(self, prepared: Prepared) -> Found | None:
        """See `port.Engine.look_up`."""
        told = self._ask("lookUp", _of(prepared), _LOOK_UP_SECONDS, failure="PAGE_FAILED")
        return None if told is None else found(told)

    def resend(self, prepared: Prepared) -> None:
        """See `port.Engine.resend`."""
        self._ask("resend", _of(prepared), self._config.hand_over_timeout_s)

    def limits(self) -> Limits | None:
        """See `port.Engine.limits`."""
        try:
            told = self._ask("limits", None, _LIMITS_SECONDS)
        except EngineError:
            return None
        return limits(told)

    def find_contact(self, number: str) -> Contact | None:
        """See `port.Engine.find_contact`."""
        try:
            told = self._ask("findContact", list(forms(number)), PREPARE_SECONDS)
        except EngineError:
            return None
        return Contact(exists=bool(told["exists"]), chat_id=told["chat_id"])

    def mark_read(self, chat_id: str) -> None:
        """See `port.Engine.mark_read`."""
        self._ask("markRead", chat_id, READ_SECONDS)

    def read_rows(self, after_row_id: int, limit: int, since_ms: int = 0) -> RowPage:
        """See `port.Engine.read_rows`."""
        asked = {"after_row_id": after_row_id, "limit": limit, "since_ms": since_ms}
        return row_page(self._ask("readRows", asked, _ROWS_SECONDS))

    def read_changes(self, after_row_id: int, limit: int, since_ms: int) -> ChangePage:
        """See `port.Engine.read_changes`."""
        asked = {"after_row_id": after_row_id, "limit": limit, "since_ms": since_ms}
        return change_page(self._ask("readChanges", asked, _ROWS_SECONDS))

    def read_placeholders(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """See `port.Engine.read_placeholders`."""
        return placeholder_page(self._ask("readPlaceholders", list(keys), _PLACEHOLDERS_SECONDS))

    def fetch_media(
        self, key: str, source: MediaSource, sink: Callable[[bytes], object], max_bytes: int, timeout_s: float
    ) -> None:
        """See `port.Engine.fetch_media`."""
        fetch(self._ask, key, source, sink, Bounds(max_bytes, timeout_s))

    def _ask(self, method: str, argument: object, timeout_seconds: float, *, failure: str = "WHATSAPP_ERROR") -> Any:
        """Calls the bridge and returns its value. failure: the code for what WhatsApp or wa-js refused."""
        if self._thread is None or self._browser is None:
            raise EngineError("PAGE_FAILED", "the engine is not started")
        try:
            answer = self._thread.call(self._browser.ask(method, argument), timeout_seconds)
        except TimeoutError as error:
            raise EngineError("PAGE_FAILED", f"{method}: no answer in time") from error
        except LoopEnded as error:
            raise EngineError("PAGE_FAILED", f"{method}: the engine stopped") from error
        except Error as error:
            detail = error.message.strip().partition("\n")[0]
            raise EngineError("PAGE_FAILED", f"{method}: {detail}") from error
        if answer["ok"]:
            return answer["value"]
        code = str(answer["code"])
        if code in _KNOWN_CODES:
            raise EngineError(code)
        detail = f"{method}: {code}: {_LONG_DIGITS.sub('…', str(answer['message']))[:_DETAIL_LENGTH]}"
        if code in _DETAILED_CODES:
            raise EngineError(code, detail)
        raise EngineError("PAGE_FAILED" if code == _NOT_LOADED else failure, detail)

    def _last_call(self, thread: LoopThread, work: Coroutine[Any, Any, object], timeout_seconds: float) -> None:
        """What is done on the way out; that it fails stops nothing."""
        try:
            thread.call(work, timeout_seconds, during_shutdown=True)
        except (TimeoutError, LoopEnded, Error) as error:
            _log.warning("engine.stop_step_failed", step=work.__name__, reason=type(error).__name__)

    # Called on the engine's thread.

    def _told(self, event: Mapping[str, Any]) -> None:
        for one in self._interpreter.events(event):
            self._tell(one)

    def _navigated(self, url: str) -> None:
        for one in self._interpreter.navigated(url):
            self._tell(one)

    def _browser_gone(self, reason: str) -> None:
        if self._gone or self._stopping.is_set():
            return
        if self._opened:  # before that, `start` raises instead
            self._tell(BrowserGone(reason))
        self._gone = True
        if self._thread is not None:
            self._thread.interrupt()

    def _tell(self, event: EngineEvent) -> None:
        listener = self._listener
        if listener is None or self._gone or self._stopping.is_set():
            return
        try:
            listener(event)
        except Exception:  # noqa: BLE001 - the edge of the engine's thread: a listener's fault must not end the page's events
            _log.exception("engine.listener_failed", told=type(event).__name__)


def _of(prepared: Prepared) -> dict[str, str]:
    """A key as the bridge takes it."""
    return {"chat_id": prepared.chat_id, "key": prepared.key}

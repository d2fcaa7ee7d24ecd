"""The engine port: all that a session may ask of WhatsApp in a few methods, and what it is told in return.

Adapters are synchronous outside, whatever they are inside: async stops there. Every adapter passes the same contract
tests (`tests/contract`). One engine object serves one session and one browser run: a relaunch makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from shared.builds.verdict import Capability


class StreamMode(StrEnum):
    """WhatsApp Web's own word for what its page shows; OTHER covers what we do not act on."""

    QR = "QR"
    MAIN = "MAIN"
    SYNCING = "SYNCING"
    OFFLINE = "OFFLINE"
    CONFLICT = "CONFLICT"
    TOS_BLOCK = "TOS_BLOCK"
    SMB_TOS_BLOCK = "SMB_TOS_BLOCK"
    PROXYBLOCK = "PROXYBLOCK"
    DEPRECATED_VERSION = "DEPRECATED_VERSION"
    OTHER = "OTHER"


@dataclass(frozen=True, slots=True)
class Observation:
    """What the page says of itself at one moment. Deciding what that means is the session's business."""

    loaded: bool  # wa-js is full-ready on the page
    registered: bool  # the device is linked to a phone
    mode: StreamMode
    socket: str  # Socket.state: CONNECTED, OPENING, PAIRING, TIMEOUT, UNPAIRED, UNPAIRED_IDLE, CONFLICT …
    online: bool
    code: str | None = None  # the code to scan, raw, while one is shown
    code_expires_at_ms: int | None = None  # when WhatsApp will replace it, as far as known
    phone_number: str | None = None  # canonical digits of the linked phone
    push_name: str | None = None
    pairing_id: str | None = None  # names this pairing: changes when the phone links this device anew
    web_version: str | None = None
    progress: int = 0  # of syncing: grows while the page loads what the phone sends (chats in its store)
    problem: str | None = None  # beside what its mode says; a code of shared.texts: ACCOUNT_LOCKED, STORAGE_FAILED …


@dataclass(frozen=True, slots=True)
class Prepared:
    """A message's key, made by WhatsApp's page before anything leaves."""

    chat_id: str  # the chat WhatsApp chose, `…@c.us` or `…@lid`
    key: str  # the full message key, `true_<chat id>_<id>`


@dataclass(frozen=True, slots=True)
class PairingCode:
    """A code that links the phone on which its owner types it."""

    code: str
    expires_at_ms: int


@dataclass(frozen=True, slots=True)
class Contact:
    """What WhatsApp says of a number."""

    exists: bool
    chat_id: str | None  # where a message to it would go, `…@c.us` or `…@lid`; None: it is not there, or no chat opens


@dataclass(frozen=True, slots=True)
class MissingName:
    """A name of the bridge's table (`bridge/names.js`) that is not on the page as it must be."""

    name: str
    capability: Capability
    fault: str  # `not found`, `is of type …`, `lacks …`
    has_fallback: bool  # the bridge goes another way


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """What the present load of the page is made of. What that means is for `session_worker.drift` to say."""

    web_version: str | None  # None: none of WhatsApp Web's own scripts ran
    wa_js_version: str | None  # None: not even wa-js did
    age_ms: int  # since the page was asked for
    full_ready_ms: int | None  # from then until wa-js was full-ready; None: it isn't
    missing: tuple[MissingName, ...] = ()  # empty while wa-js is not on the page
    complaints: tuple[str, ...] = ()  # what wa-js said on the console of this load that it did not find


# What an engine tells. Told on a thread of the engine's; the receiver must not block in it.
@dataclass(frozen=True, slots=True)
class PageChanged:
    """Something the Observation covers changed."""

    observation: Observation


@dataclass(frozen=True, slots=True)
class AckSeen:
    """WhatsApp's acknowledgement of one of our messages: 1 server, 2 device, 3 read.

    -1: the server refused it when this page first handed it over. -2: it refused a copy that the page sent again; the
    server may have taken an earlier one.
    """

    key: str
    ack: int


@dataclass(frozen=True, slots=True)
class InboundSeen:
    """A message from somebody to this phone. sender: canonical digits, or `…@lid` where the number isn't known."""

    key: str
    sender: str
    text: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The phone (or WhatsApp) removed this device. reason: WhatsApp's word."""

    reason: str


@dataclass(frozen=True, slots=True)
class PageReloaded:
    """The page was loaded anew, unasked; not by a logout. All that was asked of the load before is void."""


@dataclass(frozen=True, slots=True)
class BrowserGone:
    """The page or the browser ended or stopped answering, unasked. Nothing follows it. reason: for the log."""

    reason: str


EngineEvent = PageChanged | AckSeen | InboundSeen | LoggedOut | PageReloaded | BrowserGone
Listener = Callable[[EngineEvent], None]


class EngineError(Exception):
    """An engine call failed. code: of shared.texts. detail: for logs; no phone numbers, no texts."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """What an adapter needs to know."""

    url: str  # the site
    profile_dir: Path  # of this session alone
    lock_path: Path  # the profile's flock, held by the browser itself
    browser_path: str = ""  # empty: Playwright's own, then the system's
    no_sandbox: bool = False
    wa_js_path: Path | None = None
    whatsapp_dir: Path | None = None  # newer wa-js bundles and saved pages; None: only those beside the code
    web_version: str = ""  # the build of WhatsApp Web to serve: a version or a saved page's path; empty: the site's own
    hand_over_timeout_s: float = 7.5  # below what must remain of the lease when a hand-over starts


class Engine(Protocol):
    """One browser run of one session. Methods may be called from any thread; a time-out raises EngineError."""

    def start(self, listener: Listener) -> None:
        """Launches browser and page and returns when navigation has begun (<= 30 s).

        Raises EngineError: BROWSER_NOT_FOUND, BROWSER_FAILED, PROFILE_LOCKED (another browser holds the flock),
        PAGE_FAILED (the site can't be reached), PIN_NOT_FOUND (config.web_version isn't on this machine).
        """

    def stop(self, *, logout: bool = False) -> None:
        """Ends the browser tree for sure (<= 10 s) and interrupts every other call; idempotent; raises nothing.

        logout: first unlinks the device, where the page still can (<= 5 s more). No BrowserGone follows.
        """

    def observe(self) -> Observation:
        """Asks the page itself (<= 5 s). Raises EngineError PAGE_FAILED where it does not answer."""

    def probe(self) -> ProbeReport:
        """Walks the bridge's table of names on the page as it is, loaded or not (<= 15 s).

        Raises EngineError PAGE_FAILED where it does not answer.
        """

    def renew_code(self, phone_number: str | None = None) -> PairingCode | None:
        """Asks WhatsApp for a new code to scan, or for a pairing code for `phone_number` (<= 10 s).

        Returns the pairing code, else None (the new QR code comes as PageChanged). Raises EngineError:
        WHATSAPP_ERROR (also where the device is linked already), PAGE_FAILED.
        """

    def prepare(self, number: str) -> Prepared:
        """Opens the chat with `number` (canonical digits) and makes a message key (<= 15 s). Sends nothing.

        Raises EngineError: NOT_ON_WHATSAPP (asked of WhatsApp while connected before and after), WHATSAPP_ERROR,
        PAGE_FAILED.
        """

    def hand_over(self, prepared: Prepared, text: str) -> None:
        """Hands the message to the page under its key (<= config.hand_over_timeout_s), not waiting for an ack.

        Handing the same key over again is the caller's decision. Raises EngineError: PAGE_FAILED, WHATSAPP_ERROR; the
        message may have gone out all the same. An immediate refusal by WhatsApp's server is told as AckSeen(key, -1).
        """

    def acknowledgement(self, prepared: Prepared) -> int | None:
        """Asks the page for a message by its key (<= 10 s): its ack (-1, 0 pending, 1, 2, 3), None if it isn't there.

        Only on a page that is loaded, registered and MAIN does None mean that WhatsApp does not have it here.
        Raises EngineError PAGE_FAILED.
        """

    def find_contact(self, number: str) -> Contact | None:
        """Asks whether `number` is on WhatsApp, and opens the chat with it on the page alone (<= 15 s). Sends nothing.

        Returns None where WhatsApp could not be asked. Raises nothing.
        """

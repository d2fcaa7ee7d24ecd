"""The engine port: all that a session may ask of WhatsApp, and what it is told in return.

Adapters are synchronous outside, whatever they are inside: async stops there. Every adapter passes the same contract
tests (`tests/contract`). One engine object serves one session and one browser run: a relaunch makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from session_worker.engine.acts import ActingEngine
from session_worker.engine.heard import ChangePage, Heard, PlaceholderPage, RowPage
from shared.builds.verdict import Capability
from shared.protocol.content import PLAIN, Content
from shared.protocol.inbound import MediaSource


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

    chat_id: str  # the chat WhatsApp chose, `…@c.us` or `…@lid`; or a group, `…@g.us`
    key: str  # the full message key, `true_<chat id>_<id>`; of a group followed by `_<our own id in it>`


@dataclass(frozen=True, slots=True)
class Outgoing:
    """What is handed over under a key."""

    text: str  # of media the caption; "" where there is none
    content: Content = PLAIN
    upload: str = ""  # of media: what `upload` returned for this file and type


class Handed(StrEnum):
    """How the page answered a hand-over."""

    TAKEN = "taken"  # it stands in the page's database, and the page sends it
    KNOWN = "known"  # it stood there before: nothing was sent. `look_up` says what became of it


@dataclass(frozen=True, slots=True)
class Found:
    """A message as the page's own database has it."""

    ack: int  # -1 refused by the server, 0 none yet, 1 server, 2 device, 3 read
    unsent: bool = False  # not acknowledged, and no page sends it any more unless it is told to (`resend`)
    revoked: bool = False  # deleted for everyone: it had been sent


@dataclass(frozen=True, slots=True)
class Limits:
    """What WhatsApp says of how much this number may write to people it has no chat with. Times: wall clock, in ms."""

    time_lock_until_ms: int = 0  # no new chats until then ("reach-out time lock"); 0: no lock
    new_chats_allowed: int | None = None  # messages that may open a new chat, in one cycle; None: WhatsApp names no cap
    new_chats_used: int = 0
    cycle_ends_ms: int = 0  # 0 where no cap is named

    @property
    def new_chats_left(self) -> int | None:
        """None: WhatsApp names no cap."""
        return None if self.new_chats_allowed is None else max(0, self.new_chats_allowed - self.new_chats_used)


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
    """A name of the bridge's table (`bridge/names.js`) that is not on the page as it must be.

    Told once for each capability that is lost with it.
    """

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

    -1: the server refused the only copy that can have reached it. -2: it refused a copy that was sent again; the server
    may have taken an earlier one.
    """

    key: str
    ack: int
    refusal: str = ""  # of a refusal: WhatsApp's code, such as `463`; "" where it gave none


@dataclass(frozen=True, slots=True)
class RowsHinted:
    """The page's database may hold messages that no event told, or only half: read it.

    cause: `main_ready` (the page was loaded, by itself too, or is back in sync), `offline_delivery_end` (WhatsApp
    handed over what had waited), `placeholder` (a message came in that can't be read yet).
    """

    cause: str


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


# Beside these what is heard, as the records of the wire.
EngineEvent = PageChanged | AckSeen | Heard | RowsHinted | LoggedOut | PageReloaded | BrowserGone
Listener = Callable[[EngineEvent], None]
ReadFile = Callable[[int, int], bytes]  # (offset, size) of a stored file


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
    show_online: bool = False  # True: the page counts as in use: shown online, and each send marks the chat as seen


class Engine(ActingEngine, Protocol):
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

    def prepare(self, to: str) -> Prepared:
        """Opens the chat with `to` and makes a message key (<= 15 s). Sends nothing.

        to: canonical digits, or a group's id, `…@g.us`. Where WhatsApp does not know a number, it is asked for the
        phone's other form (`shared.recipient_key.forms`). Raises EngineError: NOT_ON_WHATSAPP (asked of WhatsApp under
        every form, while connected before and after), NOT_IN_GROUP (the number is no member of it), WHATSAPP_ERROR,
        PAGE_FAILED.
        """

    def upload(self, content: Content, read: ReadFile, timeout_s: float) -> str:
        """Has the page prepare and upload a file as this type of media; stores and sends nothing (<= `timeout_s`).

        content: of a type of MEDIA_TYPES, with its file. read: gives the file's bytes, a piece at a time; the page gets
        no more of them at once. Returns what `hand_over` needs of it (`Outgoing.upload`): JSON that holds for any page
        of this login, for many recipients, as long as WhatsApp keeps the bytes. It contains the key that opens them: a
        secret, which no log sees. Other calls are answered meanwhile.

        Raises what `read` raises, and EngineError; nothing went out whatever it is: MEDIA_REFUSED (the page can't take
        these bytes as this type, or not so many; it won't the next time either), MEDIA_UPLOAD_FAILED (try again),
        PAGE_FAILED.
        """

    def hand_over(self, prepared: Prepared, outgoing: Outgoing) -> Handed:
        """Hands the message to the page under its key (<= config.hand_over_timeout_s), not waiting for an ack.

        Media are handed over by what `upload` returned, on whichever page of this login. What is quoted is shown as
        `Quote` says where the page does not have that message. Raises EngineError: PAGE_FAILED, WHATSAPP_ERROR; the
        message may have gone out all the same. An immediate refusal by WhatsApp's server is told as AckSeen(key, -1).
        """

    def look_up(self, prepared: Prepared) -> Found | None:
        """Asks the page's database for a message by its key, under both addresses of its chat (<= 10 s).

        None: it isn't there, and nothing says that it ever was. Only on a page that is loaded and registered does that
        mean that no page of this login took it. Raises EngineError PAGE_FAILED.
        """

    def resend(self, prepared: Prepared) -> None:
        """Has the page send a message again that it holds unsent, under its own key (<= config.hand_over_timeout_s).

        Does not wait for an ack. Raises EngineError: WHATSAPP_ERROR where the page does not hold it unsent,
        PAGE_FAILED; the message may have gone out all the same.
        """

    def limits(self) -> Limits | None:
        """Asks WhatsApp what it allows this number (<= 10 s). None: it could not be asked. Raises nothing."""

    def find_contact(self, number: str) -> Contact | None:
        """Asks whether `number` is on WhatsApp under any form, and opens the chat on the page alone (<= 15 s).

        Sends nothing. Returns None where WhatsApp could not be asked. Raises nothing.
        """

    def mark_read(self, chat_id: str) -> None:
        """Has a chat count as read, as a person does who opens it: those who wrote there see it (<= 15 s).

        chat_id: `…@c.us`, `…@lid`, `…@g.us`. Nothing happens where all of it is read. Raises EngineError:
        WHATSAPP_ERROR (no such chat, or the page refuses), PAGE_FAILED.
        """

    def read_rows(self, after_row_id: int, limit: int, since_ms: int = 0) -> RowPage:
        """Reads at most `limit` rows of the page's database after a row (<= 20 s). Nobody sees us read.

        since_ms: what was written before is only counted, and costs the page little.
        Raises EngineError: PAGE_FAILED (also where the page is not loaded), WHATSAPP_ERROR (not linked, or the page
        refuses).
        """

    def read_changes(self, after_row_id: int, limit: int, since_ms: int) -> ChangePage:
        """Reads what became of the messages in at most `limit` rows after a row (<= 20 s).

        since_ms: messages that were written before are passed over. Raises EngineError as `read_rows` does.
        """

    def read_placeholders(self, keys: tuple[str, ...]) -> PlaceholderPage:
        """Looks at placeholders again (<= 32 keys, <= 15 s), and has the phone asked for those that are still empty.

        The phone is asked for a key once in the life of a page. Raises EngineError: PAGE_FAILED, WHATSAPP_ERROR.
        """

    def fetch_media(
        self, key: str, source: MediaSource, sink: Callable[[bytes], object], max_bytes: int, timeout_s: float
    ) -> None:
        """Has the page download a message's bytes, and hands them to `sink` piece by piece (<= `timeout_s`).

        Other calls are answered meanwhile. Raises what `sink` raises, and EngineError: MEDIA_EXPIRED (WhatsApp no
        longer has them; the phone was asked to send them again, where the page knows the message), MEDIA_TOO_LARGE
        (more than `max_bytes`), WHATSAPP_ERROR, PAGE_FAILED.
        """

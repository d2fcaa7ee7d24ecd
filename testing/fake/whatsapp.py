"""A WhatsApp in memory, for tests and for hundreds of sessions without browsers.

Holds what the real one holds outside the browser run: phones, linked devices with their stored messages, and what
recipients were shown. `FakeEngine` is a page on it. All methods may be called from any thread.
"""

from __future__ import annotations

import itertools
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from session_worker.engine.heard import Heard
from session_worker.engine.port import Limits
from shared.instant import now_ms
from shared.protocol.content import PLAIN, Content
from shared.protocol.events import MessageInbound
from shared.recipient_key import forms
from testing.fake.acted import FakeActs
from testing.fake.groups import FakeGroup
from testing.fake.inbox import FakeChange, FakeInbox, FakeRow
from testing.fake.media import FakeMediaServer
from testing.fake.site import FakeSite
from testing.fake.timeline import FakeTimeline


@dataclass(frozen=True, slots=True)
class FakeTimes:
    """How long things take, in milliseconds."""

    load_ms: float = 0  # from start to a loaded page
    first_code_ms: float = 60_000
    next_code_ms: float = 20_000
    codes: int = 6  # then the page waits to be asked
    sync_ms: float = 0  # from the scan, or the load of a linked page, to MAIN
    ack_ms: float = 0
    delivered_ms: float = 0
    read_ms: float | None = None  # None: recipients read only when told to


@dataclass(slots=True)
class FakeMessage:
    """One of a device's own messages, as its page keeps it."""

    key: str
    number: str  # of the recipient, or a group's id
    text: str
    content: Content = PLAIN
    file: str = ""  # SHA-256 of the bytes that its recipient gets
    ack: int = 0
    copies: int = 0  # how often it was sent
    page: int = 0  # the number of the page that sends it while it has no ack; 0: none does
    revoked: bool = False  # deleted for everyone


@dataclass(slots=True)
class FakeLogin:
    """A device's link to a phone."""

    number: str
    pairing_id: str


@dataclass(slots=True)
class FakeDevice:
    """What a profile keeps between browser runs."""

    login: FakeLogin | None = None
    messages: dict[str, FakeMessage] = field(default_factory=dict)
    inbox: FakeInbox = field(default_factory=FakeInbox)


class FakePage:
    """What a device's open page is told by WhatsApp. Called on the timeline's thread."""

    def linked(self) -> None:
        """A phone linked this device."""

    def unlinked(self, reason: str) -> None:
        """The phone removed this device."""

    def acknowledged(self, key: str, ack: int, refusal: str = "") -> None:
        """An own message's ack changed."""

    def arrived(self) -> None:
        """Something waits for this device."""


@dataclass(slots=True)
class FakePhone:
    """One account."""

    number: str
    name: str


class FakeWhatsApp:
    """The service. `close` ends its one thread."""

    def __init__(self, times: FakeTimes | None = None) -> None:
        self.times = times or FakeTimes()
        self.timeline = FakeTimeline()
        self.site = FakeSite()
        self.lock = threading.RLock()
        self.not_on_whatsapp: set[str] = set()  # forms of numbers
        self.known_by_lid: set[str] = set()  # numbers whose chats carry a LID
        self.phone_answers = True  # what a page asks its phone to send again
        self.shown_online: set[str] = set()  # numbers that anyone saw online
        self.marked_as_read: set[tuple[str, str]] = set()  # the phone, and whose messages got blue ticks
        self.refusals = 0  # how many of the next sends the server refuses
        self.lost_acks = 0  # how many of the next messages the server takes and never acknowledges
        self.refusal_code = ""  # with which code
        self.limits = Limits()
        self.media = FakeMediaServer()
        self.groups: dict[str, FakeGroup] = {}  # of which all phones are members
        self.acts = FakeActs()
        self._phones: dict[str, FakePhone] = {}
        self._devices: dict[str, FakeDevice] = {}
        self._pages: dict[str, FakePage] = {}
        self._codes: dict[str, str] = {}
        self._shown: list[FakeMessage] = []
        self._copies: dict[str, int] = {}
        self._ids = itertools.count(1)
        self._page_numbers = itertools.count(1)

    # What phones do.

    def add_phone(self, number: str, name: str) -> None:
        """Makes an account, or changes its name."""
        with self.lock:
            self._phones[number] = FakePhone(number, name)

    def scan(self, number: str, code: str) -> None:
        """The phone scans a page's code, or its owner types a pairing code. Raises LookupError for an unknown one."""
        with self.lock:
            device_id = self._codes.pop(code)
            self._phones.setdefault(number, FakePhone(number, number))
            self._devices[device_id].login = FakeLogin(number, secrets.token_hex(12))
            self._to_page(device_id, lambda page: page.linked())

    def unlink(self, number: str, reason: str = "user_initiated") -> None:
        """The phone's owner removes its linked devices."""
        with self.lock:
            for device_id, device in self._devices.items():
                if device.login is not None and device.login.number == number:
                    self.wipe(device_id)
                    self._to_page(device_id, lambda page: page.unlinked(reason))

    def is_linked(self, number: str) -> bool:
        """Whether the phone has a linked device."""
        with self.lock:
            return any(device.login is not None and device.login.number == number for device in self._devices.values())

    def write(self, sender: str, to: str, text: str, *, from_ad: bool = False) -> str:
        """Somebody writes to a linked phone. from_ad: devices get a placeholder first. Returns the key."""
        with self.lock:
            key = f"false_{sender}@c.us_{self.new_message_id()}"
            self.deliver(to, MessageInbound(sender, text, now_ms(), key, f"{sender}@c.us"), from_ad=from_ad)
            return key

    def deliver(self, to: str, message: MessageInbound, *, from_ad: bool = False, silently: bool = False) -> None:
        """A linked phone gets a message of whatever type, or its owner writes one. silently: no page tells of it."""
        self._hand_out(to, lambda: FakeRow(message, from_ad), silently)

    def change(self, to: str, parent: str, heard: Heard, *, silently: bool = False) -> None:
        """An edit, a deletion, a reaction or a vote reaches a linked phone. parent: the key that it is about."""
        self._hand_out(to, lambda: FakeChange(parent, heard), silently)

    def note(self, to: str) -> None:
        """WhatsApp notes something in a chat, such as that it is encrypted."""
        self._hand_out(to, lambda: FakeRow(MessageInbound("", "", now_ms(), self.new_message_id()), note=True), False)

    def _hand_out(self, to: str, item: Callable[[], FakeRow | FakeChange], silently: bool) -> None:
        with self.lock:
            for device_id, device in self._devices.items():
                if device.login is not None and device.login.number == to:
                    device.inbox.waiting.append(item())
                    if silently:
                        device.inbox.take_in()
                    else:
                        self._to_page(device_id, lambda page: page.arrived())

    def read(self, number: str) -> None:
        """The contact `number` reads all that it was sent."""
        with self.lock:
            for device_id, device in self._devices.items():
                for message in device.messages.values():
                    if message.number == number and message.ack == 2:
                        self._acknowledge(device_id, message, 3)

    def shown_to(self, number: str) -> list[str]:
        """The texts that `number` was shown, in order. The same key sent twice is shown once."""
        return [message.text for message in self.messages_to(number)]

    def messages_to(self, number: str) -> list[FakeMessage]:
        """All of what `number`, or a group, was shown, in order."""
        with self.lock:
            return [message for message in self._shown if message.number == number]

    def revoke(self, number: str) -> None:
        """The owner deletes for everyone, on the phone, what was last sent to `number`."""
        with self.lock:
            for device in self._devices.values():
                sent = [one for one in device.messages.values() if one.number == number and one.copies]
                for message in sent[-1:]:
                    message.revoked = True

    def close(self) -> None:
        """Ends the service's time."""
        self.timeline.close()

    # What a page does.

    def device(self, device_id: str) -> FakeDevice:
        """What the profile keeps; made on first sight."""
        with self.lock:
            return self._devices.setdefault(device_id, FakeDevice())

    def open_page(self, device_id: str, page: FakePage) -> None:
        """From now on the page is told."""
        with self.lock:
            self._pages[device_id] = page

    def next_page_number(self) -> int:
        """A number that no other page has."""
        return next(self._page_numbers)

    def close_page(self, device_id: str, page: FakePage) -> None:
        """The page is told no more, and its codes are void."""
        with self.lock:
            if self._pages.get(device_id) is page:
                del self._pages[device_id]
            self.void_codes(device_id)

    def new_code(self, device_id: str, code: str) -> None:
        """The page shows this code, and no other any more."""
        with self.lock:
            self.void_codes(device_id)
            self._codes[code] = device_id

    def void_codes(self, device_id: str) -> None:
        """No code of this page links any more."""
        with self.lock:
            self._codes = {code: owner for code, owner in self._codes.items() if owner != device_id}

    def wipe(self, device_id: str) -> None:
        """The device forgets login and messages."""
        with self.lock:
            self._devices[device_id] = FakeDevice()

    def name_of(self, number: str) -> str:
        """The account's name."""
        with self.lock:
            phone = self._phones.get(number)
            return phone.name if phone is not None else number

    def known_as(self, number: str) -> str | None:
        """The form of a number under which its phone is on WhatsApp; None: under none."""
        with self.lock:
            return next((form for form in forms(number) if form not in self.not_on_whatsapp), None)

    def chat_id(self, number: str) -> str:
        """The id of the chat with `number`: by number, or by LID."""
        with self.lock:
            return lid_of(number) if number in self.known_by_lid else f"{number}@c.us"

    def new_message_id(self) -> str:
        """An id no other message has."""
        return f"3EB0{next(self._ids):08X}{secrets.token_hex(5).upper()}"

    def send(self, device_id: str, message: FakeMessage) -> None:
        """The server takes (or refuses) a message; acks follow on the timeline."""
        with self.lock:
            message.ack = max(message.ack, 0)
            message.copies += 1
            if self.refusals > 0:
                self.refusals -= 1
                self._refuse(device_id, message)
                return
            self._copies[message.key] = self._copies.get(message.key, 0) + 1
            if self._copies[message.key] == 1:
                self._shown.append(message)
            if self.lost_acks > 0:
                self.lost_acks -= 1
                return
            times = self.times
            steps = [(times.ack_ms, 1), (times.ack_ms + times.delivered_ms, 2)]
            if times.read_ms is not None:
                steps.append((times.ack_ms + times.delivered_ms + times.read_ms, 3))
            for after_ms, ack in steps:
                self._acknowledge(device_id, message, ack, after_ms)

    def _acknowledge(self, device_id: str, message: FakeMessage, ack: int, after_ms: float = 0) -> None:
        def arrive() -> None:
            with self.lock:
                if message.ack >= ack >= 0:
                    return
                message.ack = ack
                page = self._pages.get(device_id)
            if page is not None:
                page.acknowledged(message.key, ack)

        self.timeline.after(after_ms, arrive)

    def _refuse(self, device_id: str, message: FakeMessage) -> None:
        """The page keeps that it failed, and tells whether that was its first copy."""
        message.ack, message.page = -1, 0
        told = -1 if message.copies == 1 else -2
        self._to_page(device_id, lambda page: page.acknowledged(message.key, told, self.refusal_code))

    def _to_page(self, device_id: str, tell: Callable[[FakePage], None]) -> None:
        page = self._pages.get(device_id)
        if page is not None:
            self.timeline.after(0, lambda: tell(page))


def lid_of(number: str) -> str:
    """The LID of a phone."""
    return f"1{number}00@lid"

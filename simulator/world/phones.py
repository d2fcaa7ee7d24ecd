"""Phones: the accounts whose owner scans codes and whose linked devices send."""

from __future__ import annotations

from collections import deque
from dataclasses import asdict, dataclass, field

from simulator.errors import NotFound
from simulator.world.limits import Limits
from simulator.world.numbers import lid_of

_CHAT_STATES = 500


@dataclass(slots=True)
class Phone:
    """A WhatsApp account.

    Attributes:
        number: digits.
        name: what contacts see.
        lid: its chats have moved to LIDs.
        limits: how much it may write to new chats; not kept over a restart of the simulator.
        times_online: how often a page of it was shown as online; not kept either.
        times_asked: how often a page asked whether some number is on WhatsApp; not kept either.
        chat_states: who types where: `chat`, `state` (composing, recording, paused) and `at`; the last ones, not kept.
    """

    number: str
    name: str
    lid: bool
    limits: Limits = field(default_factory=Limits)
    times_online: int = 0
    times_asked: int = 0
    chat_states: deque[dict[str, object]] = field(default_factory=lambda: deque(maxlen=_CHAT_STATES))

    def as_dict(self) -> dict[str, object]:
        """Return the phone as a JSON object."""
        return {"number": self.number, "name": self.name, "lid": self.lid, "own_lid": lid_of(self.number)}


@dataclass(slots=True)
class Contact:
    """What is known of a number that isn't a phone here, where it differs from the defaults.

    Attributes:
        number: digits.
        exists: on WhatsApp; None: by the settings.
        lid: reached by its LID; None: as the phone that writes to it.
        name: shown in chats.
        picture: the id of the bytes of its picture; empty for none.
        hides_picture: strangers, and so the phones here, don't get to see it.
        business: it is a business's.
    """

    number: str
    exists: bool | None = None
    lid: bool | None = None
    name: str = ""
    picture: str = ""
    hides_picture: bool = False
    business: bool = False

    def as_dict(self) -> dict[str, object]:
        """Return the contact as a JSON object."""
        return asdict(self)


class PhoneBook:
    """All phones and all contacts that were told apart from the defaults."""

    def __init__(self) -> None:
        self.phones: dict[str, Phone] = {}
        self.contacts: dict[str, Contact] = {}

    def phone(self, number: str) -> Phone:
        """Return a phone.

        Raises:
            NotFound: there is none with this number.
        """
        try:
            return self.phones[number]
        except KeyError:
            raise NotFound(f"no phone {number}") from None

    def exists(self, number: str, missing_prefix: str) -> bool:
        """Say whether a number is on WhatsApp. Every number is, unless it was said otherwise or has the prefix."""
        if number in self.phones:
            return True
        contact = self.contacts.get(number)
        if contact is not None and contact.exists is not None:
            return contact.exists
        return not (missing_prefix and number.startswith(missing_prefix))

    def uses_lid(self, phone: Phone, number: str) -> bool:
        """Say whether this phone's chat with a number goes by LID."""
        contact = self.contacts.get(number)
        return contact.lid if contact is not None and contact.lid is not None else phone.lid

    def name_of(self, number: str) -> str:
        """Return the name a number shows to others; empty if none is known."""
        if number in self.phones:
            return self.phones[number].name
        contact = self.contacts.get(number)
        return contact.name if contact is not None else ""

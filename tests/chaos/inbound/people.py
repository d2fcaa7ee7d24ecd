"""Who writes to a tenant's phone: contacts, groups and its owner, what and when drawn from the seed."""

from __future__ import annotations

import random
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from simulator.client import SimulatorClient

KINDS = {
    "chat": 30,
    "image": 6,
    "video": 3,
    "ptv": 1,
    "audio": 3,
    "ptt": 5,
    "document": 5,
    "sticker": 3,
    "location": 3,
    "vcard": 2,
    "multi_vcard": 1,
    "poll_creation": 5,
    "buttons_response": 2,
    "list_response": 2,
    "template_button_reply": 2,
    "call_log": 2,
    "hologram": 1,  # a word that nobody knows yet
}
WITH_TEXT = ("chat", "image", "video", "document")
WITH_BYTES = ("image", "video", "ptv", "audio", "ptt", "document", "sticker")
BYTES = (500, 20_000)
OWNER_WRITES = ("chat", "image", "document", "ptt", "location")
DEEDS = {"write": 76, "react": 8, "vote": 5, "edit": 6, "revoke": 5}
EMOJIS = ("👍", "❤", "😮", "")  # the last takes one back
OPTIONS: tuple[list[str], ...] = (["Lunes"], ["Martes"], [])
STOP_WORDS = ("BAJA", "stop", "¡Baja!")
SILENT, IN_GROUP, BY_OWNER, QUOTING, LEAD, TELLS_NUMBER = 0.2, 0.25, 0.07, 0.12, 0.05, 0.3
REMEMBERED = 40  # of the latest messages something becomes
CONTACTS, GROUPS, STOPPING, BY_LID = 10, 3, 5, 2
AD = {"sourceUrl": "https://fb.me/caos", "title": "Anuncio", "mediaType": 1, "sourceApp": "facebook"}


@dataclass(slots=True)
class Written:
    """A message to which something may be done. done: what was, only that is done again."""

    key: str
    kind: str
    sender: str  # of what the owner wrote: the contact it is written to
    group: str | None
    from_me: bool
    done: str = ""


@dataclass(slots=True)
class Told:
    """What the verdict has to know besides the record."""

    unread: set[str] = field(default_factory=set)  # keys that were deleted for everyone before the hub had them
    asked: set[tuple[int, str]] = field(default_factory=set)  # tenant and number: wrote a word that opts out


class People:
    """Writes `messages` to one tenant's phone over `seconds`, on a thread of its own."""

    def __init__(
        self,
        simulator_url: str,
        phone: str,
        cliente_id: int,
        rng: random.Random,
        *,
        messages: int,
        seconds: float,
        recipients: Sequence[str],
        is_on_record: Callable[[int, str], bool],
    ) -> None:
        """recipients: to whom the tenant writes; they write back. is_on_record: whether the hub has a message."""
        self.told = Told()
        self.failures: list[BaseException] = []
        self._simulator_url = simulator_url
        self._phone = phone
        self._cliente_id = cliente_id
        self._rng = rng
        self._messages, self._seconds = messages, seconds
        self._is_on_record = is_on_record
        self._contacts = [*(contact(cliente_id, index) for index in range(CONTACTS)), *recipients[:3]]
        self._groups = [f"1203630000{cliente_id:04d}{index:04d}@g.us" for index in range(GROUPS)]
        self._stopping = {
            round(messages * (index + 1) / (STOPPING + 2)): contact(cliente_id, 100 + index)
            for index in range(STOPPING)
        }
        self._written: deque[Written] = deque(maxlen=REMEMBERED)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"people-{cliente_id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def finish(self, timeout_s: float) -> None:
        """Waits until all is written. Raises what went wrong meanwhile."""
        self._thread.join(timeout_s)
        self.stop()
        self._thread.join(timeout_s)
        if self.failures:
            raise self.failures[0]

    def stop(self) -> None:
        self._stop.set()

    def _run(self) -> None:
        started = time.monotonic()
        try:
            with SimulatorClient(self._simulator_url) as simulator:
                for number in self._contacts[:BY_LID]:
                    simulator.put_number(number, lid=True)
                for index in range(self._messages):
                    at = started + self._seconds * index / self._messages
                    if self._stop.wait(max(0.0, at - time.monotonic())):
                        return
                    self._do(simulator, index)
        except Exception as error:  # noqa: BLE001 - the thread's edge: raised by `finish`
            self.failures.append(error)

    def _do(self, simulator: SimulatorClient, index: int) -> None:
        if index in self._stopping:
            self._ask_to_stop(simulator, index)
            return
        rng = self._rng
        deed = rng.choices(list(DEEDS), list(DEEDS.values()))[0]
        chosen = None if deed == "write" else self._choose(deed)
        if chosen is None:
            self._write(simulator, index)
            return
        silent = rng.random() < SILENT
        from_me = rng.random() < SILENT
        by = None if from_me else rng.choice(self._contacts[BY_LID:]) if chosen.group else None
        if deed == "react":
            simulator.react(self._phone, chosen.key, rng.choice(EMOJIS), sender=by, from_me=from_me, silent=silent)
        elif deed == "vote":
            simulator.vote(self._phone, chosen.key, rng.choice(OPTIONS), sender=by, from_me=from_me, silent=silent)
        elif deed == "edit":
            simulator.edit(self._phone, chosen.key, f"{self._text(index)} corregido", silent=silent)
        else:
            if not self._is_on_record(self._cliente_id, chosen.key):
                self.told.unread.add(chosen.key)
            simulator.revoke(self._phone, chosen.key, by_admin=bool(chosen.group) and from_me, silent=silent)
        chosen.done = deed

    def _choose(self, deed: str) -> Written | None:
        """A message to which nothing else was done: what a deletion takes along with it is not judged here."""
        fitting = [one for one in self._written if one.done in ("", deed) and one.done != "revoke"]
        if deed == "vote":
            fitting = [one for one in fitting if one.kind == "poll_creation"]
        if deed == "edit":
            fitting = [one for one in fitting if one.kind in WITH_TEXT]
        return self._rng.choice(fitting) if fitting else None

    def _write(self, simulator: SimulatorClient, index: int) -> None:
        rng = self._rng
        kind = rng.choices(list(KINDS), list(KINDS.values()))[0]
        sender = rng.choice(self._contacts)
        group = rng.choice(self._groups) if rng.random() < IN_GROUP and kind != "call_log" else None
        from_me = kind in OWNER_WRITES and rng.random() < BY_OWNER
        is_lead = kind == "chat" and not from_me and rng.random() < LEAD
        in_chat = [one for one in self._written if _chat(one) == (group or sender) and one.done != "revoke"]
        quoted = rng.choice(in_chat) if in_chat and rng.random() < QUOTING else None
        fields: dict[str, Any] = {"ctwaContext": AD} if is_lead and group is None else {}
        made = simulator.receive(
            self._phone,
            sender,
            kind,
            self._text(index) if kind in WITH_TEXT else None,
            group=group,
            from_me=from_me,
            quotes=quoted.key if quoted is not None else None,
            size=rng.randint(*BYTES) if kind in WITH_BYTES else None,
            silent=rng.random() < SILENT,
            placeholder=is_lead,
            tells_number=rng.random() < TELLS_NUMBER,
            **fields,
        )
        self._written.append(Written(str(made["key"]), kind, sender, group, from_me))

    def _ask_to_stop(self, simulator: SimulatorClient, index: int) -> None:
        """Somebody asks to be left alone, in words or under a picture; the same word of others asks nothing."""
        rng, number = self._rng, self._stopping[index]
        word = rng.choice(STOP_WORDS)
        kind = rng.choice(("chat", "image"))
        size = BYTES[0] if kind == "image" else None
        simulator.receive(self._phone, number, kind, word, size=size, silent=rng.random() < SILENT)
        self.told.asked.add((self._cliente_id, number))
        simulator.receive(self._phone, rng.choice(self._contacts), text=word, group=rng.choice(self._groups))
        simulator.receive(self._phone, rng.choice(self._contacts), text=word, from_me=True)

    def _text(self, index: int) -> str:
        return f"{self._cliente_id} llega {index:05d}"


def contact(cliente_id: int, index: int) -> str:
    """A number that only writes to this tenant."""
    return f"549114{cliente_id:03d}{index:04d}"


def _chat(one: Written) -> str:
    return one.group or one.sender

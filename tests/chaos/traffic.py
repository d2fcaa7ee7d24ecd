"""Callers: each tenant's messages, posted over HTTP, asked again under the same key where no answer came."""

from __future__ import annotations

import random
import secrets
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from testing.caller import Caller
from tests.chaos.contents import Drawn, Stock, draw
from tests.chaos.verdict import UNORDERED, Posted

RETRY_S = 0.3
GIVE_UP_S = 90.0
BULK_SIZES = (3, 15)
SINGLE_SHARE = 0.5
_RECIPIENTS = "549113"
AWAY = "SESSION_MANAGER_UNREACHABLE"  # of a bulk's entry: worth asking again


class NotAccepted(Exception):
    """The hub said no to a message that it should take, or never answered."""


@dataclass(frozen=True, slots=True)
class Load:
    """What one tenant is sent. seconds: over how long it is posted."""

    messages: int
    recipients: int
    seconds: float


class Traffic:
    """Posts for all tenants from threads of their own: one for single messages and one for bulks each.

    One thread posts a tenant's lane, so that the order in which messages were accepted is known.
    """

    def __init__(self, callers: list[Caller], stocks: Mapping[int, Stock], load: Load, rng: random.Random) -> None:
        """stocks: by tenant, of all where anything is to be posted."""
        self._stocks = stocks
        self.posted: list[Posted] = []
        self.repeated: Counter[str] = Counter()  # why a call was made again
        self.failures: list[BaseException] = []
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._threads = []
        for caller in callers:
            singles = round(load.messages * SINGLE_SHARE)
            for work, count in ((self._post_singles, singles), (self._post_bulks, load.messages - singles)):
                drawn = random.Random(rng.random())
                self._threads.append(
                    threading.Thread(target=self._run, args=(work, caller, load, count, drawn), daemon=True)
                )

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def finish(self, timeout_s: float) -> None:
        """Waits until all is posted. Raises what went wrong while posting."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        late = any(thread.is_alive() for thread in self._threads)
        self._stop.set()
        for thread in self._threads:
            thread.join(GIVE_UP_S)
        if self.failures:
            raise self.failures[0]
        if late:
            raise NotAccepted(f"not all was posted within {timeout_s:.0f} s")

    def stop(self) -> None:
        """Posts no more."""
        self._stop.set()

    def _run(
        self,
        work: Callable[[Caller, httpx.Client, Load, int, random.Random], None],
        caller: Caller,
        load: Load,
        count: int,
        rng: random.Random,
    ) -> None:
        try:
            with httpx.Client(base_url=caller.http.base_url, headers=caller.http.headers, timeout=8.0) as http:
                work(caller, http, load, count, rng)
        except (NotAccepted, KeyError, ValueError) as error:
            with self._guard:
                self.failures.append(error)

    def _post_singles(self, caller: Caller, http: httpx.Client, load: Load, count: int, rng: random.Random) -> None:
        numbers: defaultdict[str, int] = defaultdict(int)
        started = time.monotonic()
        for index in range(count):
            self._stop.wait(max(0.0, started + load.seconds * index / count - time.monotonic()))
            if self._stop.is_set():
                return
            to, drawn = self._next_message(caller.cliente_id, "single", load, index, rng)
            answer = self._post(http, caller.path("messages"), _body(to, drawn), secrets.token_hex(12))
            self._note(caller.cliente_id, "single", to, drawn, answer["message_id"], numbers)

    def _post_bulks(self, caller: Caller, http: httpx.Client, load: Load, count: int, rng: random.Random) -> None:
        numbers: defaultdict[str, int] = defaultdict(int)
        started = time.monotonic()
        index = 0
        while index < count:
            self._stop.wait(max(0.0, started + load.seconds * index / count - time.monotonic()))
            if self._stop.is_set():
                return
            size = min(rng.randint(*BULK_SIZES), count - index)
            entries = [self._next_message(caller.cliente_id, "bulk", load, index + n, rng) for n in range(size)]
            self._post_bulk(caller, http, entries, numbers)
            index += size

    def _post_bulk(
        self, caller: Caller, http: httpx.Client, entries: list[tuple[str, Drawn]], numbers: defaultdict[str, int]
    ) -> None:
        """Until each entry is accepted, always under the same key: Redis may go away in the midst of a call.

        In which order those were accepted that follow one without an answer, nobody knows.
        """
        body = {"messages": [_body(to, drawn) for to, drawn in entries]}
        is_ordered = True
        key, open_entries, deadline = secrets.token_hex(12), set(range(len(entries))), time.monotonic() + GIVE_UP_S
        while open_entries:
            items = self._post(http, caller.path("messages/bulk"), body, key)["items"]
            if len(items) != len(entries):
                raise NotAccepted(f"bulk of {len(entries)}: {len(items)} answers")
            for at in sorted(open_entries):
                if items[at]["ok"]:
                    open_entries.discard(at)
                    to, drawn = entries[at]
                    known = numbers if is_ordered else None
                    self._note(caller.cliente_id, "bulk", to, drawn, items[at]["message_id"], known)
                elif items[at]["error"] != AWAY or time.monotonic() > deadline:
                    raise NotAccepted(f"bulk entry refused: {items[at]}")
                else:
                    is_ordered = False
            if open_entries:
                with self._guard:
                    self.repeated["bulk in part"] += 1
                time.sleep(RETRY_S)

    def _post(self, http: httpx.Client, path: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        """Until it is answered, always under the same key: the hub may have accepted what it could not answer."""
        deadline = time.monotonic() + GIVE_UP_S
        while True:
            try:
                answer = http.post(path, json=body, headers={"Idempotency-Key": key})
                if answer.status_code == 202:
                    return dict(answer.json())
                why = f"{answer.status_code} {answer.json().get('error')}"
                if answer.status_code < 500 and answer.status_code != 429:
                    raise NotAccepted(f"{path}: {why}")
            except httpx.TransportError as error:
                why = type(error).__name__
            with self._guard:
                self.repeated[why] += 1
            if time.monotonic() > deadline:
                raise NotAccepted(f"{path}: no acceptance in {GIVE_UP_S:.0f} s, last: {why}")
            time.sleep(RETRY_S)

    def _note(
        self, cliente_id: int, lane: str, to: str, drawn: Drawn, message_id: str, numbers: defaultdict[str, int] | None
    ) -> None:
        """numbers: how many were accepted in order, by recipient; None where the order is not known."""
        number = UNORDERED
        if numbers is not None:
            numbers[to] += 1
            number = numbers[to]
        with self._guard:
            self.posted.append(Posted(cliente_id, to, lane, number, drawn.mark, message_id, drawn.shown))

    def _next_message(
        self, cliente_id: int, lane: str, load: Load, index: int, rng: random.Random
    ) -> tuple[str, Drawn]:
        """To whom, and what no other message carries."""
        to = recipient(cliente_id, rng.randrange(load.recipients))
        return to, draw(self._stocks[cliente_id], to, f"{cliente_id} {lane} {to} {index:04d}", rng)


def recipient(cliente_id: int, index: int) -> str:
    """A number that only this tenant writes to."""
    return f"{_RECIPIENTS}{cliente_id:03d}{index:04d}"


def is_recipient(number: str) -> bool:
    """Whether it is one of those: the hub writes to others too, who asked to be left alone."""
    return number.startswith(_RECIPIENTS)


def _body(to: str, drawn: Drawn) -> dict[str, Any]:
    return {"to": to, **drawn.fields, "on_not_ready": "queue"}

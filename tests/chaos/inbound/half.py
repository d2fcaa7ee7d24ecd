"""The inbound half of a chaos run: people write, webhooks are posted to, and in the end all of it is compared."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Self

import httpx

from testing.caller import Caller
from testing.waiting import until
from tests.chaos.asking import asked, pages_of
from tests.chaos.inbound import weather
from tests.chaos.inbound.people import People
from tests.chaos.inbound.receivers import Receiver
from tests.chaos.inbound.verdict import (
    RECEIVED,
    Endpoint,
    Happened,
    InboundVerdict,
    Row,
    id_of_row,
    id_of_told,
    is_complete,
    judge,
    may_miss,
)
from tests.chaos.kinds import phone
from tests.chaos.supervised import Supervised
from tests.chaos.traffic import is_recipient, recipient

CATCH_UP_S = 3
SETTINGS = {
    "INBOUND_CATCH_UP_SECONDS": str(CATCH_UP_S),
    "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
    "MEDIA_MIN_FREE_MIB": "0",
}
TOLD_OF = (frozenset({RECEIVED}), frozenset({RECEIVED, "message.updated"}), frozenset({RECEIVED, "optout.changed"}))
STEADY = 1  # of a tenant's endpoints: so many are never in trouble
REPLAY_EVERY_S = 20.0
FINISH_S = 60.0


@dataclass(frozen=True, slots=True)
class InboundLoad:
    """What comes in for each tenant."""

    messages: int
    seconds: float
    recipients: int  # of the way out


class InboundHalf:
    """Made while all is well; `start` begins."""

    def __init__(
        self,
        system: Supervised,
        callers: Sequence[Caller],
        load: InboundLoad,
        rng: random.Random,
        say: Callable[[str], None],
    ) -> None:
        self._system, self._callers, self._say = system, callers, say
        self._phones = {phone(caller.cliente_id): caller.cliente_id for caller in callers}
        self._receivers: dict[int, list[tuple[str, Receiver]]] = {}  # by tenant, each with its webhook's id
        self._people = []
        for caller in callers:
            cliente_id, drawn = caller.cliente_id, random.Random(rng.random())
            self._receivers[cliente_id] = [
                self._subscribe(caller, number, types, drawn, load.seconds) for number, types in enumerate(TOLD_OF)
            ]
            self._people.append(
                People(
                    system.simulator_url,
                    phone(cliente_id),
                    cliente_id,
                    drawn,
                    messages=load.messages,
                    seconds=load.seconds,
                    recipients=[recipient(cliente_id, index) for index in range(load.recipients)],
                    is_on_record=self._is_on_record,
                )
            )
        self._ending = threading.Event()
        self._replayer = threading.Thread(target=self._replay_now_and_then, daemon=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        for people in self._people:
            people.stop()
        for receiver in self._all_receivers():
            receiver.close()

    def start(self) -> None:
        """People begin to write; receivers fail from the first post on."""
        for people in self._people:
            people.start()
        self._replayer.start()

    def finish(self, quiet_s: float) -> float | None:
        """Waits until all is on record and delivered; seconds it took, None where it was not within `quiet_s`.

        To be called when nothing goes wrong any more.
        """
        for people in self._people:
            people.finish(FINISH_S)
        self._ending.set()
        self._replayer.join(FINISH_S)
        for receiver in self._all_receivers():
            receiver.calm()
        over = time.monotonic()
        try:
            until(self._is_recorded, quiet_s, "everything that came in to be on record", every_s=2.0)
            self._say(f"all that came in is on record {time.monotonic() - over:.1f} s later")
            until(self._is_delivered, quiet_s, "every delivery", every_s=2.0)
        except AssertionError as error:
            self._say(str(error))
            return None
        return time.monotonic() - over

    def verdict(self, in_doubt: frozenset[str]) -> InboundVerdict:
        """Over what there is now. in_doubt: as of Happened."""
        happened = Happened(
            record=self._record(),
            told=[one for caller in self._callers for one in self._told(caller)],
            endpoints=[receiver.endpoint for receiver in self._all_receivers()],
            posts=[post for receiver in self._all_receivers() for post in receiver.posts],
            unread=frozenset().union(*(people.told.unread for people in self._people)),
            asked=frozenset().union(*(people.told.asked for people in self._people)),
            opted_out=frozenset(
                (caller.cliente_id, str(entry["number"]))
                for caller in self._callers
                for entry in pages_of(caller, "/api/optouts", cliente_id=caller.cliente_id)
            ),
            in_doubt=in_doubt,
            answered=tuple(
                (self._phones[row["phone"]], str(row["to"]))
                for row in self._system.simulator.record()
                if row["origin"] == "device" and not is_recipient(row["to"])
            ),
            books={caller.cliente_id: self._books(caller) for caller in self._callers},
        )
        return judge(happened)

    # Webhooks.

    def _subscribe(
        self, caller: Caller, number: int, types: frozenset[str], rng: random.Random, seconds: float
    ) -> tuple[str, Receiver]:
        troubles = weather.forecast(rng, seconds) if number < len(TOLD_OF) - STEADY else []
        receiver = Receiver(Endpoint(caller.cliente_id, f"{caller.cliente_id}-{number}", types), troubles)
        made = caller.http.post("/api/webhooks", json={"url": receiver.url, "events": sorted(types)})
        assert made.status_code == HTTPStatus.CREATED, made.text
        receiver.verify_with(made.json()["secret"])
        return str(made.json()["webhook_id"]), receiver

    def _all_receivers(self) -> list[Receiver]:
        return [receiver for receivers in self._receivers.values() for _, receiver in receivers]

    def _replay_now_and_then(self) -> None:
        while not self._ending.wait(REPLAY_EVERY_S):
            self._replay()

    def _is_delivered(self) -> bool:
        """Whether nothing waits; what does is put into the queue anew, as the plan would have it wait for hours."""
        return self._replay() == 0

    def _replay(self) -> int:
        """What was tried in vain is tried again, and with it what waits behind; how much was waiting."""
        waiting = 0
        for caller in self._callers:
            for webhook_id, _ in self._receivers[caller.cliente_id]:
                for status in ("waiting", "failed"):
                    for one in pages_of(caller, f"/api/webhooks/{webhook_id}/deliveries", status=status):
                        waiting += 1
                        if one["attempts"]:
                            self._replay_one(caller, webhook_id, one["delivery_id"])
        return waiting

    def _replay_one(self, caller: Caller, webhook_id: str, delivery_id: str) -> None:
        try:
            caller.http.post(f"/api/webhooks/{webhook_id}/replay", json={"delivery_id": delivery_id})
        except httpx.TransportError:
            return  # the hub is being started: the next round does

    # What is on record.

    def _record(self) -> list[Row]:
        rows = self._system.simulator.record()
        return [
            {**row, "cliente_id": self._phones[row["phone"]]}
            for row in rows
            if row["phone"] in self._phones and (row["direction"] == "in" or row["origin"] == "phone")
        ]

    def _told(self, caller: Caller) -> list[dict[str, Any]]:
        """Oldest first."""
        return pages_of(caller, caller.path("inbound"))[::-1]

    def _is_recorded(self) -> bool:
        unread = {key for people in self._people for key in people.told.unread}
        rows = [row for row in self._record() if not may_miss(row, unread)]
        for caller in self._callers:
            told = {id_of_told(one): one for one in self._told(caller)}
            due = [row for row in rows if row["cliente_id"] == caller.cliente_id]
            if not all((found := told.get(id_of_row(row))) and is_complete(row, found) for row in due):
                return False
        return True

    def _is_on_record(self, cliente_id: int, key: str) -> bool:
        [caller] = [one for one in self._callers if one.cliente_id == cliente_id]
        try:
            return caller.http.get(caller.path(f"inbound/{key}")).status_code == HTTPStatus.OK
        except httpx.TransportError:
            return False

    def _books(self, caller: Caller) -> tuple[int, int]:
        report = asked(caller, caller.path("report"))
        return int(report["received"]), int(report["received_recorded"])

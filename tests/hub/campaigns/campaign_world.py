"""One agency's campaigns, driven as callers, beat and a session worker would: REST, ticks, claims, drained events."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from hub_api.campaigns.releasing.tick import Tick
from hub_api.recording.drain import make_drain
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.work import Outcome, PutKey, Send
from shared.ledger.ledger import Ledger
from shared.ledger.message import Message
from shared.protocol.events import MessageInbound
from shared.sessions.lease import Lease
from support.owner import Owner

HOUR = 3_600_000  # ms
_AHEAD = 12 - datetime.now(UTC).hour
NOON = f"Etc/GMT{-_AHEAD:+d}"  # where it is midday now, so that no test meets midnight
ALL_DAY = {"weekdays": [0, 1, 2, 3, 4, 5, 6], "start": "00:00", "end": "24:00"}
TEMPLATE = ["Hola {nombre|amigo}"]


def number(index: int) -> str:
    return f"54911{23450000 + index}"


@dataclass
class World:
    """`tenant` is the caller's headers, `admin` an admin's."""

    client: FlaskClient
    services: Services
    tenant: dict[str, str]
    admin: dict[str, str]
    cliente_id: int = 51
    clock: int = field(default_factory=now_ms)  # of ticks and claims; moved by hand

    def call(self, method: str, path: str, body: Any = None, expect: int = 200, **options: Any) -> Any:
        headers = options.pop("headers", self.tenant)
        answer = self.client.open(f"/api{path}", method=method, headers=headers, json=body, **options)
        assert answer.status_code == expect, (method, path, answer.status_code, answer.text)
        return answer.json

    def schedule(self, *, approve: bool = True, **fields: Any) -> str:
        body = {"name": "Siempre", **ALL_DAY, "delay_min_seconds": 0, "delay_max_seconds": 0} | fields
        made = self.call("POST", "/schedules", body, 201)["schedule_id"]
        if approve:
            self.call("POST", f"/schedules/{made}/approve", headers=self.admin)
        return str(made)

    def campaign(self, count: int = 3, *, start: bool = True, schedule: str | None = None, **fields: Any) -> str:
        body = {"name": "Promo", "templates": TEMPLATE, "schedule_id": schedule or self.schedule()} | fields
        made = self.call("POST", "/campaigns", body, 201)["campaign_id"]
        rows = [{"telefono": number(index), "nombre": f"N{index}"} for index in range(count)]
        if rows:
            self.call("POST", f"/campaigns/{made}/recipients", {"recipients": rows})
        if start:
            self.call("POST", f"/campaigns/{made}/start")
        return str(made)

    def read(self, campaign_id: str) -> Any:
        return self.call("GET", f"/campaigns/{campaign_id}")

    def states(self, campaign_id: str) -> list[str]:
        return [item["state"] for item in self.call("GET", f"/campaigns/{campaign_id}/recipients")["items"]]

    def tick(self, ahead_ms: int = 1) -> int:
        """One tick, and its events recorded; returns how many it released."""
        self.clock += ahead_ms
        released = self.tick_only()
        self.drain()
        return released

    def tick_only(self) -> int:
        """One tick at the present moment; what happened is not recorded yet."""
        return Tick(self.services, random.Random(0)).run(self.clock)

    def drain(self) -> None:
        """Records what happened."""
        make_drain(self.services).run()

    def restore(self) -> bool:
        """What SQL knows into a Redis that came up empty."""
        return make_lost_state(self.services).mend()


class Worker:
    """The owner of a READY session at the world's moment. `sent` is what WhatsApp has: number and text, in order."""

    def __init__(self, owner: Owner, world: World) -> None:
        self.owner = owner
        self.world = world

    @property
    def ledger(self) -> Ledger:
        return self.owner.ledger

    @property
    def lease(self) -> Lease:
        return self.owner.lease

    @property
    def sent(self) -> list[tuple[str, str]]:
        return self.owner.sent

    def claim(self, *, at: int | None = None) -> Message | None:
        """The next message to send, if there is one."""
        work = self.owner.next_work(at_ms=at)
        return work.message if isinstance(work, Send) else None

    def put_key(self, message: Message, key: str = "") -> PutKey:
        return self.owner.put_key(message, key)

    def send_next(self, ack: int = 1, **claim: Any) -> Message | None:
        return self.owner.send_next(ack, **claim)

    def fail_next(self, code: str, outcome: Outcome = Outcome.FAILED) -> Message | None:
        return self.owner.fail_next(code, outcome)

    def hear(self, sender: str, text: str, key: str = "false_1") -> None:
        """A message from somebody."""
        inbound = MessageInbound(sender=sender, message=text, at=self.world.clock, whatsapp_id=key)
        assert self.ledger.receipts.record_inbound(self.lease.cliente_id, [inbound], self.world.clock) == [True]

    def run(self, rounds: int, work: Callable[[], Any] | None = None) -> None:
        """So many ticks, each followed by a claim and by the drain."""
        for _ in range(rounds):
            self.world.tick()
            (work or self.send_next)()
            self.world.drain()

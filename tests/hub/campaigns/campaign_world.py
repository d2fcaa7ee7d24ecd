"""One agency's campaigns, driven as callers, beat and a session worker would: REST, ticks, claims, drained events."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient
from hub_api.background_tasks import Background

from hub_api.campaigns.releasing.tick import Tick
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.claiming.work import Outcome, Pace, PutKey, Send
from shared.ledger.ledger import Ledger
from shared.ledger.message import Message
from shared.sessions.lease import Lease

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
    background: Background
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
        self.background.drain.run()

    def restore(self) -> bool:
        """What SQL knows into a Redis that came up empty."""
        return self.background.rebuild.run()


@dataclass
class Worker:
    """What a session worker does with the ledger. `sent` is what WhatsApp has: number and text, in order."""

    ledger: Ledger
    lease: Lease
    world: World
    sent: list[tuple[str, str]] = field(default_factory=list)
    boot: str = "b"

    def claim(self, *, at: int | None = None, delay_ms: int = 0, boot: str = "") -> Message | None:
        work = self.ledger.claiming.claim_next(
            self.lease, boot or self.boot, self.world.clock if at is None else at, Pace(0, delay_ms), bulk_allowed=True
        )
        return work.message if isinstance(work, Send) else None

    def put_key(self, message: Message, key: str = "") -> PutKey:
        return self.ledger.claiming.put_key(
            self.lease,
            message,
            whatsapp_id=key or f"true_{message.message_id}",
            chat_id="c",
            epoch="e",
            boot=self.boot,
            now_ms=self.world.clock,
            lease_left_ms=1,
        )

    def send_next(self, ack: int = 1, **claim: Any) -> Message | None:
        message = self.claim(**claim)
        if message is not None:
            assert self.put_key(message) is PutKey.OK
            self.sent.append((message.to, message.text))
            self.ledger.receipts.acknowledge(self.lease.cliente_id, f"true_{message.message_id}", ack, self.world.clock)
        return message

    def fail_next(self, code: str, outcome: Outcome = Outcome.FAILED) -> Message | None:
        message = self.claim()
        if message is not None:
            self.ledger.claiming.complete(self.lease, message, outcome, code=code, now_ms=self.world.clock)
        return message

    def run(self, rounds: int, work: Callable[[], Any] | None = None) -> None:
        """So many ticks, each followed by a claim and by the drain."""
        for _ in range(rounds):
            self.world.tick()
            (work or self.send_next)()
            self.world.drain()

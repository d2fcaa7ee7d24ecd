"""What a message takes of Redis, from accepting to the end of its entry's life, and so how many a day fit.

Messages with a text of 200 characters pass through every state as the ledger writes it: accepted and recorded, sent
and not recorded yet, settled, delivered, read; half of them with an idempotency key. A figure is the growth of
`used_memory` by as many messages of ten tenants, divided by them. The days of the second table are computed from the
first: all messages of a day are delivered and none of them is read, so each entry stays as long as any does.
"""

from __future__ import annotations

from pathlib import Path

from benchmarks.harness.figures import Figures
from benchmarks.harness.running_system import running_system
from benchmarks.volume.filling import TEXT, Filling, redis_cpu_s, used_memory
from hub_api.recording.drain import make_drain
from hub_api.services import make_services
from shared.instant import now_ms
from shared.ledger.claiming.work import Login, Pace, PutKey, Send
from shared.ledger.ledger import Ledger
from shared.ledger.script import IDEMPOTENCY_MS, RECEIPT_KEPT_MS
from shared.sessions.lease import Lease, Leases
from shared.transitions.message import OUT_STATUSES

_TENANTS = tuple(range(1, 11))
_DAY_MS = 86_400_000
_A_DAY = (10_000, 50_000, 100_000, 200_000)
_NO_PACE = Pace(0, 0)


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    each = 50 if quick else 1_000
    total = each * len(_TENANTS)
    with running_system(folder, accept_rate_per_minute=0, tenant_memory_percent=0) as system:
        for cliente_id in _TENANTS:
            system.add_tenant(cliente_id)
        services = make_services(system.settings)
        filling, drain = Filling(system, services), make_drain(services)
        leases = Leases(system.redis, system.keys, 3_600_000)
        owners = [leases.take(cliente_id, f"bench{cliente_id}", "bench", 1) for cliente_id in _TENANTS]

        def a_message() -> float:
            return (used_memory(system.redis) - empty) / total

        empty = used_memory(system.redis)
        filling.accept(_TENANTS, each)
        queued = a_message()
        whatsapp_ids = [_sent(services.ledger, owner, each) for owner in owners if owner is not None]
        unrecorded = a_message()
        taken, events = redis_cpu_s(system.redis), 0
        while drained := drain.run():
            events += drained
        drain_s = redis_cpu_s(system.redis) - taken
        states = {"queued, on record": queued, "sent, not yet on record": unrecorded, "sent": a_message()}
        for ack, name in ((2, "delivered"), (3, "read")):
            for cliente_id, ids in zip(_TENANTS, whatsapp_ids, strict=True):
                for one in ids:
                    if services.ledger.receipts.acknowledge(cliente_id, one, ack, now_ms()) not in OUT_STATUSES:
                        raise RuntimeError(f"an acknowledgement of {ack} was not taken")
            while drain.run():
                pass
            states[name] = a_message()
        empty = used_memory(system.redis)
        filling.accept(_TENANTS, each, with_keys=True)
        key = a_message() - queued
        services.close()
    kept = states["delivered"] * RECEIPT_KEPT_MS / _DAY_MS
    keys = key * IDEMPOTENCY_MS / _DAY_MS
    rows = [(f"a message: {name}", f"{size:,.0f} B", "") for name, size in states.items()]
    rows += [("an idempotency key besides", f"{key:,.0f} B", "")]
    rows += [
        (
            f"{number:,} messages a day",
            f"{number * kept / 2**20:,.0f} MiB",
            f"{number * (kept + keys) / 2**20:,.0f} MiB",
        )
        for number in _A_DAY
    ]
    return Figures(
        f"volumes: what messages of {len(TEXT)} characters take of Redis",
        ("", "without keys", "with idempotency keys"),
        rows,
        f"a delivered message takes {states['delivered'] / queued:.2f} of a queued one (no goal)",
        [
            f"{total:,} messages of {len(_TENANTS)} tenants; the drain, which also settles them, took "
            f"{drain_s / events * 1e6:.0f} µs of Redis for each of {events:,} events."
        ],
    )


def _sent(ledger: Ledger, owner: Lease, count: int) -> list[str]:
    """Sends all that the tenant has up to the first acknowledgement. Returns WhatsApp's keys."""
    ids: list[str] = []
    while isinstance(work := ledger.claiming.claim_next(owner, "b", now_ms(), _NO_PACE, bulk_allowed=True), Send):
        message = work.message
        whatsapp_id = f"true_{message.to}@c.us_3EB0{message.message_id[-18:]}"
        put = ledger.claiming.put_key(
            owner,
            message,
            Login("5491150000051/9f8e7d6c5b4a3210", "b"),
            whatsapp_id=whatsapp_id,
            chat_id=f"{message.to}@c.us",
            now_ms=now_ms(),
            lease_left_ms=1,
        )
        if put is not PutKey.OK:
            raise RuntimeError(f"a key was answered with {put}")
        ledger.receipts.acknowledge(owner.cliente_id, whatsapp_id, 1, now_ms())
        ids.append(whatsapp_id)
    if len(ids) != count:
        raise RuntimeError(f"{len(ids)} of {count} messages were sent")
    return ids

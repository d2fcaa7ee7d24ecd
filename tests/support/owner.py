"""A session's owner without a browser: it holds the lease, shows its state and sends what the ledger gives it.

It stands in for a session worker and is made of the product's own records, so that it can't show or do what a real one
could not.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import redis

from shared.instant import now_ms
from shared.ledger.claiming.progress import ProgressMemory
from shared.ledger.claiming.work import Outcome, Pace, Pause, PutKey, Recover, Send
from shared.ledger.ledger import Ledger, make_ledger
from shared.ledger.message import Message
from shared.names import Keys
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import Lease, Leases
from shared.sessions.snapshots import Snapshots
from shared.transitions.session import SessionStatus
from support import claiming
from support.claiming import NO_PACE, whatsapp_id_of


@dataclass
class Owner:
    """Stands in for a session worker.

    clock: milliseconds, of its claims and of all it tells. sent: number and text of what it sent, in order.
    """

    lease: Lease
    leases: Leases
    ledger: Ledger
    snapshots: Snapshots
    snapshot: Snapshot
    clock: Callable[[], int] = now_ms
    browser_run: str = "b1"
    sent: list[tuple[str, str]] = field(default_factory=list)

    # Its session.

    def shows(self, status: SessionStatus, **fields: Any) -> None:
        """Publishes a snapshot: the status, and the other fields that changed."""
        self.snapshot = replace(self.snapshot, status=status, **fields)
        assert self.snapshots.write(self.lease, self.snapshot, now_ms())

    def gone(self) -> None:
        """Gives the lease back, as at a shutdown."""
        assert self.leases.release(self.lease.cliente_id, self.lease.token)

    # Its messages.

    def next_work(
        self, *, at_ms: int | None = None, browser_run: str = "", pace: Pace = NO_PACE, bulk_allowed: bool = True
    ) -> Send | Recover | Pause:
        """What the ledger gives it to do. Raises LeaseLost."""
        return claiming.next_work(
            self.ledger,
            self.lease,
            at_ms=self.clock() if at_ms is None else at_ms,
            browser_run=browser_run or self.browser_run,
            pace=pace,
            bulk_allowed=bulk_allowed,
        )

    def claim(self, *, at_ms: int | None = None, browser_run: str = "", pace: Pace = NO_PACE) -> Message:
        """The next message to send. Raises AssertionError where there is none."""
        work = self.next_work(at_ms=at_ms, browser_run=browser_run, pace=pace)
        assert isinstance(work, Send), work
        return work.message

    def put_key(self, message: Message, whatsapp_id: str = "", chat_id: str = "x@c.us") -> PutKey:
        """Persists the key of a claimed message, made in a chat."""
        return claiming.put_key(
            self.ledger,
            self.lease,
            message,
            whatsapp_id=whatsapp_id,
            chat_id=chat_id,
            at_ms=self.clock(),
            browser_run=self.browser_run,
            lease_left_ms=1,
        )

    def acknowledge(self, message: Message, ack: int = 1, whatsapp_id: str = "") -> str:
        """WhatsApp's answer to a message under its key: 1 sent, 2 delivered, 3 read. Returns the new status."""
        key = whatsapp_id or whatsapp_id_of(message)
        return self.ledger.receipts.acknowledge(self.lease.cliente_id, key, ack, self.clock())

    def send_next(self, ack: int = 1, **claim: Any) -> Message | None:
        """Sends the next message up to an acknowledgement, None where there is none. claim: as of `next_work`."""
        work = self.next_work(**claim)
        if not isinstance(work, Send):
            return None
        assert self.put_key(work.message) is PutKey.OK
        self.sent.append((work.message.to, work.message.whole_text()))
        self.acknowledge(work.message, ack)
        return work.message

    def complete(self, message: Message, outcome: Outcome, code: str = "", **more: Any) -> str:
        """Ends one attempt that was not acknowledged. Returns the status now stored. Raises LeaseLost."""
        return self.ledger.claiming.complete(self.lease, message, outcome, code=code, now_ms=self.clock(), **more)

    def fail_next(self, code: str, outcome: Outcome = Outcome.FAILED) -> Message | None:
        """Claims the next message and ends its attempt without a hand-over, None where there is none."""
        work = self.next_work()
        if not isinstance(work, Send):
            return None
        self.complete(work.message, outcome, code)
        return work.message


def own(
    client: redis.Redis,
    keys: Keys,
    status: SessionStatus,
    cliente_id: int = 51,
    *,
    clock: Callable[[], int] = now_ms,
    progress: ProgressMemory | None = None,
    **fields: Any,
) -> Owner:
    """Takes a free session's lease and shows it in a status.

    progress: where it keeps how far it has come, its own memory where none is given. fields: the snapshot's others.
    """
    leases = Leases(client, keys, 60_000)
    lease = leases.take(cliente_id, uuid.uuid4().hex, "store", 1)
    assert lease is not None, f"session {cliente_id} has an owner"
    ledger = make_ledger(client, keys, progress=progress)
    owner = Owner(lease, leases, ledger, Snapshots(client, keys), Snapshot(cliente_id), clock)
    owner.shows(status, **fields)
    return owner

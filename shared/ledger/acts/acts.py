"""Acts in Redis. Each is taken up by the hub, begun by the session's owner, and ended by it or when its time is up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import cast

import redis

from shared.ledger.script import ledger_script
from shared.names import Keys
from shared.protocol.acts import OPEN_ACTS, Act, ActEntry, ActStatus
from shared.protocol.events import ActAsked, ActEnded, event_data
from shared.redis.scripts import Scripts
from shared.sessions.lease import Lease

BEGIN_WITHIN_MS = 60_000  # nobody begins it later: its caller gave up
END_WITHIN_MS = 90_000  # of its beginning; longer than its owner takes at most
KEPT_MS = 2 * 86_400_000  # for its caller, and until SQL has it
MAX_OPEN = 1_000  # of one tenant

_ASK = ledger_script(__file__, "ask")
_BEGIN = ledger_script(__file__, "begin")
_END = ledger_script(__file__, "end")
_LOSE = ledger_script(__file__, "lose")


class Acts:
    """Every method raises redis.RedisError where Redis is away."""

    def __init__(self, client: redis.Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)

    def ask(self, act: Act, queue: str, notification: bytes) -> bool:
        """Puts an act on record and wakes the session's owner. False: too many of the tenant's are open.

        queue: where the notification goes.
        """
        keys, cliente_id = self._keys, act.cliente_id
        answer = self._scripts.run(
            _ASK,
            keys={
                "act": keys.act(act.act_id),
                "open": keys.acts_open(cliente_id),
                "deadlines": keys.act_deadlines,
                "events": keys.events,
                "queue": keys.queue_list(queue),
            },
            args={
                "act_id": act.act_id,
                "cliente_id": cliente_id,
                "message_id": act.of,
                "now_ms": act.asked_at,
                "deadline_ms": act.asked_at + BEGIN_WITHIN_MS,
                "kept_ms": KEPT_MS,
                "max_open": MAX_OPEN,
                "act": json.dumps(act.to_wire()),
                "event": event_data(ActAsked(act.act_id, act.kind, act.whatsapp_id, act.emoji)),
                "notification": notification,
            },
        )
        return bool(answer == "ok")

    def next(self, cliente_id: int) -> ActEntry | None:
        """The tenant's act that was asked for first and has not ended."""
        for act_id in cast("list[str]", self._client.zrange(self._keys.acts_open(cliente_id), 0, 15)):
            entry = self.read(act_id)
            if entry is not None and entry.status in OPEN_ACTS:
                return entry
            self._client.zrem(self._keys.acts_open(cliente_id), act_id)  # its entry is gone
        return None

    def read(self, act_id: str) -> ActEntry | None:
        """An act; None where Redis does not have it any more."""
        found = cast("dict[str, str]", self._client.hgetall(self._keys.act(act_id)))
        if "act" not in found:
            return None
        return ActEntry(
            act=Act.from_wire(json.loads(found["act"])),
            status=ActStatus(found["status"]),
            error=found.get("error", ""),
            begun_at=int(found["begun_at"]) if "begun_at" in found else None,
            ended_at=int(found["ended_at"]) if "ended_at" in found else None,
            browser_run=found.get("browser_run", ""),
        )

    def begin(self, lease: Lease, act: Act, browser_run: str, now_ms: int) -> str:
        """Says that the page is about to be told. Returns `ok`, `lost` (the lease) or `gone` (not to be begun)."""
        answer = self._scripts.run(
            _BEGIN,
            keys={
                "lease": self._keys.lease(lease.cliente_id),
                "act": self._keys.act(act.act_id),
                "deadlines": self._keys.act_deadlines,
            },
            args={
                "token": lease.token,
                "fence": lease.fence,
                "now_ms": now_ms,
                "begin_by_ms": act.asked_at + BEGIN_WITHIN_MS,
                "deadline_ms": now_ms + END_WITHIN_MS,
                "act_id": act.act_id,
                "cliente_id": lease.cliente_id,
                "browser_run": browser_run,
            },
        )
        return str(answer)

    def end(self, act: Act, status: ActStatus, error: str, now_ms: int) -> bool:
        """Says what came of it. False: it has ended before."""
        return self._end(act, now_ms, status=status.value, error=error) != "gone"

    def end_overdue(self, now_ms: int, limit: int) -> int:
        """Ends acts whose time is up, as they stand, and returns how many there were."""
        due = cast("list[str]", self._client.zrangebyscore(self._keys.act_deadlines, 0, now_ms, start=0, num=limit))
        for member in due:
            entry = self.read(member.partition(":")[2])
            if entry is None:
                self._client.zrem(self._keys.act_deadlines, member)
            else:
                self._end(entry.act, now_ms, as_it_stands=True)
        return len(due)

    def lose(self, cliente_id: int, lost: ActEnded, of: str, now_ms: int) -> bool:
        """Ends an act that SQL has as open and Redis does not have at all. of: its message. False: Redis has it."""
        answer = self._scripts.run(
            _LOSE,
            keys={"act": self._keys.act(lost.act_id), "events": self._keys.events},
            args={
                "cliente_id": cliente_id,
                "message_id": of,
                "now_ms": now_ms,
                "event": event_data(lost),
                "arrived_channel": self._keys.arrived_channel,
            },
        )
        return bool(answer)

    def _end(self, act: Act, now_ms: int, *, status: str = "", error: str = "", as_it_stands: bool = False) -> str:
        keys, cliente_id = self._keys, act.cliente_id
        answer = self._scripts.run(
            _END,
            keys={
                "act": keys.act(act.act_id),
                "open": keys.acts_open(cliente_id),
                "deadlines": keys.act_deadlines,
                "events": keys.events,
            },
            args={
                "act_id": act.act_id,
                "cliente_id": cliente_id,
                "message_id": act.of,
                "now_ms": now_ms,
                "status": status,
                "error": error,
                "act": json.dumps(replace(act, text="").to_wire()),
                "kind": act.kind.value,
                "whatsapp_id": act.whatsapp_id,
                "as_it_stands": "1" if as_it_stands else "0",
                "changed_channel": keys.changed_channel(cliente_id),
                "arrived_channel": keys.arrived_channel,
            },
        )
        return str(answer)

"""Puts messages into a running system as the hub accepts them, and records them as the background worker does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import redis

from benchmarks.harness.running_system import RunningSystem
from hub_api.recording.drain import make_drain
from hub_api.repair.lost_state import make_lost_state
from hub_api.services import Services
from shared.instant import now_ms
from shared.ledger.accepting.accepting import Accepted, AcceptLimits
from shared.ledger.message import Draft, new_message_id
from shared.transitions.message import Lane

TEXT = (
    "Hola Juan, le recordamos su turno del martes 24 a las 10:30 en el consultorio de la calle Larga 1234, piso 2. "
    "Traiga sus estudios y su credencial. Para cancelar o cambiar el turno responda a este mensaje. ¡Muchas gracias!"
)
_TOGETHER = 500
_NO_LIMITS = AcceptLimits(queue=10_000_000, per_minute=0)
_AGE_MS, _LIFE_MS = 300_000, 86_400_000


@dataclass(frozen=True, slots=True)
class Filling:
    """A running system and the services of a process in it."""

    system: RunningSystem
    services: Services

    def accept(self, cliente_ids: Sequence[int], each: int, *, with_keys: bool = False) -> None:
        """Accepts so many messages of each tenant, five minutes ago, in turns. Records them as it goes on."""
        make_lost_state(self.services).mend()  # nothing is recorded of a Redis that was not compared with SQL
        drain, at = make_drain(self.services), now_ms() - _AGE_MS
        for first in range(0, each * len(cliente_ids), _TOGETHER):
            numbers = range(first, min(first + _TOGETHER, each * len(cliente_ids)))
            drafts = [self._draft(cliente_ids[n % len(cliente_ids)], n, at, with_keys) for n in numbers]
            answers = self.services.ledger.accepting.accept_many(drafts, _NO_LIMITS)
            if not all(isinstance(answer, Accepted) for answer in answers):
                raise RuntimeError("a message was refused")
            if drain.run() < len(drafts):
                raise RuntimeError("not all that was accepted was recorded")

    def _draft(self, cliente_id: int, number: int, at: int, with_key: bool) -> tuple[Draft, bytes]:
        draft = Draft(
            message_id=new_message_id(),
            cliente_id=cliente_id,
            to=f"54911{10_000_000 + number}",
            text=TEXT,
            lane=Lane.SINGLE,
            accepted_at_ms=at,
            expires_at_ms=at + _LIFE_MS,
            wake=True,
            idempotency_key=f"{cliente_id}/{number}" if with_key else None,
            body_digest="0" * 64,
        )
        return draft, self.services.task_messages.notify(cliente_id, draft.message_id)


def used_memory(client: redis.Redis) -> int:
    """Bytes of Redis' data, as it counts them against `maxmemory`."""
    return int(client.info("memory")["used_memory"])


def redis_cpu_s(client: redis.Redis) -> float:
    """Seconds of CPU that Redis' one thread of commands has used."""
    found = client.info("cpu")
    return float(found["used_cpu_user_main_thread"]) + float(found["used_cpu_sys_main_thread"])

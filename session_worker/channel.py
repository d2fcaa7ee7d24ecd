"""What a sender sends through."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import Engine


@dataclass(frozen=True, slots=True)
class Channel:
    """What a sender needs to send: one browser run that is READY."""

    engine: Engine
    boot: str
    epoch: str
    phone_number: str  # canonical digits of the paired phone

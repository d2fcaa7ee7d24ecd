"""What a session's actor takes from its inbox, one after the other."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import EngineError, EngineEvent


@dataclass(frozen=True, slots=True)
class Launched:
    boot: str
    error: EngineError | None


@dataclass(frozen=True, slots=True)
class FromEngine:
    boot: str
    event: EngineEvent


@dataclass(frozen=True, slots=True)
class Connect:
    refresh_code: bool


@dataclass(frozen=True, slots=True)
class Relaunch:
    cause: str


@dataclass(frozen=True, slots=True)
class Stop:
    logout: bool
    cause: str


Item = Launched | FromEngine | Connect | Relaunch | Stop

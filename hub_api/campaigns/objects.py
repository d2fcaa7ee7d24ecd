"""What callers of all subjects here get, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel

ScheduleStateName = Literal["pendiente", "aprobada", "rechazada", "pausada"]


class AuditFields(BaseModel):
    at: str | None
    who: str
    what: str
    details: dict[str, Any]


class AuditList(BaseModel):
    ok: Literal[True]
    items: list[AuditFields]
    next: str | None

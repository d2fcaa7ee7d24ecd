"""Who did what to campaigns, schedules and opt-outs."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.accounts.models import AuditEntry
from hub_api.database import Database
from shared.instant import now_ms, to_iso

GUARD, CLOCK = "guard", "clock"  # who acts where no person does


def note(session: Session, who: str, what: str, cliente_id: int | None, subject: str, **details: object) -> None:
    """Adds an entry within the caller's transaction. subject: the id of what was changed; never a message's text."""
    session.add(
        AuditEntry(
            at=now_ms(), who=who, what=what, cliente_id=cliente_id, subject=subject[:64], details=json.dumps(details)
        )
    )


def entries(database: Database, subject: str, limit: int) -> list[dict[str, Any]]:
    """What was done to one subject, newest first."""
    statement = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc()).limit(limit)
    with database.reading() as session:
        return [
            {"at": to_iso(row.at), "who": row.who, "what": row.what, "details": json.loads(row.details)}
            for row in session.scalars(statement)
        ]

"""The trail: one line for each change, written in the transaction that makes it; read newest first."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from flask import has_request_context, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.accounts.models import AuditEntry
from hub_api.database import Database, rows_between
from hub_api.web.cursor import read_cursor, write_cursor
from shared.errors import ValidationFailed
from shared.instant import now_ms, to_iso

GUARD, CLOCK, COMMAND_LINE = "guard", "clock", "command-line"  # who acts where no caller does


@dataclass(frozen=True, slots=True)
class Filter:
    """Which lines. what: a whole word such as `user.create`, or its first part. Times in ms, `until` not included."""

    who: str | None = None
    what: str | None = None
    cliente_id: int | None = None
    from_ms: int | None = None
    until_ms: int | None = None


def note(
    session: Session, who: str, what: str, cliente_id: int | None, subject: str | None = None, **details: object
) -> None:
    """Adds a line within the caller's transaction; a call's address comes with it.

    subject: the id of what was changed. details: never a message's text, a number in full, or a secret.
    """
    session.add(
        AuditEntry(
            at=now_ms(),
            who=who[:120],
            what=what,
            cliente_id=cliente_id,
            subject=None if subject is None else subject[:64],
            details=json.dumps(details),
            address=(request.remote_addr or None) if has_request_context() else None,
        )
    )


def of_subject(database: Database, subject: str, limit: int) -> list[dict[str, Any]]:
    """What was done to one subject, newest first."""
    statement = select(AuditEntry).where(AuditEntry.subject == subject).order_by(AuditEntry.id.desc()).limit(limit)
    with database.reading() as session:
        return [
            {"at": to_iso(row.at), "who": row.who, "what": row.what, "details": json.loads(row.details)}
            for row in session.scalars(statement)
        ]


def listed(
    database: Database, chosen: Filter, cursor: str | None, limit: int
) -> tuple[list[dict[str, Any]], str | None]:
    """A page of lines, newest first, and the cursor of the next. Raises ValidationFailed."""
    statement = rows_between(select(AuditEntry), AuditEntry.at, chosen.from_ms, chosen.until_ms)
    if chosen.who is not None:
        statement = statement.where(AuditEntry.who == chosen.who)
    if chosen.what is not None:
        statement = statement.where(
            (AuditEntry.what == chosen.what) | AuditEntry.what.startswith(f"{chosen.what}.", autoescape=True)
        )
    if chosen.cliente_id is not None:
        statement = statement.where(AuditEntry.cliente_id == chosen.cliente_id)
    if cursor is not None:
        statement = statement.where(AuditEntry.id < _place(cursor))
    with database.reading() as session:
        rows = list(session.scalars(statement.order_by(AuditEntry.id.desc()).limit(limit + 1)))
        items = [_to_object(row) for row in rows[:limit]]
    return items, write_cursor(rows[limit - 1].id, "audit") if len(rows) > limit else None


def _place(cursor: str) -> int:
    place, kind = read_cursor(cursor)
    if kind != "audit":
        raise ValidationFailed(details={"cursor": "not one of this list"})
    return place


def _to_object(row: AuditEntry) -> dict[str, Any]:
    return {
        "at": to_iso(row.at),
        "who": row.who,
        "what": row.what,
        "cliente_id": row.cliente_id,
        "subject": row.subject,
        "address": row.address,
        "details": json.loads(row.details),
    }

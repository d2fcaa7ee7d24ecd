"""API keys: made by admins, shown once, known by their prefix afterwards."""

from __future__ import annotations

import hashlib
import secrets
import string
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail
from hub_api.accounts.models import ApiKey
from hub_api.accounts.reach import check_reach
from hub_api.accounts.tenants.service import ensure_tenant
from hub_api.database import Database
from hub_api.principal import Principal
from shared.errors import NotFound, ValidationFailed
from shared.instant import now_ms, to_iso
from shared.logs import get_logger

_log = get_logger(__name__)

_USED_EVERY_MS = 300_000  # `used_at` is written no more often
_ALPHABET = string.ascii_lowercase + string.digits
_PREFIX_LENGTH = 8
MAX_NAME = 100


@dataclass(frozen=True, slots=True)
class NewKey:
    """key: shown once; only its digest is kept."""

    key: str
    shown: dict[str, Any]


def add_api_key(
    database: Database, name: str, tipo: str, cliente_id: int | None = None, who: str = trail.COMMAND_LINE
) -> NewKey:
    """Makes a key for a program, `lm_<prefix>_<secret>`, and with it its tenant.

    Raises ValidationFailed, InvalidClienteId.
    """
    if not 1 <= len(name) <= MAX_NAME or not name.isprintable():
        raise ValidationFailed(details={"name": f"1 to {MAX_NAME} printable characters"})
    check_reach(tipo, cliente_id)
    prefix = "lm_" + "".join(secrets.choice(_ALPHABET) for _ in range(_PREFIX_LENGTH))
    key = f"{prefix}_{secrets.token_urlsafe(32)}"
    with database.writing() as session:
        row = ApiKey(
            digest=key_digest(key),
            label=name,
            tipo=tipo,
            cliente_id=cliente_id,
            created_at=now_ms(),
            prefix=prefix,
        )
        session.add(row)
        if cliente_id is not None:
            ensure_tenant(session, cliente_id, who)
        session.flush()
        trail.note(session, who, "key.create", cliente_id, f"key:{name}", key_id=row.id, prefix=prefix, tipo=tipo)
        return NewKey(key, _to_object(row))


def listed(database: Database, after: int, limit: int) -> list[dict[str, Any]]:
    """Keys by their ids, those after one; revoked ones too."""
    statement = select(ApiKey).where(ApiKey.id > after).order_by(ApiKey.id).limit(limit)
    with database.reading() as session:
        return [_to_object(row) for row in session.scalars(statement)]


def revoke(database: Database, key_id: int, who: str = trail.COMMAND_LINE) -> dict[str, Any]:
    """A key no longer counts; one that was revoked before stays so. Raises NotFound."""
    with database.writing() as session:
        row = session.get(ApiKey, key_id)
        if row is None:
            raise NotFound()
        if row.revoked_at is None:
            row.revoked_at = now_ms()
            trail.note(session, who, "key.revoke", row.cliente_id, f"key:{row.label}", key_id=key_id, prefix=row.prefix)
        return _to_object(row)


def find_api_key(database: Database, key: str) -> Principal | None:
    """Whom a key stands for; None where it is unknown or revoked. Keeps that it was used."""
    with database.reading() as session:
        found = session.scalar(select(ApiKey).where(ApiKey.digest == key_digest(key)))
        if found is None or found.revoked_at is not None:
            return None
        principal, key_id, used_at = _principal(found), found.id, found.used_at
    if used_at is None or now_ms() - used_at >= _USED_EVERY_MS:
        _used(database, key_id)
    return principal


def key_stands(session: Session, caller: Principal) -> bool:
    """Whether the key that a caller was found by is the same, and not revoked."""
    row = None if caller.key_id is None else session.get(ApiKey, caller.key_id)
    return row is not None and row.revoked_at is None and _principal(row) == caller


def key_digest(key: str) -> str:
    """What is kept of a key. Keys are random, so a plain digest is enough."""
    return hashlib.sha256(key.encode()).hexdigest()


def _principal(row: ApiKey) -> Principal:
    return Principal(f"key:{row.label}", "admin" if row.tipo == "admin" else "cliente", row.cliente_id, key_id=row.id)


def _used(database: Database, key_id: int) -> None:
    try:
        with database.writing() as session:
            session.execute(update(ApiKey).where(ApiKey.id == key_id).values(used_at=now_ms()))
    except SQLAlchemyError as error:  # the call itself may go on
        _log.warning("key.use_not_kept", key_id=key_id, reason=type(error).__name__)


def _to_object(row: ApiKey) -> dict[str, Any]:
    return {
        "key_id": row.id,
        "name": row.label,
        "prefix": row.prefix,
        "tipo": row.tipo,
        "cliente_id": row.cliente_id,
        "created_at": to_iso(row.created_at),
        "last_used_at": to_iso(row.used_at),
        "revoked_at": to_iso(row.revoked_at),
    }

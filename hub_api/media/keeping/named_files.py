"""Which files of the store somebody's rows name, and how much room they take: of all subjects together."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import func, select, union_all
from sqlalchemy.orm import Session

from hub_api.registry import NamedFiles, Restoration
from hub_api.services import Services
from hub_api.subjects import subjects


def all_named() -> list[NamedFiles]:
    """Of all subjects."""
    return [files for subject in subjects() for files in subject.named_files]


def named_among(session: Session, cliente_id: int, files: Collection[str]) -> set[str]:
    """Those of a tenant's files that somebody names. Raises sqlalchemy.exc.SQLAlchemyError."""
    found: set[str] = set()
    for each in all_named():
        rows = each.rows.where(each.cliente_id == cliente_id, each.sha256.in_(list(files)))
        found.update(session.scalars(rows.with_only_columns(each.sha256)))
    return found


def used_bytes(session: Session, cliente_id: int) -> int:
    """Bytes of a tenant's files, each once. Raises sqlalchemy.exc.SQLAlchemyError."""
    parts = [
        each.rows.where(each.cliente_id == cliente_id).with_only_columns(
            each.sha256.label("sha256"), each.size.label("size")
        )
        for each in all_named()
    ]
    rows = union_all(*parts).subquery()
    files = select(rows.c.sha256, func.max(rows.c.size).label("size")).group_by(rows.c.sha256).subquery()
    return int(session.scalar(select(func.sum(files.c.size))) or 0)


def tenants_with_files(session: Session) -> set[int]:
    """Those whose rows name any, or did. Raises sqlalchemy.exc.SQLAlchemyError."""
    found: set[int] = set()
    for each in all_named():
        found.update(session.scalars(select(each.cliente_id).distinct()))
    return found


def count_used(services: Services, tenants: Iterable[int]) -> None:
    """Says in Redis what the files of these tenants take, for the quota. An outcome that SQL does not have yet is left
    out, until the next time. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    for cliente_id in tenants:
        with services.database.reading() as session:
            used = used_bytes(session, cliente_id)
        services.ledger.media.count_used(cliente_id, used)


def restore_used(services: Services, restoration: Restoration) -> None:
    """Into a Redis that forgot it. Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError."""
    with services.database.reading() as session:
        tenants = tenants_with_files(session)
    count_used(services, tenants)

"""Files that callers gave us to send, as SQL has them."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, select

from hub_api.media.models import Upload
from hub_api.registry import NamedFiles
from hub_api.services import Services
from shared.redis.alone import is_alone

BATCH = 500
_DAY_MS = 86_400_000


def forget_unused(services: Services, at_ms: int) -> int:
    """Those that no message took for `MEDIA_UPLOAD_DAYS`. Returns how many. Raises sqlalchemy.exc.SQLAlchemyError."""
    is_old = Upload.used_at < at_ms - services.settings.media_upload_days * _DAY_MS
    total = 0
    while is_alone():
        with services.database.reading() as session:
            ids = list(session.scalars(select(Upload.media_id).where(is_old).limit(BATCH)))
        with services.database.writing() as session:
            changed = session.execute(delete(Upload).where(Upload.media_id.in_(ids), is_old))
            total += cast("CursorResult[Any]", changed).rowcount
        if len(ids) < BATCH:
            break
    return total


UPLOADED_FILES = NamedFiles(
    rows=select(Upload),
    cliente_id=Upload.cliente_id,
    sha256=Upload.sha256,
    size=Upload.size,
    forget=forget_unused,
)

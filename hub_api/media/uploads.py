"""Files that callers gave us to send, as SQL has them."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, select, update

from hub_api.media.models import Upload
from hub_api.registry import NamedFiles
from hub_api.services import Services
from shared.errors import NotFound
from shared.protocol.content import MediaFile
from shared.redis.alone import is_alone

BATCH = 500
_DAY_MS = 86_400_000
_USE_IS_NOTED_MS = 3_600_000  # at most so often: a campaign takes one file for each of its messages


def note(services: Services, upload: Upload, *, shared: bool) -> Upload:
    """Puts a file that is in the store on record. shared: one that the tenant has already, the same in everything that
    recipients see, is used instead. Raises sqlalchemy.exc.SQLAlchemyError."""
    same = (Upload.cliente_id, Upload.sha256, Upload.mime_type, Upload.file_name)
    with services.database.writing() as session:
        session.expire_on_commit = False
        known = None
        if shared:
            is_same = [column == getattr(upload, column.key) for column in same]
            known = session.scalars(select(Upload).where(*is_same).order_by(Upload.media_id).limit(1)).first()
        if known is None:
            session.add(upload)
            known = upload
        known.used_at = max(known.used_at, upload.used_at)
        session.flush()
        session.expunge(known)
    return known


def used(services: Services, cliente_id: int, media_id: str, now_ms: int) -> Upload:
    """A tenant's file, which a message is about to name: it is not forgotten before the message is on record.

    Raises NotFound, of another tenant's too; sqlalchemy.exc.SQLAlchemyError.
    """
    with services.database.reading() as session:
        upload = session.get(Upload, media_id)
    if upload is None or upload.cliente_id != cliente_id:
        raise _unknown()
    if now_ms - upload.used_at > _USE_IS_NOTED_MS:
        with services.database.writing() as session:
            row = update(Upload).where(Upload.media_id == media_id).values(used_at=now_ms).returning(Upload.media_id)
            if session.scalar(row) is None:  # forgotten in between
                raise _unknown()
    return upload


def as_media(upload: Upload) -> MediaFile:
    """As a message names it."""
    return MediaFile(upload.sha256, upload.mime_type, upload.size, upload.file_name)


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


def _unknown() -> NotFound:
    return NotFound(details={"media.media_id": "no such file"})


UPLOADED_FILES = NamedFiles(
    rows=select(Upload),
    cliente_id=Upload.cliente_id,
    sha256=Upload.sha256,
    size=Upload.size,
    forget=forget_unused,
)

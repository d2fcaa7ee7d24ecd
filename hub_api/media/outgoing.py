"""The file of a message that is about to be accepted, wherever its bytes come from."""

from __future__ import annotations

from sqlalchemy import update

from hub_api.media.bodies import MediaInput
from hub_api.media.models import Upload
from hub_api.services import Services
from shared.errors import NotFound, ValidationFailed
from shared.protocol.content import ContentType, MediaFile

_USE_IS_NOTED_MS = 3_600_000  # at most so often: a campaign takes one file for each of its messages


def take(
    services: Services,
    cliente_id: int,
    content_type: ContentType,
    source: MediaInput,
    now_ms: int,
    file_name: str | None = None,
) -> MediaFile:
    """The tenant's file, in the store and good for messages of that type; it stays for as long as one may name it.

    file_name: as the recipient is to see it, instead of the name that it came with.

    Raises NotFound (no such file of this tenant), ValidationFailed; the details name `media`, or the field in it.
    sqlalchemy.exc.SQLAlchemyError.
    """
    if source.media_id is None:
        raise ValidationFailed(details={"media": "media_id is required"})
    upload = _used(services, cliente_id, source.media_id, now_ms)
    return MediaFile(upload.sha256, upload.mime_type, upload.size, upload.file_name if file_name is None else file_name)


def _used(services: Services, cliente_id: int, media_id: str, now_ms: int) -> Upload:
    """Notes the use, so that the file is not forgotten before the message is on record."""
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


def _unknown() -> NotFound:
    return NotFound(details={"media.media_id": "no such file"})

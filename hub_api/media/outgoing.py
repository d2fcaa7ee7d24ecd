"""The file of a message that is about to be accepted, wherever its bytes come from."""

from __future__ import annotations

from dataclasses import replace

from hub_api.media import uploads
from hub_api.media.bodies import MediaInput
from hub_api.media.checks.facts import Facts
from hub_api.media.checks.kinds import fault_of
from hub_api.media.file_names import safe_name
from hub_api.media.models import Upload
from hub_api.media.sources.encoded import decoded
from hub_api.media.sources.fetched import FIELD as URL
from hub_api.media.sources.fetched import fetching
from hub_api.media.sources.form import ReceivedForm
from hub_api.media.sources.staging import staging
from hub_api.services import Services
from shared.errors import PayloadTooLarge, ValidationFailed
from shared.protocol.content import ContentType, MediaFile


def take(
    services: Services,
    cliente_id: int,
    content_type: ContentType,
    source: MediaInput,
    now_ms: int,
    file_name: str | None = None,
) -> MediaFile:
    """The tenant's file, in the store and good for messages of that type; it stays for as long as one may name it.

    What a URL leads to is fetched at once, which may take `MEDIA_URL_SECONDS`. file_name: as the recipient is to see
    it, instead of the name that it came with.

    Raises NotFound (no such file of this tenant), ValidationFailed, PayloadTooLarge; the details name the field.
    MediaQuotaExceeded, TenantWaitsEnough, NoPlaceToWait, MediaStoreUnreachable; redis.RedisError,
    sqlalchemy.exc.SQLAlchemyError.
    """
    if source.media_id is not None:
        upload = _uploaded(services, cliente_id, content_type, source.media_id, now_ms)
    elif source.base64 is not None:
        upload = _encoded(services, cliente_id, content_type, source, now_ms)
    else:
        upload = _fetched(services, cliente_id, content_type, source.url or "", now_ms)
    return _named(upload, content_type, file_name)


def take_received(
    services: Services,
    cliente_id: int,
    content_type: ContentType,
    form: ReceivedForm,
    now_ms: int,
    file_name: str | None = None,
) -> MediaFile:
    """As `take`, of the file in a form that is being received (`hub_api.media.sources.form.receiving`)."""
    form.staged.require(content_type)
    upload = form.staged.keep(form.file_name, None, now_ms, shared=True)
    return _named(upload, content_type, file_name)


def _uploaded(services: Services, cliente_id: int, content_type: ContentType, media_id: str, now_ms: int) -> Upload:
    upload = uploads.used(services, cliente_id, media_id, now_ms)
    most = services.settings.media_send_limits[content_type]
    if upload.size > most:
        raise PayloadTooLarge(details={"media": f"more than {most:,} bytes"})
    facts = Facts(upload.mime_type, upload.width, upload.height, upload.channels)
    fault = fault_of(facts, content_type, services.settings.media_send_max_megapixels)
    if fault is not None:
        raise ValidationFailed(details={"media": fault})
    return upload


def _encoded(services: Services, cliente_id: int, content_type: ContentType, source: MediaInput, now_ms: int) -> Upload:
    content = decoded(source.base64 or "")
    most = services.settings.media_send_limits[content_type]
    with staging(services, cliente_id, "media", most, len(content)) as staged:
        staged.write(content)
        staged.require(content_type)
        return staged.keep("", source.mime_type, now_ms, shared=True)


def _fetched(services: Services, cliente_id: int, content_type: ContentType, url: str, now_ms: int) -> Upload:
    most = services.settings.media_send_limits[content_type]
    with services.waiting.place(cliente_id), fetching(services) as fetcher:
        found = fetcher.get(url, most)
        with staging(services, cliente_id, URL, most, found.announced) as staged:
            for piece in found.pieces():
                staged.write(piece)
            staged.require(content_type)
            return staged.keep(found.name, None, now_ms, shared=True)


def _named(upload: Upload, content_type: ContentType, file_name: str | None) -> MediaFile:
    """A document always has a name: phones show it, and open it by its ending."""
    name = upload.file_name if file_name is None else safe_name(file_name, "", "")
    if not name and content_type is ContentType.DOCUMENT:
        name = safe_name("", ContentType.DOCUMENT.value, upload.mime_type)
    return replace(uploads.as_media(upload), file_name=name)

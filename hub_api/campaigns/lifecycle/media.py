"""The file that all messages of a campaign carry."""

from __future__ import annotations

from hub_api.campaigns.lifecycle.bodies import CampaignMedia
from hub_api.media import outgoing
from hub_api.media.bodies import MediaInput
from hub_api.services import Services
from shared.protocol.content import Content, ContentType, MediaFile

_PICTURES = ("image/jpeg", "image/png", "image/webp")
_VIDEOS = ("video/mp4", "video/3gpp")


def content_of(services: Services, cliente_id: int, media: CampaignMedia, now_ms: int) -> Content:
    """What each message carries. Raises NotFound, ValidationFailed, PayloadTooLarge; the details name the field."""
    source = MediaInput(media_id=media.media_id)

    def taken(kind: ContentType) -> MediaFile:
        return outgoing.take(services, cliente_id, kind, source, now_ms, media.file_name)

    if media.type is not None:
        return Content(ContentType(media.type), taken(ContentType(media.type)))
    file = taken(ContentType.DOCUMENT)  # any file may be one
    kind = _shown_as(file.mime_type)
    return Content(kind, file if kind is ContentType.DOCUMENT else taken(kind))


def _shown_as(mime_type: str) -> ContentType:
    if mime_type in _PICTURES:
        return ContentType.IMAGE
    return ContentType.VIDEO if mime_type in _VIDEOS else ContentType.DOCUMENT

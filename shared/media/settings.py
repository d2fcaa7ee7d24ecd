"""Settings of media: where they lie, how large they may be, how long they stay."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import Field
from pydantic_settings import BaseSettings

from shared.protocol.content import ContentType
from shared.protocol.inbound import InboundType

MIB = 1 << 20


class MediaSettings(BaseSettings):
    """A part of `shared.settings.Settings`."""

    media_url: str = Field(
        default="",
        description="Where media lie, received ones and those to send: a directory, or any URL of fsspec's, such as "
        "`s3://bucket/folder` (`pip install 'leadmaster[s3]'`). Empty: `media/` under the data directory. Hub, "
        "background worker and all hosts must reach the same.",
    )
    media_max_image_mib: int = Field(
        default=32, ge=0, le=2_000, description="MiB of an image or a sticker that is fetched at most."
    )
    media_max_video_mib: int = Field(default=128, ge=0, le=2_000, description="MiB of a video that is fetched at most.")
    media_max_audio_mib: int = Field(
        default=32, ge=0, le=2_000, description="MiB of a voice note or other audio that is fetched at most."
    )
    media_max_document_mib: int = Field(
        default=128, ge=0, le=2_000, description="MiB of a document that is fetched at most."
    )
    media_quota_mib: int = Field(
        default=10_240,
        ge=0,
        description="MiB that a tenant's media may take; what comes in beyond it is not fetched and says so, and "
        "nothing more is taken to be sent. 0: no limit.",
    )
    media_min_free_mib: int = Field(
        default=1_024,
        ge=0,
        description="MiB that stay free on the disk of media: below it fetching waits, and nothing is taken to be "
        "sent.",
    )
    media_retention_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Days that received media are kept; 0: as long as their messages (`RETENTION_DAYS`).",
    )
    media_upload_days: int = Field(
        default=30,
        ge=1,
        le=36_500,
        description="Days that a file which a caller gave to be sent is kept while no message takes it; its messages "
        "keep it for as long as they are kept themselves.",
    )
    media_fetch_seconds: float = Field(
        default=300, ge=1, le=3_600, description="Seconds that fetching the bytes of one message may take."
    )

    media_send_max_image_mib: int = Field(
        default=16, ge=1, le=2_000, description="MiB that an image or a sticker which is to be sent may have."
    )
    media_send_max_video_mib: int = Field(
        default=16, ge=1, le=2_000, description="MiB that a video which is to be sent may have."
    )
    media_send_max_audio_mib: int = Field(
        default=16, ge=1, le=2_000, description="MiB that a voice note or other audio which is to be sent may have."
    )
    media_send_max_document_mib: int = Field(
        default=100, ge=1, le=2_000, description="MiB that a document which is to be sent may have."
    )
    media_send_max_megapixels: int = Field(
        default=64,
        ge=1,
        le=1_000,
        description="Millions of pixels that the header of a picture which is to be sent may claim.",
    )
    media_url_seconds: float = Field(
        default=30, ge=1, le=300, description="Seconds that fetching a URL which a caller gives to be sent may take."
    )

    @property
    def media_send_limits(self) -> Mapping[ContentType, int]:
        """Bytes by type of content."""
        audio, image = self.media_send_max_audio_mib * MIB, self.media_send_max_image_mib * MIB
        return {
            ContentType.IMAGE: image,
            ContentType.STICKER: image,
            ContentType.VIDEO: self.media_send_max_video_mib * MIB,
            ContentType.AUDIO: audio,
            ContentType.VOICE: audio,
            ContentType.DOCUMENT: self.media_send_max_document_mib * MIB,
        }

    @property
    def media_limits(self) -> Mapping[InboundType, int]:
        """Bytes by type of message."""
        audio, image = self.media_max_audio_mib * MIB, self.media_max_image_mib * MIB
        return {
            InboundType.IMAGE: image,
            InboundType.STICKER: image,
            InboundType.VIDEO: self.media_max_video_mib * MIB,
            InboundType.AUDIO: audio,
            InboundType.VOICE: audio,
            InboundType.DOCUMENT: self.media_max_document_mib * MIB,
        }

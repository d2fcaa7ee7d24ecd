"""What callers get about media to send, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from hub_api.media.models import Upload


class MediaObject(BaseModel):
    ok: Literal[True]
    media_id: str = Field(description="For messages and campaigns: `media: {media_id}`")
    mime_type: str = Field(description="By the file's content; of a document by its name too, where that agrees")
    size: int = Field(description="Bytes")
    sha256: str = Field(description="Of its bytes, 64 hexadecimal digits")
    file_name: str = Field(description='As it was told, without what is no name; "" where none was')


def media_fields(upload: Upload) -> dict[str, Any]:
    """A file as callers see it."""
    return {
        "media_id": upload.media_id,
        "mime_type": upload.mime_type,
        "size": upload.size,
        "sha256": upload.sha256,
        "file_name": upload.file_name,
    }

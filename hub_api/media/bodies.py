"""What callers send of media to send, validated once at the edge."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictStr, model_validator

from hub_api.web.fields import Input

MAX_URL = 2_000  # characters

MediaId = Annotated[StrictStr, Field(pattern=r"^[0-9A-HJKMNP-TV-Z]{26}$", description="As `POST …/media` answered it")]


class MediaInput(Input):
    """Where the bytes of one message come from: exactly one of `media_id`, `base64` (with `mime_type`) and `url`."""

    media_id: MediaId | None = None
    base64: StrictStr | None = Field(default=None, min_length=1, description="The bytes, within the limit of the body")
    mime_type: StrictStr | None = Field(
        default=None, max_length=100, description="With `base64`: what they are; compared with what they show"
    )
    url: StrictStr | None = Field(default=None, min_length=1, max_length=MAX_URL, description="Fetched at once")

    @model_validator(mode="after")
    def _one_source(self) -> MediaInput:
        if sum(source is not None for source in (self.media_id, self.base64, self.url)) != 1:
            raise ValueError("exactly one of media_id, base64 and url")
        if (self.base64 is None) != (self.mime_type is None):
            raise ValueError("mime_type goes with base64, and base64 with mime_type")
        return self

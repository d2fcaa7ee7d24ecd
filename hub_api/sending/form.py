"""A message that comes with its file, as `multipart/form-data`: each field of the JSON body is a part of that name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError

from hub_api.sending.bodies import Caption, FileName, MediaBody, Mentions, OnNotReady, Reference, SendBody
from hub_api.web.fields import ClienteId, IdempotencyKey, Input, Moment, Recipient
from hub_api.web.inputs import rejected
from shared.errors import ValidationFailed

_MAX_DIGITS = 10  # of a cliente_id
_TO_COME = {"media_id": "0" * 26}  # in the place of the file, which is there already


class SendForm(Input):
    """For the document; the parts are read as the JSON body is."""

    type: Literal["image", "video", "audio", "voice", "document", "sticker"]
    to: Recipient
    file: Annotated[str, Field(description="The bytes", json_schema_extra={"format": "binary"})]
    caption: Caption | None = None
    file_name: FileName | None = Field(default=None, description="Instead of the part's own file name")
    reply_to: Reference | None = None
    mentions: Annotated[Mentions | None, Field(description="A JSON array")] = None
    idempotency_key: IdempotencyKey | None = None
    on_not_ready: OnNotReady = "reject"
    expires_at: Moment | None = None
    cliente_id: ClienteId | None = None


def body_of(fields: Mapping[str, str]) -> MediaBody:
    """The parts beside the file as the JSON body. Raises ValidationFailed and the like; the details name the part."""
    said: dict[str, Any] = dict(fields)
    if "type" not in said:
        raise ValidationFailed(details={"type": "required beside a file"})
    if "media" in said:
        raise ValidationFailed(details={"media": "the file comes as the part `file`"})
    if "mentions" in said:
        said["mentions"] = _array("mentions", said["mentions"])
    cliente_id = said.get("cliente_id", "")
    if cliente_id.isascii() and cliente_id.isdecimal() and len(cliente_id) <= _MAX_DIGITS:
        said["cliente_id"] = int(cliente_id)
    try:
        body = SendBody.model_validate(said | {"media": _TO_COME}).root
    except ValidationError as error:
        raise rejected(error, SendBody.TAGS) from None
    if not isinstance(body, MediaBody):
        raise ValidationFailed(details={"type": f"a message of type {body.of} has no file"})
    return body


def _array(name: str, text: str) -> list[Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, list):
        raise ValidationFailed(details={name: "must be a JSON array"})
    return found

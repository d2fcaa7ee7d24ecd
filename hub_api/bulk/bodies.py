"""What callers send about bulk sends, validated once at the edge."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, GetJsonSchemaHandler
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from hub_api.sending.bodies import SendBody
from hub_api.web.fields import MAX_IN_BULK, IdempotencyKey, Input, TenantPath


class BulkPath(TenantPath):
    bulk_id: str = Field(max_length=64)


class _AsMessage:
    """Has the document show an entry as the message that it is to be; each is validated by itself, later."""

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """See pydantic's documentation of custom JSON schemas."""
        return handler(SendBody.__pydantic_core_schema__)


class BulkBody(Input):
    """Each entry is a message as in a single send, of any type, accepted or refused by itself."""

    messages: Annotated[list[Annotated[Any, _AsMessage]], Field(min_length=1, max_length=MAX_IN_BULK)]
    idempotency_key: IdempotencyKey | None = Field(default=None, description="Of the whole call, as the header")

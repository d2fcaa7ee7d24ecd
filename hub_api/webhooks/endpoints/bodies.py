"""What callers send about endpoints, validated once at the edge."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, StrictBool, StrictStr

from hub_api.public_events.types import PublicEventType
from hub_api.reaching.url import fault_of
from hub_api.web.fields import ClienteId, Cursor, Input, Limit, Text

MAX_URL = 2_048
MAX_HEADERS = 20
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")
_VALUE = re.compile(r"[\x20-\x7e]{0,1000}")
_OURS = {
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "expect",
    "host",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


def _url(text: str) -> str:
    fault = fault_of(text)
    if fault is not None:
        raise ValueError(fault)
    return text


def _headers(found: dict[str, str]) -> dict[str, str]:
    if len({name.lower() for name in found}) < len(found):
        raise ValueError("a name occurs twice")
    for name, value in found.items():
        if not _NAME.fullmatch(name):
            raise ValueError("a name is no name of a header")
        if name.lower() in _OURS or name.lower().startswith("webhook-"):
            raise ValueError(f"{name} is not yours to set")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"{name}: up to 1,000 printable ASCII characters")
    return found


def _once(events: list[PublicEventType]) -> list[PublicEventType]:
    return list(dict.fromkeys(events))


Url = Annotated[
    Text,
    Field(min_length=1, max_length=MAX_URL, description="http or https, without credentials"),
    AfterValidator(_url),
]
Events = Annotated[list[PublicEventType], Field(min_length=1, max_length=20), AfterValidator(_once)]
Headers = Annotated[dict[StrictStr, StrictStr], Field(max_length=MAX_HEADERS), AfterValidator(_headers)]


class WebhookPath(Input):
    webhook_id: Annotated[str, Field(max_length=26, pattern=r"^[A-Za-z0-9]+$")]


class WebhooksQuery(Input):
    cursor: Cursor | None = None
    limit: Limit = 100


class WebhookBody(Input):
    """An endpoint. events: which types it is told of; all of them where there are none."""

    url: Url
    events: Events | None = None
    headers: Headers = Field(default_factory=dict, description="Sent with each delivery")
    active: StrictBool = True
    cliente_id: ClienteId | None = Field(default=None, description="The tenant, for an admin")


class WebhookEdit(Input):
    """What is left out stays. `events: null` means all of them."""

    url: Url | None = None
    events: Events | None = None
    headers: Headers | None = None
    active: StrictBool | None = None
    cliente_id: ClienteId | None = Field(default=None, description="The tenant, for an admin")

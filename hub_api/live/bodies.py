"""What callers send to open a stream, validated once at the edge."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, StrictStr

from hub_api.public_events import numbers
from hub_api.public_events.types import PublicEventType
from hub_api.web.fields import Input


def _types(text: str) -> str:
    known = {each.value for each in PublicEventType}
    unknown = [name for name in _names(text) if name not in known]
    if unknown or not _names(text):
        raise ValueError(f"types of events, separated by commas: {', '.join(sorted(known))}")
    return text


def _event_id(text: str) -> str:
    try:
        numbers.read(text)
    except ValueError:
        raise ValueError("the id of an event") from None
    return text


def _names(text: str) -> list[str]:
    return [name for name in map(str.strip, text.split(",")) if name]


EventTypes = Annotated[StrictStr, Field(max_length=400), AfterValidator(_types)]
EventId = Annotated[StrictStr, Field(max_length=19), AfterValidator(_event_id)]


class StreamQuery(Input):
    types: EventTypes | None = Field(default=None, description="Only these, separated by commas; all of them if absent")
    last_event_id: EventId | None = Field(
        default=None, description="Begin after this event, as the header Last-Event-ID does, which goes first"
    )
    ticket: StrictStr | None = Field(
        default=None, max_length=100, description="In place of a token or key; see POST /api/events/ticket"
    )

    @property
    def wanted_types(self) -> frozenset[str] | None:
        """None: all of them."""
        return None if self.types is None else frozenset(_names(self.types))

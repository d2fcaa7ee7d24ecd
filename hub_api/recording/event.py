"""One entry of the events stream, parsed. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_NEVER_IN_HISTORY = ("message", "to")  # they stand in the message itself


@dataclass(frozen=True, slots=True)
class Event:
    """event_id: the stream's, sortable within one server's life. at: milliseconds. message_id: "" for a session's."""

    event_id: str
    type: str
    cliente_id: int
    message_id: str
    at: int
    data: dict[str, Any]

    @classmethod
    def parse(cls, event_id: str, fields: Mapping[str, str]) -> Event:
        """Raises ValueError, KeyError or TypeError for what is no event of ours."""
        data = json.loads(fields["data"])
        if not isinstance(data, dict):
            raise TypeError("data is no object")
        return cls(
            event_id,
            storable(fields["type"], 40),
            int(fields["cliente_id"]),
            storable(fields["message_id"], 64),
            int(fields["at"]),
            data,
        )

    @property
    def history_data(self) -> str:
        """What the history keeps, as JSON: never the message's text."""
        return json.dumps({name: value for name, value in self.data.items() if name not in _NEVER_IN_HISTORY})

    @property
    def order(self) -> tuple[int, int]:
        """For comparing two event ids."""
        return stream_order(self.event_id)


def stream_order(event_id: str) -> tuple[int, int]:
    """`"1767225600000-3"` → (1767225600000, 3)."""
    ms, _, sequence = event_id.partition("-")
    return int(ms), int(sequence or 0)


def storable(text: object, longest: int) -> str:
    """Text as every database takes it: no NUL, no lone surrogate, not longer than its column."""
    return str(text).replace("\x00", "").encode("utf-8", "replace").decode()[:longest]

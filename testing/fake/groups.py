"""Groups of a WhatsApp in memory."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FakeGroup:
    """One group. by_lid: its members are addressed by their LIDs, so that keys of messages in it name ours."""

    group_id: str
    by_lid: bool = False

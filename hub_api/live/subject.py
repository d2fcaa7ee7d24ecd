"""What open streams add to the hub."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject(name="live", views=("hub_api.live.views",))

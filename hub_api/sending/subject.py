"""What sending adds to the hub."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject(name="sending", views=("hub_api.sending.views",))

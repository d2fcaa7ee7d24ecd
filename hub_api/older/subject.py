"""What the older calls register."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject("older", views=("hub_api.older.views",))

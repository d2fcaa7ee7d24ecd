"""What pairing registers."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject("pairing", views=("hub_api.pairing.views",))

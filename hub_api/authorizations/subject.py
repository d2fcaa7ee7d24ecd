"""What authorizations register."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject("authorizations", views=("hub_api.authorizations.views",))

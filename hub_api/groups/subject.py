"""What groups add to the hub."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject(name="groups", views=("hub_api.groups.views",))

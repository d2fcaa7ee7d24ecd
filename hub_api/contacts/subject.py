"""What numbers add to the hub."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject(name="contacts", views=("hub_api.contacts.views",))

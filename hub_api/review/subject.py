"""What review adds to the hub."""

from __future__ import annotations

from hub_api.registry import Subject

SUBJECT = Subject(name="review", views=("hub_api.review.views",))

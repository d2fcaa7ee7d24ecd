"""What review adds to the hub."""

from __future__ import annotations

from hub_api.registry import Subject
from hub_api.review import views

SUBJECT = Subject(name="review", blueprints=(views.blueprint,))

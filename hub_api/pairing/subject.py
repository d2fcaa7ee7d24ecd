"""What pairing registers."""

from __future__ import annotations

from hub_api.pairing import views
from hub_api.registry import Subject

SUBJECT = Subject("pairing", blueprints=(views.blueprint,))

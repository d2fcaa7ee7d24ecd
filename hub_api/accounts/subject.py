"""What accounts register."""

from __future__ import annotations

from hub_api.accounts import views
from hub_api.registry import Subject

SUBJECT = Subject("accounts", blueprints=(views.blueprint,))

"""What authorizations register."""

from __future__ import annotations

from hub_api.authorizations import views
from hub_api.registry import Subject

SUBJECT = Subject("authorizations", blueprints=(views.blueprint,))

"""What bulk sends add to the hub."""

from __future__ import annotations

from hub_api.bulk.models import Bulk
from hub_api.registry import Expiring, Subject

SUBJECT = Subject(
    name="bulk",
    views=("hub_api.bulk.views",),
    expiring=(Expiring("bulks", Bulk.bulk_id, lambda before: Bulk.created_at < before),),
)

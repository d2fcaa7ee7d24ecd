"""What media add to the hub."""

from __future__ import annotations

from hub_api.media.restore import restore
from hub_api.media.retention import MediaRetention
from hub_api.registry import PeriodicTask, Subject
from shared import names

SUBJECT = Subject(
    name="media",
    views=("hub_api.media.views",),
    restore=(restore,),
    tasks=(PeriodicTask(names.TASK_FORGET_MEDIA, lambda services: MediaRetention(services).run),),
)

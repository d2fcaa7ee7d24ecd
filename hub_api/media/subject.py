"""What media add to the hub."""

from __future__ import annotations

from hub_api.media.keeping.named_files import restore_used
from hub_api.media.keeping.retention import MediaRetention
from hub_api.media.uploads import UPLOADED_FILES
from hub_api.registry import PeriodicTask, Subject
from shared import names

SUBJECT = Subject(
    name="media",
    views=("hub_api.media.views",),
    restore=(restore_used,),
    named_files=(UPLOADED_FILES,),
    tasks=(PeriodicTask(names.TASK_FORGET_MEDIA, lambda services: MediaRetention(services).run),),
)

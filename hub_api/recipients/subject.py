"""What recipients add to the hub."""

from __future__ import annotations

from hub_api.recipients.recorder import AddressRecorder
from hub_api.recipients.restore import restore
from hub_api.registry import Subject

SUBJECT = Subject(
    name="recipients",
    event_handlers=(lambda services: AddressRecorder(),),
    restore=(restore,),
)

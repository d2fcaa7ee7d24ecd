"""What sending adds to the hub."""

from __future__ import annotations

from hub_api.media.bodies import MediaInput
from hub_api.registry import Subject
from hub_api.sending.bodies import BODIES, LinkPreviewBody, SendBody
from hub_api.sending.form import SendForm

SUBJECT = Subject(
    name="sending",
    views=("hub_api.sending.views",),
    schemas=(SendBody, SendForm, *BODIES, LinkPreviewBody, MediaInput),
)

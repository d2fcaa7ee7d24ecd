"""What sessions register."""

from __future__ import annotations

from hub_api.registry import Expiring, Subject
from hub_api.sessions.models import SessionEventRecord
from hub_api.sessions.objects import MovedSession, ScannableSession
from hub_api.sessions.recorder import SessionRecorder
from hub_api.sessions.restore import restore

SUBJECT = Subject(
    "sessions",
    views=("hub_api.sessions.views",),
    event_handlers=(SessionRecorder,),
    restore=(restore,),
    schemas=(MovedSession, ScannableSession),
    expiring=(Expiring("session_events", SessionEventRecord.event_id, lambda before: SessionEventRecord.at < before),),
)

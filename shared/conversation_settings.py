"""Settings of conversations: what may be done to messages that are on WhatsApp, and what is asked about people."""

from __future__ import annotations

from pydantic import Field
from pydantic_settings import BaseSettings


class ConversationSettings(BaseSettings):
    """A part of `shared.settings.Settings`."""

    message_edit_seconds: float = Field(
        default=900,
        ge=0,
        le=86_400,
        description="Seconds after it was sent in which a message may be edited; WhatsApp itself allows 15 to 20 "
        "minutes. Beyond it `TOO_LATE`.",
    )
    message_delete_seconds: float = Field(
        default=216_000,
        ge=0,
        le=604_800,
        description="Seconds after it was sent in which a message may be deleted for everyone; WhatsApp itself allows "
        "two and a half days. Beyond it `TOO_LATE`.",
    )
    contact_checks_per_hour: int = Field(
        default=100,
        ge=0,
        description="Numbers of which a tenant may have WhatsApp asked in one hour (`GET …/contacts/{number}`, its "
        "`profile`, and `POST …/contacts/check`); beyond it `RATE_LIMITED`. Asking for many gets a phone banned. "
        "0: no limit.",
    )
    contact_kept_seconds: int = Field(
        default=86_400,
        ge=0,
        le=2_592_000,
        description="Seconds that such an answer is known without asking again; that a number is not on WhatsApp, and "
        "a profile, an hour at most. 0: never.",
    )

"""What callers get about numbers, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, Field

from shared.instant import to_iso
from shared.protocol.profiles import Profile


class Contact(BaseModel):
    ok: Literal[True]
    number: str
    exists: bool | None = Field(description="Null where WhatsApp could not be asked")
    chat_id: str | None


class CheckedNumber(BaseModel):
    number: str = Field(description="Canonical digits; as it was given where it is no number")
    exists: bool | None = Field(description="Null where WhatsApp was not asked, or did not answer: `error` says why")
    chat_id: str | None
    error: str | None


class CheckedNumbers(BaseModel):
    ok: Literal[True]
    items: list[CheckedNumber]
    next: str | None


class ContactProfile(BaseModel):
    """What the person hides from the number is null."""

    ok: Literal[True]
    number: str
    chat_id: str
    name: str | None = Field(description="As the phone's address book has it; of a business its verified name")
    push_name: str | None = Field(description="What the person calls himself")
    business: bool
    about: str | None
    picture_url: str | None = Field(description="At WhatsApp's servers")
    picture_expires: str | None = Field(description="When that address stops working, as far as it says so")


def profile_object(number: str, profile: Profile) -> dict[str, Any]:
    """A profile as callers get it."""
    return {
        "number": number,
        "chat_id": profile.chat_id,
        "name": profile.name,
        "push_name": profile.push_name,
        "business": profile.business,
        "about": profile.about,
        "picture_url": profile.picture_url,
        "picture_expires": to_iso(_expires_ms(profile.picture_url)),
    }


def _expires_ms(url: str | None) -> int | None:
    """WhatsApp's addresses of pictures say it in `oe`, in hexadecimal seconds since the epoch."""
    told = parse_qs(urlsplit(url or "").query).get("oe", [""])[0]
    try:
        return int(told, 16) * 1_000 if len(told) == 8 else None
    except ValueError:
        return None

"""What callers get about groups, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.instant import to_iso
from shared.protocol.groups import Group, GroupRole


class GroupFields(BaseModel):
    group_id: str = Field(description="`…@g.us`; what `to` takes, where the tenant may write to groups")
    cliente_id: int
    subject: str
    description: str | None
    owner: str | None = Field(description="Digits, or a LID; null where WhatsApp names none")
    created_at: str | None
    only_admins: bool = Field(description="Only admins may write in it")
    size: int = Field(description="How many are in it")


class ParticipantFields(BaseModel):
    participant_id: str = Field(description="`…@c.us`, or `…@lid`")
    number: str | None = Field(description="Where WhatsApp says it")
    role: GroupRole


class GroupObject(GroupFields):
    ok: Literal[True]
    participants: list[ParticipantFields]


class GroupList(BaseModel):
    ok: Literal[True]
    items: list[GroupFields]
    next: str | None


def group_object(cliente_id: int, group: Group) -> dict[str, Any]:
    """A group as callers get it, without its participants."""
    return {
        "group_id": group.group_id,
        "cliente_id": cliente_id,
        "subject": group.subject,
        "description": group.description or None,
        "owner": group.owner or None,
        "created_at": to_iso(group.created_at),
        "only_admins": group.only_admins,
        "size": group.size,
    }


def participants_of(group: Group) -> list[dict[str, Any]]:
    """Its participants as callers get them."""
    return [
        {"participant_id": one.participant_id, "number": one.number or None, "role": one.role.value}
        for one in group.participants
    ]

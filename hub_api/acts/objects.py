"""What callers get about acts, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from shared.instant import to_iso
from shared.protocol.acts import ActEntry, ActKind, ActStatus
from shared.texts import Language, error_text


class ActObject(BaseModel):
    """Something that was asked to be done to a message, and what came of it."""

    ok: Literal[True]
    act_id: str
    cliente_id: int
    kind: ActKind
    message_id: str | None = Field(description="Ours; null where the message did not go out through us")
    whatsapp_id: str
    emoji: str | None = Field(description="Of a reaction; empty where it is taken back")
    status: ActStatus = Field(
        description="`done`: WhatsApp's server has it. `failed`: it certainly did not take place. `unknown`: nobody "
        "can say; repeating it does no harm"
    )
    error: str | None
    error_message: str | None
    asked_at: str | None
    ended_at: str | None


def act_object(entry: ActEntry, language: Language) -> dict[str, Any]:
    """An act as callers get it."""
    act = entry.act
    return {
        "act_id": act.act_id,
        "cliente_id": act.cliente_id,
        "kind": act.kind.value,
        "message_id": act.message_id or None,
        "whatsapp_id": act.whatsapp_id,
        "emoji": act.emoji if act.kind is ActKind.REACTION else None,
        "status": entry.status.value,
        "error": entry.error or None,
        "error_message": error_text(entry.error, language) if entry.error else None,
        "asked_at": to_iso(act.asked_at),
        "ended_at": to_iso(entry.ended_at),
    }

"""What callers get about conversations, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from hub_api.inbox.objects import InboundFields
from hub_api.messages.objects import MessageStatusName, SentLink
from shared.protocol.inbound import Direction


class ReactionNow(BaseModel):
    from_: str = Field(alias="from")
    direction: Direction
    emoji: str
    at: str | None


class ChatMessageFields(InboundFields):
    """The inbound object, and of a message that went out through us its id and ticks; they are null for all others."""

    whatsapp_id: str | None = Field(description="Null for one of ours that has no key yet")  # type: ignore[assignment]
    from_: str | None = Field(  # type: ignore[assignment]
        alias="from", description="Digits, or a LID; null for what went out through us"
    )
    message_id: str | None = Field(description="Ours; null for what was received, and for what the owner wrote")
    status: MessageStatusName | None
    sent_at: str | None
    delivered_at: str | None
    read_at: str | None
    error: str | None
    error_message: str | None
    mentions: list[str] | None = Field(description="Of ours: whom its text names, canonical digits")
    link_preview: SentLink | None = Field(description="Of ours")
    reactions: list[ReactionNow] = Field(description="The latest of each person; those taken back are left out")


class ChatFields(BaseModel):
    chat_id: str = Field(description="`<number>@c.us`, `…@lid` where no number is known, `…@g.us`")
    cliente_id: int
    number: str | None = Field(description="Of a person, where it is known")
    name: str | None = Field(description="What the person calls himself; of a group, its name")
    group: bool
    unread: int = Field(description="Received since it was marked as read, or since a single message answered")
    last_at: str | None
    last_message: ChatMessageFields | None = Field(description="Null where it is no longer on record")


class ChatObject(ChatFields):
    ok: Literal[True]


class ChatList(BaseModel):
    ok: Literal[True]
    items: list[ChatFields]
    next: str | None


class ChatMessageList(BaseModel):
    ok: Literal[True]
    items: list[ChatMessageFields]
    next: str | None


class Typing(BaseModel):
    ok: Literal[True]
    chat_id: str
    seconds: float
    recording: bool

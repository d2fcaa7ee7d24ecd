"""What callers get about received messages, for the document; a test checks real answers against these models."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from shared.protocol.inbound import Direction, InboundType, MediaStatus


class MediaFields(BaseModel):
    status: MediaStatus = Field(description="`expired`: neither WhatsApp nor the phone has the bytes any more")
    mime_type: str | None
    file_name: str | None
    size: int | None = Field(description="Bytes; as the sender claims until they are `available`")
    sha256: str | None = Field(description="Hex digits; null until they are `available`")
    error: str | None = Field(description="Why they are not here: a code; null where the status says it")


class LocationFields(BaseModel):
    latitude: float
    longitude: float
    name: str
    address: str
    url: str


class ContactCardFields(BaseModel):
    name: str
    numbers: list[str] = Field(description="As they are written in the card")
    vcard: str


class ReactionFields(BaseModel):
    emoji: str = Field(description='"" where the reaction was taken back')
    to: str = Field(description="WhatsApp's key of the message that it is put to")


class PollFields(BaseModel):
    question: str
    options: list[str]
    multiple: bool = Field(description="More than one may be chosen")


class VoteFields(BaseModel):
    poll: str = Field(description="WhatsApp's key of the poll")
    options: list[str] = Field(description="All that is chosen now; empty where the vote was taken back")


class ChoiceFields(BaseModel):
    choice_id: str
    title: str


class CallFields(BaseModel):
    video: bool
    group: bool


class ReferralFields(BaseModel):
    """The advertisement that a lead came from, as WhatsApp tells of it."""

    source_url: str
    title: str
    description: str
    media_type: str
    media_url: str
    thumbnail_url: str
    source_app: str
    source_id: str
    conversion_source: str
    raw: str = Field(description="All that WhatsApp told, as JSON")


class InboundFields(BaseModel):
    whatsapp_id: str
    cliente_id: int
    chat_id: str = Field(description="`<number>@c.us`, `…@lid` where no number is known, `…@g.us`")
    from_: str = Field(alias="from", description="Digits, or a LID; the tenant's own number where `direction` is `out`")
    author: str | None = Field(description="In a group, who wrote it")
    push_name: str | None = Field(description="What the sender calls himself")
    direction: Direction = Field(description="`out`: the owner wrote it on the phone")
    type: InboundType
    raw_type: str | None = Field(description="WhatsApp's own word, where `type` is `unknown`")
    message: str = Field(description="Text or caption, as it was edited last; kept where the message was revoked")
    at: str | None
    reply_to: str | None = Field(description="WhatsApp's key of the message that it answers, ours or theirs")
    media: MediaFields | None
    location: LocationFields | None
    contacts: list[ContactCardFields]
    reaction: ReactionFields | None
    poll: PollFields | None
    vote: VoteFields | None
    choice: ChoiceFields | None = Field(description="Of a `button` or `list`: what was chosen")
    call: CallFields | None
    referral: ReferralFields | None
    edited_at: str | None
    revoked_at: str | None


class InboundObject(InboundFields):
    ok: Literal[True]


class InboundList(BaseModel):
    ok: Literal[True]
    items: list[InboundFields]
    next: str | None

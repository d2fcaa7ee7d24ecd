"""Calls about conversations."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask_openapi3.models.tag import Tag

from hub_api.chats import service as conversations
from hub_api.chats.bodies import ChatPath, PageQuery, TypingBody
from hub_api.chats.objects import ChatList, ChatMessageList, ChatObject, Typing
from hub_api.web.answers import Failure, listed, succeeded
from hub_api.web.endpoint import Blueprint, Call, endpoint
from hub_api.web.fields import TenantPath
from hub_api.web.inputs import Body
from hub_api.web.tenant import in_url

blueprint = Blueprint(
    "chats", __name__, url_prefix="/api/whatsapp/<string:cliente_id>/chats", abp_tags=[Tag(name="conversations")]
)
_COMMON: Any = {400: Failure, 401: Failure, 403: Failure, 404: Failure, 503: Failure}


@blueprint.get("", summary="Conversations, the latest first", responses={200: ChatList, **_COMMON})
@endpoint(in_url)
def list_chats(call: Call, path: TenantPath, query: PageQuery) -> Response:
    """Each with its last message and how many wait to be read; from the database, a second behind."""
    return listed(
        *conversations.listed(call.services, call.cliente_id, query.cursor, query.limit, call.profile.language)
    )


@blueprint.get(
    "/<string:chat_id>/messages", summary="A conversation, newest first", responses={200: ChatMessageList, **_COMMON}
)
@endpoint(in_url)
def list_chat_messages(call: Call, path: ChatPath, query: PageQuery) -> Response:
    """What came, what the owner wrote on the phone, and what we sent, with its status. 404: nobody ever wrote."""
    return listed(
        *conversations.messages(call.services, call.cliente_id, path.chat_id, call.profile, query.cursor, query.limit)
    )


@blueprint.post(
    "/<string:chat_id>/read",
    summary="Mark a conversation as read",
    responses={200: ChatObject, **_COMMON, 502: Failure, 504: Failure},
)
@endpoint(in_url, command="chat read")
def mark_read(call: Call, path: ChatPath) -> Response:
    """On the phone, and for those who wrote, who see it. Asked of the live worker: 503 where it is not READY."""
    return succeeded(conversations.mark_read(call.services, call.cliente_id, path.chat_id, call.profile))


@blueprint.post(
    "/<string:chat_id>/typing",
    summary="Show that somebody is writing",
    responses={200: Typing, **_COMMON, 502: Failure, 504: Failure},
)
@endpoint(in_url, body=Body(optional=True), command="typing")
def show_typing(call: Call, path: ChatPath, body: TypingBody) -> Response:
    """For so many seconds, to those in the chat who have it open. 200 once it has begun; 503 where it is not READY."""
    seconds = body.seconds
    chat_id = conversations.show_typing(
        call.services, call.cliente_id, path.chat_id, seconds, call.profile, recording=body.recording
    )
    return succeeded({"chat_id": chat_id, "seconds": seconds, "recording": body.recording})

"""What people do in conversations with a fake WhatsApp: the same words as the simulator's."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from session_worker.engine.heard import Heard
from shared.instant import now_ms
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.inbound import Change, Direction, InboundType, MediaSource, PollVote, ReactionTo
from testing.fake.whatsapp import FakeWhatsApp
from tests.contract.engine.arrivals import MEDIA, NOTES, Arrival


class FakeConversations:
    """Part of `FakeWorld`."""

    def __init__(self, whatsapp: FakeWhatsApp) -> None:
        self._whatsapp = whatsapp
        self._numbers = itertools.count(1)

    def receive(
        self,
        number: str,
        sender: str,
        arrival: Arrival,
        *,
        group: str = "",
        from_me: bool = False,
        quotes: str = "",
        silent: bool = False,
        tells_number: bool = False,
    ) -> str:
        chat = group or self._whatsapp.chat_id(sender)
        writer = number if from_me else sender
        told = writer if from_me or tells_number or group or chat.endswith("@c.us") else chat
        author = f"_{writer}@c.us" if group else ""
        key = f"{'true' if from_me else 'false'}_{chat}_{self._whatsapp.new_message_id()}{author}"
        if arrival.type in NOTES:
            self._whatsapp.note(number)
            return key
        message = MessageInbound(
            told,
            "",
            now_ms(),
            key,
            chat_id=chat,
            author=told if group else "",
            direction=Direction.OUT if from_me else Direction.IN,
            reply_to=quotes,
            media=_media(arrival.type) if arrival.type in MEDIA else None,
        )
        self._whatsapp.deliver(number, replace(message, **arrival.told), silently=silent)
        return key

    def react(
        self, number: str, key: str, emoji: str, *, sender: str = "", from_me: bool = False, silent: bool = False
    ) -> None:
        change = self._about(number, key, InboundType.REACTION, sender, from_me)
        self._change(number, key, replace(change, reaction=ReactionTo(emoji, key)), silent)

    def vote(self, number: str, key: str, options: Sequence[str], *, sender: str = "", silent: bool = False) -> None:
        change = self._about(number, key, InboundType.POLL_VOTE, sender, False)
        self._change(number, key, replace(change, vote=PollVote(key, tuple(options))), silent)

    def edit(self, number: str, key: str, text: str, *, silent: bool = False) -> None:
        update = MessageUpdated(key, Change.EDITED, now_ms(), text, self._key_like(key))
        self._change(number, key, update, silent)

    def revoke(self, number: str, key: str, *, silent: bool = False) -> None:
        self._change(number, key, MessageUpdated(key, Change.REVOKED, now_ms()), silent)

    def _about(self, number: str, key: str, kind: InboundType, sender: str, from_me: bool) -> MessageInbound:
        chat = key.split("_")[1]
        writer = number if from_me else sender or chat.partition("@")[0]
        return MessageInbound(
            writer,
            "",
            now_ms(),
            self._key_like(key),
            chat_id=chat,
            author=writer if chat.endswith("@g.us") else "",
            direction=Direction.OUT if from_me else Direction.IN,
            type=kind,
        )

    def _key_like(self, key: str) -> str:
        return f"{key}-{next(self._numbers)}"

    def _change(self, number: str, key: str, heard: Heard, silent: bool) -> None:
        self._whatsapp.change(number, key, heard, silently=silent)


def _media(kind: str) -> MediaSource:
    return MediaSource(
        kind,
        "x/y",
        7,
        direct_path="/v/t",
        media_key="a2V5",
        media_key_timestamp=1_800_000_000,
        filehash="aA==",
        enc_filehash="ZQ==",
    )

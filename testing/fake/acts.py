"""A fake page's half for acts, groups and profiles: what `session_worker.engine.acts` asks for."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from session_worker.engine.acts import SeenAct
from session_worker.engine.heard import Heard
from session_worker.engine.port import EngineError
from shared.instant import now_ms
from shared.protocol.acts import Act, ActKind
from shared.protocol.events import MessageInbound, MessageUpdated
from shared.protocol.groups import Group
from shared.protocol.inbound import Change, Direction, InboundType, ReactionTo
from shared.protocol.profiles import Profile
from testing.fake.inbox import FakeChange, FakeRow
from testing.fake.page import FakeOpenPage

_ACT_SECONDS = 20.0


class FakeActingPage(FakeOpenPage):
    """Part of `FakeEngine`."""

    def perform(self, act: Act) -> Heard:
        """See `acts.ActingEngine.perform`."""
        with self._answering(_ACT_SECONDS):
            row = self._inbox().find(act.whatsapp_id)
            if row is None:
                raise EngineError("MESSAGE_NOT_FOUND")
            if act.kind is ActKind.EDIT and not self._may_edit(row):
                raise EngineError("NOT_EDITABLE")
            faults = self._whatsapp.acts
            if self._whatsapp.refusals > 0:
                self._whatsapp.refusals -= 1
                faults.refused.add(act.act_id)
                raise EngineError("REFUSED_BY_WHATSAPP")
            change = self._changed_by(act, row)
            if faults.lost_answers > 0:
                faults.lost_answers -= 1
                self._take_place(act, change)
                raise EngineError("PAGE_FAILED", "perform: no answer in time")
            if not self._online:
                raise EngineError("PAGE_FAILED", "perform: no answer in time")
            self._take_place(act, change)
            return change

    def look_up_act(self, act: Act) -> SeenAct:
        """See `acts.ActingEngine.look_up_act`."""
        with self._answering(_ACT_SECONDS):
            self._inbox()
            acts = self._whatsapp.acts
            change = acts.took_place.get(act.act_id)
            if change is not None:
                return SeenAct(took_place=True, change=change)
            return SeenAct(refused=True) if act.act_id in acts.refused else SeenAct(absent=True)

    def show_typing(self, chat_id: str, seconds: float, *, recording: bool = False) -> None:
        """See `acts.ActingEngine.show_typing`."""
        with self._answering(_ACT_SECONDS):
            self._inbox()
            login = self._whatsapp.device(self._device_id).login
            assert login is not None
            self._whatsapp.acts.typing.append((login.number, chat_id, seconds, recording))

    def groups(self) -> tuple[Group, ...]:
        """See `acts.ActingEngine.groups`."""
        with self._answering(_ACT_SECONDS):
            if not self._can_ask():
                raise EngineError("WHATSAPP_ERROR", "groups: NOT_CONNECTED")
            login = self._whatsapp.device(self._device_id).login
            assert login is not None
            self._whatsapp.acts.group_queries += 1
            return tuple(self._whatsapp.acts.groups.get(login.number, ()))

    def profile(self, number: str) -> Profile | None:
        """See `acts.ActingEngine.profile`."""
        with self._answering(_ACT_SECONDS):
            if not self._can_ask():
                raise EngineError("WHATSAPP_ERROR", "profile: NOT_CONNECTED")
            known = self._whatsapp.known_as(number)
            if known is None:
                return None
            chat_id = self._whatsapp.chat_id(known)
            return replace(self._whatsapp.acts.profiles.get(known, Profile(chat_id)), chat_id=chat_id)

    def _may_edit(self, row: FakeRow) -> bool:
        ours = row.message.direction is Direction.OUT and row.revoked is None
        return ours and row.message.at >= now_ms() - self._whatsapp.acts.edit_within_ms

    def _changed_by(self, act: Act, row: FakeRow) -> Heard:
        if act.kind is ActKind.EDIT:
            chat = act.whatsapp_id.split("_")[1]
            key = f"true_{chat}_3EB0{hashlib.sha256(act.act_id.encode()).hexdigest()[:18].upper()}"
            return MessageUpdated(act.whatsapp_id, Change.EDITED, now_ms(), act.text, key)
        if act.kind is ActKind.DELETION:
            return row.revoked or MessageUpdated(act.whatsapp_id, Change.REVOKED, now_ms())
        return self._reaction(act, row)

    def _reaction(self, act: Act, row: FakeRow) -> MessageInbound:
        login = self._whatsapp.device(self._device_id).login
        assert login is not None
        chat = act.whatsapp_id.split("_")[1]
        return MessageInbound(
            login.number,
            "",
            now_ms(),
            f"true_{chat}_{self._whatsapp.new_message_id()}",
            chat_id=chat,
            author=login.number if chat.endswith("@g.us") else "",
            direction=Direction.OUT,
            type=InboundType.REACTION,
            reaction=ReactionTo(act.emoji, row.key),
        )

    def _take_place(self, act: Act, change: Heard) -> None:
        """The server has it; receiving may hear of it as of every change."""
        inbox = self._whatsapp.device(self._device_id).inbox
        inbox.waiting.append(FakeChange(act.whatsapp_id, change))
        inbox.take_in()
        self._whatsapp.acts.took_place[act.act_id] = change
        if act.kind is ActKind.DELETION:
            self._tell(change)
        self._whatsapp.acts.told.append((act.kind, act.whatsapp_id, act.text or act.emoji))

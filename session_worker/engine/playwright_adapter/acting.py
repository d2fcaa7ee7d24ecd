"""The adapter's half for acts, groups and profiles; see `session_worker.engine.acts`."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any

from session_worker.engine.acts import SeenAct
from session_worker.engine.heard import Heard
from session_worker.engine.playwright_adapter.change_facts import deletion_of, edit_of, reaction_of
from session_worker.engine.playwright_adapter.message_facts import Facts
from shared.protocol.acts import Act, ActKind
from shared.protocol.groups import Group, GroupRole, Participant
from shared.protocol.profiles import Profile
from shared.recipient_key import forms

ACT_SECONDS = 20.0
TYPING_SECONDS = 15.0
GROUPS_SECONDS = 20.0
PROFILE_SECONDS = 20.0
_LOOK_UP_SECONDS = 10.0
_EDIT_ID_DIGITS = 18

_CALLS: dict[ActKind, tuple[str, str, Callable[[Facts], Heard]]] = {
    ActKind.REACTION: ("react", "lookUpReaction", reaction_of),
    ActKind.EDIT: ("editMessage", "lookUpEdit", edit_of),
    ActKind.DELETION: ("deleteMessage", "lookUpDeletion", deletion_of),
}


class ActingCalls(ABC):
    """Part of `PlaywrightEngine`."""

    def perform(self, act: Act) -> Heard:
        """See `acts.ActingEngine.perform`."""
        call, _, change_of = _CALLS[act.kind]
        return change_of(self._ask(call, _asked(act), ACT_SECONDS))

    def look_up_act(self, act: Act) -> SeenAct:
        """See `acts.ActingEngine.look_up_act`."""
        _, call, change_of = _CALLS[act.kind]
        told = self._ask(call, _asked(act), _LOOK_UP_SECONDS, failure="PAGE_FAILED")
        change = None if told["change"] is None else change_of(told["change"])
        return SeenAct(bool(told["took_place"]), bool(told["refused"]), bool(told["absent"]), change)

    def show_typing(self, chat_id: str, seconds: float, *, recording: bool = False) -> None:
        """See `acts.ActingEngine.show_typing`."""
        asked = {"chat_id": chat_id, "duration_ms": round(seconds * 1000), "recording": recording}
        self._ask("showTyping", asked, TYPING_SECONDS)

    def groups(self) -> tuple[Group, ...]:
        """See `acts.ActingEngine.groups`."""
        return tuple(_group(told) for told in self._ask("readGroups", None, GROUPS_SECONDS))

    def profile(self, number: str) -> Profile | None:
        """See `acts.ActingEngine.profile`."""
        told = self._ask("readProfile", list(forms(number)), PROFILE_SECONDS)
        return None if told is None else Profile(**told)

    @abstractmethod
    def _ask(self, method: str, argument: object, timeout_seconds: float, *, failure: str = "WHATSAPP_ERROR") -> Any:
        """Calls the bridge and returns its value."""


def _asked(act: Act) -> dict[str, str]:
    match act.kind:
        case ActKind.REACTION:
            return {"key": act.whatsapp_id, "emoji": act.emoji}
        case ActKind.EDIT:
            return {"key": act.whatsapp_id, "text": act.text, "edit_id": edit_id(act)}
        case ActKind.DELETION:
            return {"key": act.whatsapp_id}


def edit_id(act: Act) -> str:
    """The id of an edit's own key, as WhatsApp Web makes them: always the same, so that it can be looked up by it."""
    return "3EB0" + hashlib.sha256(act.act_id.encode()).hexdigest()[:_EDIT_ID_DIGITS].upper()


def _group(told: Mapping[str, Any]) -> Group:
    return Group(
        group_id=str(told["id"]),
        subject=str(told["subject"]),
        description=str(told["description"]),
        owner=str(told["owner"]),
        created_at=int(told["created_ms"]) or None,
        only_admins=bool(told["only_admins"]),
        size=int(told["size"]),
        participants=tuple(
            Participant(
                str(one["id"]), str(one["number"]) if str(one["number"]).isdigit() else "", GroupRole(one["role"])
            )
            for one in told["participants"]
        ),
    )

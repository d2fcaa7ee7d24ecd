"""The part of the engine port that is about messages which are on WhatsApp already, about groups and about profiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from session_worker.engine.heard import Heard
from shared.protocol.acts import Act
from shared.protocol.groups import Group
from shared.protocol.profiles import Profile

# With these an act certainly did not take place: the page does not have the message, does not allow it, or WhatsApp's
# server refused it.
CERTAIN_CODES = frozenset({"MESSAGE_NOT_FOUND", "NOT_EDITABLE", "REFUSED_BY_WHATSAPP"})


@dataclass(frozen=True, slots=True)
class SeenAct:
    """What the page shows of an act; where none of the three is true it does not say."""

    took_place: bool = False  # WhatsApp's server has it; `change` is there
    refused: bool = False  # the server refused it
    absent: bool = False  # the page has nothing of it: it was never told, or forgot it with its reload
    change: Heard | None = None  # what the message is now, as receiving would tell it


class ActingEngine(Protocol):
    """Methods may be called from any thread; a time-out raises EngineError PAGE_FAILED."""

    def perform(self, act: Act) -> Heard:
        """Does something to a message, and waits for WhatsApp's server (<= 20 s). Repeating it is harmless.

        Returns what the message is now, as receiving would tell it. Raises EngineError: with one of CERTAIN_CODES it
        did not take place; WHATSAPP_ERROR, PAGE_FAILED: it may have.
        """

    def look_up_act(self, act: Act) -> SeenAct:
        """Asks the page whether it took place (<= 10 s). Raises EngineError PAGE_FAILED."""

    def show_typing(self, chat_id: str, seconds: float, *, recording: bool = False) -> None:
        """Shows in a chat that somebody writes, or records, for so long; returns once that has begun (<= 15 s).

        Raises EngineError: WHATSAPP_ERROR (no such chat, or the page refuses), PAGE_FAILED.
        """

    def groups(self) -> tuple[Group, ...]:
        """Asks WhatsApp for the groups that the number is in (<= 20 s).

        Raises EngineError: WHATSAPP_ERROR, PAGE_FAILED.
        """

    def profile(self, number: str) -> Profile | None:
        """Asks WhatsApp how the owner of a number shows himself (<= 20 s). None: the number is not on WhatsApp.

        Raises EngineError: WHATSAPP_ERROR, PAGE_FAILED.
        """

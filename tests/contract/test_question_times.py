"""The hub waits longer for an answer than the engine may take to give it."""

from __future__ import annotations

from session_worker.engine.playwright_adapter.acting import GROUPS_SECONDS, PROFILE_SECONDS, TYPING_SECONDS
from session_worker.engine.playwright_adapter.engine import CODE_SECONDS, PREPARE_SECONDS, READ_SECONDS
from shared.protocol.commands import (
    AskContact,
    AskGroup,
    AskGroups,
    AskPairingCode,
    AskProfile,
    AskStatus,
    MarkRead,
    ShowTyping,
)


def test_an_answer_that_comes_in_time_is_heard() -> None:
    assert AskPairingCode.within_s > CODE_SECONDS
    assert AskContact.within_s > PREPARE_SECONDS
    assert MarkRead.within_s > READ_SECONDS
    assert ShowTyping.within_s > TYPING_SECONDS
    assert AskGroups.within_s > GROUPS_SECONDS
    assert AskGroup.within_s > GROUPS_SECONDS
    assert AskProfile.within_s > PROFILE_SECONDS


def test_a_hung_owner_is_told_of_within_five_seconds() -> None:
    assert AskStatus.within_s == 5

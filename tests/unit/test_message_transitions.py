"""The table of a message's life: total, without a way back from what WhatsApp said, and the same in Lua."""

from __future__ import annotations

import re

import pytest

from shared.ledger import script
from shared.names import EventType
from shared.transitions.message import OPEN_STATUSES, OUT_STATUSES, TABLE, MessageStatus, after

ACKNOWLEDGEMENTS = [EventType.MESSAGE_SENT, EventType.MESSAGE_DELIVERED, EventType.MESSAGE_READ]
RANK = {MessageStatus.SENT: 1, MessageStatus.DELIVERED: 2, MessageStatus.READ: 3}


def test_every_status_has_a_row() -> None:
    assert TABLE.keys() == set(MessageStatus)


@pytest.mark.parametrize("status", MessageStatus)
@pytest.mark.parametrize("event", EventType)
def test_an_event_named_like_a_status_leads_there_or_nowhere(status: MessageStatus, event: EventType) -> None:
    following = after(status, event)
    if following is not None:
        assert event.value == f"message.{following.value}"


@pytest.mark.parametrize("status", MessageStatus)
def test_an_acknowledgement_is_evidence_and_never_goes_back(status: MessageStatus) -> None:
    for rank, event in enumerate(ACKNOWLEDGEMENTS, 1):
        following = after(status, event)
        if rank > RANK.get(status, 0):
            assert following is not None
            assert RANK[following] == rank
        else:
            assert following is None


@pytest.mark.parametrize("status", sorted(OUT_STATUSES))
def test_what_whatsapp_has_is_never_queued_failed_or_uncertain_again(status: MessageStatus) -> None:
    assert {after(status, event) for event in EventType} <= {None, *OUT_STATUSES}


def test_only_a_person_reopens_a_message_that_has_ended() -> None:
    ended = set(MessageStatus) - OPEN_STATUSES
    reopened = {status for status in ended for event in EventType if after(status, event) in OPEN_STATUSES}
    assert reopened == {MessageStatus.UNCERTAIN}


def test_the_scripts_get_the_same_table() -> None:
    lua = "\n".join(script.ledger_script(script.__file__, "any")._preamble)
    rows = re.findall(r"(\w+) = \{((?:\['[\w.]+'\] = '\w+'(?:, )?)*)\}", lua)
    read = {
        MessageStatus(status): {
            EventType(event): MessageStatus(following)
            for event, following in re.findall(r"\['([\w.]+)'\] = '(\w+)'", pairs)
        }
        for status, pairs in rows
    }
    assert read == TABLE

"""What becomes of messages whose ledger entry is gone: nothing that may have left is ever queued again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub_api.messages.restored_status import doubtful, restored_as, unseen_sends
from shared.ledger.message import Message
from shared.ledger.restoring.restoring import RestoreAs
from shared.transitions.message import Lane, MessageStatus

NOW = 1_800_000_000_000


def _message(number=0, **fields):
    given = {
        "message_id": f"m{number:04}", "cliente_id": 51, "to": "5491", "text": "x", "status": MessageStatus.QUEUED,
        "lane": Lane.SINGLE, "attempts": 0, "accepted_at_ms": NOW + number, "expires_at_ms": NOW + 10**6,
    }  # fmt: skip
    return Message(**(given | fields))


@pytest.mark.parametrize(
    ("fields", "in_doubt", "way"),
    [
        ({}, False, RestoreAs.QUEUED),
        ({"error": "HELD_NUMBER_CHANGED"}, False, RestoreAs.HELD),
        ({"expires_at_ms": NOW}, False, RestoreAs.EXPIRED),
        ({"lane": Lane.CAMPAIGN}, False, RestoreAs.EXPIRED),
        ({"lane": Lane.CAMPAIGN}, True, RestoreAs.UNCERTAIN),
        ({}, True, RestoreAs.UNCERTAIN),
        ({"expires_at_ms": NOW}, True, RestoreAs.UNCERTAIN),
        ({"status": MessageStatus.SENDING}, False, RestoreAs.UNCERTAIN),
        ({"whatsapp_id": "true_1"}, False, RestoreAs.UNCERTAIN),
    ],
)
def test_as_what_it_comes_back(fields, in_doubt, way):
    assert restored_as(_message(**fields), NOW, in_doubt=in_doubt) is way


def test_as_many_as_the_pace_allows():
    assert unseen_sends(0, 1_000) == 2
    assert unseen_sends(1_500, 1_000) == 4
    assert unseen_sends(1_000, 0) == 12


def _claimed(waiting, rng, unseen_ms, gap_ms, delay_ms):
    """What an owner may claim in that time, by the rules of claim.lua; acknowledgements come when they like."""
    left, claimed, in_flight, now, bulk_at = list(waiting), [], set(), 0, 0
    while now <= unseen_ms:
        in_flight = {to for to in in_flight if rng.random() < 0.5}
        for message in sorted(left, key=lambda one: (one.lane, one.accepted_at_ms)):
            group = (message.to, message.lane)
            if (message.lane > 0 and bulk_at > now) or group in in_flight:
                continue
            if message.attempts and rng.random() < 0.5:  # waits for another attempt, and its recipient with it
                in_flight.add(group)
                continue
            left.remove(message)
            claimed.append(message.message_id)
            in_flight.add(group)
            if message.lane > 0:
                bulk_at = now + delay_ms
            break
        now += gap_ms
    return set(claimed)


@given(st.randoms(use_true_random=False), st.integers(0, 6_000))
def test_whatever_may_have_been_claimed_unseen_is_in_doubt(rng: random.Random, unseen_ms: int):
    waiting = [
        _message(n, to=str(rng.randrange(6)), lane=Lane(rng.randrange(3)), attempts=rng.choice((0, 0, 1)))
        for n in range(rng.randrange(40))
    ]
    claimed = _claimed(waiting, rng, unseen_ms, 1_000, 3_000)
    assert claimed <= doubtful(waiting, unseen_ms, 1_000, 3_000)

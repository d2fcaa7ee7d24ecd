"""The judge of a chaos run sees each thing that must not happen; a judge that can't fail proves nothing."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.chaos.campaign import forgotten_keys
from tests.chaos.contents import (
    FROM_FILES,
    QUESTION,
    TYPES,
    Stock,
    draw,
    mark_of_message,
    mark_of_row,
    shown_of_row,
)
from tests.chaos.kinds import KINDS
from tests.chaos.plan import ALONE_S, ENDS_WINDOW_S, MAX_ENDS, schedule
from tests.chaos.verdict import Posted, judge, table

A, B = "549111", "549112"


def posted(number: int, to: str = A, lane: str = "single") -> Posted:
    return Posted(71, to, lane, number, f"{lane} {to} {number}", f"id-{lane}-{to}-{number}")


def told(one: Posted, status: str = "sent", **changes: Any) -> dict[str, Any]:
    message = {"message_id": one.message_id, "type": "text", "message": one.mark, "status": status}
    return message | {"error": None, "certain": True, "whatsapp_id": f"key {one.mark}"} | changes


def row(one: Posted, seq: int, copies: int = 1, shown: int = 1, key: str = "") -> dict[str, Any]:
    return {
        "seq": seq,
        "type": "chat",
        "body": one.mark,
        "sha256": None,
        "quote": None,
        "copies": copies,
        "recipient_copies": shown,
        "key": key or f"key {one.mark}",
    }


ONE, TWO = posted(1), posted(2)


def broken(*arguments: Any, dedupe: bool = True) -> set[str]:
    verdict = judge(*arguments, dedupe=dedupe)
    assert table(verdict, dedupe=dedupe)
    return {rule for rule, found in verdict.broken.items() if found}


def test_all_is_well() -> None:
    refused = posted(1, B)
    messages = [told(ONE), told(TWO, "read"), told(refused, "failed", error="REFUSED_BY_WHATSAPP")]
    verdict = judge([ONE, TWO, refused], messages, [row(ONE, 1, copies=3), row(TWO, 2)], dedupe=True)
    assert verdict.ok
    assert (verdict.copies, verdict.recipient_copies) == ({3: 1, 1: 1}, {1: 2})
    assert verdict.errors == {"REFUSED_BY_WHATSAPP": 1}


@pytest.mark.parametrize(
    ("messages", "rows", "rules"),
    [
        ([told(ONE, "sending")], [row(ONE, 1)], {"open", "lost"}),
        ([told(ONE)], [], {"phantom"}),
        ([told(ONE)], [row(ONE, 1, copies=2, shown=2)], {"doubled at the recipient"}),
        ([told(ONE)], [row(ONE, 1), row(ONE, 2, key="another")], {"sent under two keys", "out of order"}),
        ([told(ONE)], [row(ONE, 1, key="another")], {"key not the recorded one"}),
        ([told(ONE, "uncertain", certain=False)], [], {"uncertain"}),
        ([told(ONE, "failed")], [row(ONE, 1)], {"failed but there"}),
        ([told(ONE, "failed", certain=False)], [], {"failed but there"}),
        ([told(ONE)], [row(ONE, 1) | {"quote": {"text": "¿?"}}], {"not as it was asked for"}),
        ([told(ONE)], [row(ONE, 1) | {"sha256": "00"}], {"not as it was asked for"}),
        ([told(ONE)], [row(ONE, 1) | {"type": "image"}], {"not as it was asked for"}),
        ([told(ONE)], [row(ONE, 1), row(TWO, 2)], {"nobody's"}),
        ([], [], {"unknown to the hub", "lost", "books don't balance"}),
        ([told(ONE), told(ONE, message_id="again")], [row(ONE, 1)], {"accepted twice", "books don't balance"}),
    ],
)
def test_what_is_wrong_is_seen(messages: list[Any], rows: list[Any], rules: set[str]) -> None:
    assert broken([ONE], messages, rows) == rules


def test_every_type_is_known_again_in_what_is_told_of_it() -> None:
    files = {kind: [(f"id of {kind}", f"hash of {kind}")] for kind in FROM_FILES}
    rng, stock = random.Random(5), Stock(files, {A: "false_549111@c.us_3A00"})
    drawn = [draw(stock, A, f"mark {number}", rng) for number in range(200)]
    assert {one.fields.get("type", "text") for one in drawn} == set(TYPES)
    assert len({one.mark for one in drawn}) == len(drawn)
    assert sum("reply_to" in one.fields for one in drawn) == sum(one.shown.quote == QUESTION for one in drawn) > 5
    for one in drawn:
        fields, kind = one.fields, one.fields.get("type", "text")
        said = {"type": kind, "message": fields.get("caption") or fields.get("message"), "contact": fields}
        said |= {"media": {"sha256": one.shown.sha256}, "location": fields, "poll": fields}
        assert mark_of_message(said) == one.mark
        names = {
            "loc": fields.get("name"),
            "vcardFormattedName": fields.get("name"),
            "pollName": fields.get("question"),
        }
        found = {"type": one.shown.type, "body": said["message"], "sha256": one.shown.sha256 or None, "fields": names}
        assert mark_of_row(found) == one.mark
        quote = {"text": one.shown.quote} if one.shown.quote else None
        assert shown_of_row(found | {"quote": quote}) == one.shown


def test_order_is_per_recipient_and_lane() -> None:
    everyone = [ONE, TWO, posted(1, B), posted(1, lane="bulk")]
    messages = [told(one) for one in everyone]
    assert not broken(everyone, messages, [row(one, 9 - n) for n, one in enumerate([TWO, ONE, *everyone[2:]])])
    assert broken(everyone, messages, [row(one, n) for n, one in enumerate([TWO, ONE, *everyone[2:]])]) == {
        "out of order"
    }


def test_copies_are_nobodys_fault_where_whatsapp_shows_them_all() -> None:
    assert not broken([ONE], [told(ONE)], [row(ONE, 1, copies=2, shown=2)], dedupe=False)


def test_a_seed_stands_for_one_plan_with_every_kind() -> None:
    def made(seed: int) -> list[Any]:
        return schedule(random.Random(seed), [71, 72], KINDS, seconds=600, every_s=2, lease_s=5)

    assert made(1) == made(1) != made(2)
    plan = made(1)
    assert {fault.kind.name for fault in plan} == {kind.name for kind in KINDS}
    assert all((fault.cliente_id is None) == fault.kind.whole for fault in plan)
    ends = [(fault.cliente_id, fault.at_s) for fault in plan if fault.kind.ends_page]
    for cliente_id, at_s in ends:
        near = [one for one in ends if one[0] == cliente_id and 0 <= at_s - one[1] < ENDS_WINDOW_S - 0.1]
        assert len(near) <= MAX_ENDS


def test_what_takes_the_last_copy_of_a_message_comes_alone() -> None:
    taking = tuple(kind for kind in KINDS if kind.loses)
    assert len(taking) >= 3
    for seed in range(20):
        plan = schedule(random.Random(seed), [71], taking, seconds=600, every_s=5, lease_s=5)
        assert len(plan) > 5
        for first, second in itertools.combinations(plan, 2):
            assert second.at_s >= first.ends_s + ALONE_S or first.at_s >= second.ends_s + ALONE_S


def test_doubt_is_allowed_where_redis_lost_its_state_and_nowhere_else() -> None:
    doubted = [told(ONE, "uncertain")]
    assert judge([ONE], doubted, [], dedupe=True, in_doubt=frozenset({ONE.message_id})).ok
    assert judge([ONE], doubted, [], dedupe=True).broken["uncertain"] == [ONE.message_id]


def test_forgotten_is_what_left_with_the_text_of_a_message_in_doubt_for_its_recipient() -> None:
    """What the hub answers to an opt-out has the same text for everybody."""
    answer = {"to": "5491140710102", "type": "text", "message": "Listo"}
    left = [
        {"key": "a", "to": "5491140710102", "type": "chat", "body": "Listo"},
        {"key": "b", "to": "5491140710103", "type": "chat", "body": "Listo"},
        {"key": "c", "to": "5491140710102", "type": "chat", "body": "otro"},
    ]
    assert forgotten_keys([answer], left) == {"a"}

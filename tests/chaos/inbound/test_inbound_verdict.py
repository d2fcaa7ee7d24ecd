"""The judge of what comes in sees each thing that must not happen, and passes over what nobody can know alone."""

from __future__ import annotations

import random
from typing import Any

import pytest

from tests.chaos.inbound import weather
from tests.chaos.inbound.verdict import Endpoint, Happened, Post, judge, table

ANA, LEO = "5491140710001", "5491140710002"
ENDPOINTS = (
    Endpoint(71, "71-0", frozenset({"message.received"})),
    Endpoint(71, "71-1", frozenset({"message.received", "message.updated"})),
)


def row(number: int, type_: str = "chat", sender: str = ANA, **changes: Any) -> dict[str, Any]:
    """As the simulator has it."""
    made = {
        "cliente_id": 71,
        "seq": number,
        "key": f"false_{sender}@c.us_{number:04d}",
        "chat": sender,
        "type": type_,
        "body": f"text {number}",
        "accepted_at": 1_000_000 + number * 1_000,
        "silent": False,
        "placeholder": False,
        "superseded": False,
        "edited_at": None,
        "revoked": False,
        "parent": None,
        "sha256": None,
    }
    return made | changes


def told(one: dict[str, Any], type_: str = "text", **changes: Any) -> dict[str, Any]:
    """As the hub lists it."""
    made = {
        "cliente_id": 71,
        "whatsapp_id": one["key"],
        "type": type_,
        "message": one["body"],
        "edited_at": None,
        "revoked_at": None,
        "media": None,
    }
    return made | changes


def posts(*rows: dict[str, Any], endpoint: str = "", **changes: Any) -> list[Post]:
    """Delivered at once, in this order, at each endpoint or at one."""
    names = [endpoint] if endpoint else [one.name for one in ENDPOINTS]
    made: dict[str, Any] = {"type": "message.received", "code": 204, "signed": True} | changes
    return [
        Post(
            **{
                "endpoint": name,
                "webhook_id": f"id {one['key']}",
                "key": one["key"],
                "chat": one["chat"],
                "body": one["body"],
                **made,
            }
        )
        for name in names
        for one in rows
    ]


def broken(record: list[Any], listed: list[Any], posted: list[Post], **more: Any) -> set[str]:
    verdict = judge(Happened(record, listed, ENDPOINTS, posted, **more))
    assert table(verdict)
    assert verdict.ok == (not any(verdict.broken.values()))
    return {rule for rule, found in verdict.broken.items() if found}


ONE, TWO, OTHER = row(1), row(2), row(3, sender=LEO)
ALL = [ONE, TWO, OTHER]
LISTED = [told(one) for one in ALL]


def test_all_is_well() -> None:
    verdict = judge(Happened(ALL, LISTED, ENDPOINTS, posts(*ALL), books={71: (3, 3)}))
    assert verdict.ok
    assert (verdict.told, verdict.deliveries, verdict.attempts, verdict.posts) == (3, 6, {1: 6}, {204: 6})


def test_a_missed_one_is_seen() -> None:
    assert broken(ALL, LISTED[:2], posts(ONE, TWO)) == {"missed"}


def test_one_that_nobody_wrote_is_seen() -> None:
    assert broken([ONE, TWO], LISTED, posts(*ALL)) == {"made up"}


def test_a_doubled_one_is_seen_also_under_another_address_of_its_chat() -> None:
    twin = told(ONE, whatsapp_id="false_99887766@lid_0001")
    assert broken([ONE], [told(ONE), twin], [*posts(ONE), *posts(ONE | {"key": twin["whatsapp_id"]})]) == {"doubled"}


def test_order_is_per_chat() -> None:
    assert not broken(ALL, [LISTED[2], *LISTED[:2]], posts(OTHER, ONE, TWO))
    assert broken(ALL, [LISTED[1], LISTED[0], LISTED[2]], posts(*ALL)) == {"out of order"}


@pytest.mark.parametrize("why", [{"edited_at": 5}, {"placeholder": True}, {"revoked": True}])
def test_what_the_page_gets_later_comes_later(why: dict[str, Any]) -> None:
    late = ONE | why
    shown = told(ONE, edited_at="then", revoked_at="then")
    assert not broken([late, TWO], [told(TWO), shown], posts(TWO, late))
    assert broken([ONE, TWO | why], [told(TWO, edited_at="then", revoked_at="then"), told(ONE)], posts(ONE, TWO)) == {
        "out of order"
    }


def test_only_the_latest_reaction_or_vote_of_a_person_must_be_there() -> None:
    first = row(4, "reaction", parent=ONE["key"], superseded=True)
    last = row(5, "reaction", parent=ONE["key"])
    assert not broken([ONE, first, last], [told(ONE), told(last, "reaction")], posts(ONE))
    assert broken([ONE, first | {"superseded": False}, last], [told(ONE), told(last, "reaction")], posts(ONE)) == {
        "missed"
    }


def test_a_vote_is_known_by_its_poll_and_moment() -> None:
    poll = row(6, "poll_creation")
    vote = row(7, "poll_vote", parent=poll["key"])
    shown = told(vote, "poll_vote", whatsapp_id=f"false_{ANA}@c.us_0006-{vote['accepted_at']}")
    listed = [told(poll, "poll"), shown]
    assert not broken([poll, vote], listed, posts(poll, vote | {"key": shown["whatsapp_id"]}))


def test_what_was_deleted_before_it_was_read_may_miss_and_nothing_else_deleted() -> None:
    gone = ONE | {"revoked": True}
    assert not broken([gone, TWO], [told(TWO)], posts(TWO), unread=frozenset({ONE["key"]}))
    assert broken([gone, TWO], [told(TWO)], posts(TWO)) == {"missed"}
    assert broken([gone], [told(ONE)], posts(ONE)) == {"change missed"}


@pytest.mark.parametrize(
    ("there", "listed", "rules"),
    [
        (ONE | {"type": "image"}, told(ONE), {"of another type"}),
        (ONE | {"type": "hologram"}, told(ONE, "unknown"), set()),
        (ONE, told(ONE, message="otro"), {"of another text"}),
        (ONE | {"edited_at": 9}, told(ONE), {"change missed"}),
        (ONE | {"sha256": "ab"}, told(ONE, media={"status": "available", "sha256": "ab"}), set()),
        (ONE | {"sha256": "ab"}, told(ONE, media={"status": "available", "sha256": "cd"}), {"bytes missed"}),
        (ONE | {"sha256": "ab"}, told(ONE, media={"status": "pending", "sha256": None}), {"bytes missed"}),
    ],
)
def test_what_stands_in_it_is_compared(there: dict[str, Any], listed: dict[str, Any], rules: set[str]) -> None:
    assert broken([there], [listed], posts(ONE)) == rules


def test_a_message_of_ours_that_redis_forgot_may_look_like_the_owners() -> None:
    ours = row(8, key=f"true_{ANA}@c.us_0008")
    assert not broken([], [told(ours)], posts(ours), in_doubt=frozenset({ours["key"]}))


def test_who_asked_to_be_left_alone_and_nobody_else_is_on_the_list_and_answered_once() -> None:
    asked = frozenset({(71, ANA)})
    assert not broken([], [], [], asked=asked, opted_out=asked, answered=[(71, ANA)])
    assert broken([], [], [], asked=asked) == {"opt-out missed"}
    assert broken([], [], [], opted_out=asked) == {"opted out unasked"}
    assert broken([], [], [], asked=asked, opted_out=asked, answered=[(71, ANA)] * 2) == {"opt-out answered twice"}


def test_the_books_balance() -> None:
    assert broken(ALL, LISTED, posts(*ALL), books={71: (4, 3)}) == {"books don't balance"}


class TestWebhooks:
    def test_one_that_an_endpoint_never_took_is_lost(self) -> None:
        given = [
            *posts(*ALL, endpoint="71-0"),
            *posts(ONE, OTHER, endpoint="71-1"),
            *posts(TWO, endpoint="71-1", code=500),
        ]
        assert broken(ALL, LISTED, given) == {"webhook lost"}

    def test_a_reaction_is_told_as_an_update(self) -> None:
        reaction = row(5, "reaction", parent=ONE["key"])
        assert not broken([ONE, reaction], [told(ONE), told(reaction, "reaction")], posts(ONE))

    def test_attempts_are_repeated_under_one_id_with_one_body(self) -> None:
        assert not broken(ALL, LISTED, [*posts(*ALL, code=0), *posts(*ALL)])
        again: dict[str, Any] = {"code": 0, "endpoint": "71-0"}
        assert broken(ALL, LISTED, [*posts(ONE, webhook_id="other", **again), *posts(*ALL)]) == {
            "webhook under two ids"
        }
        assert broken(ALL, LISTED, [*posts(ONE, body="other", **again), *posts(*ALL)]) == {"webhook with two bodies"}

    def test_two_endpoints_are_told_the_same(self) -> None:
        given = [*posts(*ALL, endpoint="71-0"), *posts(*ALL, endpoint="71-1", body="other")]
        assert broken(ALL, LISTED, given) == {"webhook with two bodies"}

    def test_order_is_that_of_first_attempts_and_of_what_was_taken(self) -> None:
        assert not broken(ALL, LISTED, posts(ONE, ONE, TWO, OTHER, ONE))
        assert broken(ALL, LISTED, posts(TWO, ONE, OTHER)) == {"webhook out of order"}
        overtaken = [*posts(ONE, code=500), *posts(TWO, ONE, OTHER)]
        assert broken(ALL, LISTED, overtaken) == {"webhook out of order"}

    def test_what_was_told_of_a_lid_before_its_number_was_known_is_a_chat_of_its_own(self) -> None:
        assert not broken([ONE, TWO], LISTED[:2], [*posts(TWO), *posts(ONE, chat="77@lid")])

    def test_one_of_what_is_not_on_record_is_seen(self) -> None:
        assert broken([ONE], LISTED[:1], posts(ONE, TWO)) == {"webhook made up"}

    def test_one_that_is_not_signed_is_seen(self) -> None:
        assert broken([ONE], LISTED[:1], [*posts(ONE, signed=False), *posts(ONE)]) == {"webhook not signed"}


def test_a_seed_stands_for_one_weather_with_every_kind_of_trouble() -> None:
    made = weather.forecast(random.Random(1), 600)
    assert made == weather.forecast(random.Random(1), 600) != weather.forecast(random.Random(2), 600)
    assert {one.how for one in made} == set(weather.HOWS)
    assert weather.at(made, made[3].at_s) == made[3].how
    assert weather.at(made, 0.0) == made[0].how
    assert weather.at(made, 10_000.0) == weather.FINE

"""The table of spellings over HTTP: whoever writes a phone in whatever way, it is one recipient everywhere."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from shared.ledger.claiming.work import PutKey
from support.phone_spellings import Spelling, by_country
from tests.hub.campaigns.campaign_world import Worker, World

TABLE = by_country()
MESSAGES = "/whatsapp/51/messages"


def same_phone(rows: tuple[Spelling, ...]) -> list[list[Spelling]]:
    """The rows of each phone."""
    found: dict[str, list[Spelling]] = {}
    for row in rows:
        found.setdefault(row.key, []).append(row)
    return list(found.values())


def send(world: World, to: str, expect: int = 202, **options: Any) -> Any:
    return world.call("POST", MESSAGES, {"to": to, "message": "hola", "on_not_ready": "queue"}, expect, **options)


def send_bulk(world: World, rows: tuple[Spelling, ...], **options: Any) -> list[Any]:
    entries = [{"to": row.spelling, "message": "hola", "on_not_ready": "queue"} for row in rows]
    items: list[Any] = world.call("POST", f"{MESSAGES}/bulk", {"messages": entries}, 202, **options)["items"]
    return items


@pytest.mark.parametrize("country", TABLE)
class TestEverySpellingOfACountry:
    @pytest.fixture
    def rows(self, world: World, country: str) -> tuple[Spelling, ...]:
        """The tenant is of that country, which is not the installation's but once."""
        world.call("PUT", "/campaigns/settings", {"country": country})
        return TABLE[country]

    def test_is_understood_at_every_entrance(self, world: World, rows: tuple[Spelling, ...]):
        for row in rows:
            assert send(world, row.spelling)["to"] == row.number
            asked = world.call("GET", f"/whatsapp/51/contacts/{quote(row.spelling)}")
            assert asked["number"] == row.number
            older = world.client.post(
                "/sender/messages", headers=world.tenant, json={"destinatario": row.spelling, "mensaje": "hola"}
            )
            assert older.json["error"] == "SESSION_NOT_READY"  # not INVALID_TO
        assert [item["ok"] for item in send_bulk(world, rows)] == [True] * len(rows)

    def test_finds_all_messages_of_its_phone(self, world: World, rows: tuple[Spelling, ...]):
        for row in rows:
            send(world, row.spelling)
        world.drain()
        for phone in same_phone(rows):
            for row in phone:
                found = world.call("GET", f"{MESSAGES}?to={quote(row.spelling)}")["items"]
                assert len(found) == len(phone), row

    def test_opts_its_phone_out_and_in(self, world: World, rows: tuple[Spelling, ...]):
        for phone in same_phone(rows):
            for row, other in zip(phone, [*phone[1:], phone[0]], strict=True):
                world.call("POST", "/optouts", {"numbers": [row.spelling]}, 201)
                refused = [item.get("error") == "RECIPIENT_OPTED_OUT" for item in send_bulk(world, rows)]
                assert refused == [one.key == row.key for one in rows], row
                assert send(world, other.spelling, 403)["error"] == "RECIPIENT_OPTED_OUT"
                world.call("DELETE", f"/optouts/{quote(other.spelling)}")
                assert world.call("GET", "/optouts")["items"] == []

    def test_stands_in_a_list_once(self, world: World, rows: tuple[Spelling, ...]):
        phones = same_phone(rows)
        campaign = world.campaign(0, start=False)
        path = f"/campaigns/{campaign}/recipients"
        sheet = "telefono\n" + "\n".join(f'"{row.spelling}"' for row in rows) + "\n"
        done = world.call(
            "POST", path, headers=world.tenant | {"Content-Type": "text/csv"}, data=sheet.encode(), expect=200
        )
        assert (done["added"], done["merged"], done["rejected"]) == (len(phones), len(rows) - len(phones), 0)
        again = world.call("POST", path, {"recipients": [{"telefono": row.spelling} for row in reversed(rows)]})
        assert (again["added"], again["known"]) == (0, len(phones))
        listed = world.call("GET", path)["items"]
        assert [item["number"] for item in listed] == [phone[0].number for phone in phones]

    def test_waits_for_what_its_phone_was_sent_before(self, world: World, worker: Worker, rows: tuple[Spelling, ...]):
        accepted = {item["message_id"]: row for item, row in zip(send_bulk(world, rows), rows, strict=True)}
        order: dict[str, list[str]] = {}
        while claimed := [message for _ in rows if (message := worker.claim()) is not None]:
            keys = [accepted[message.message_id].key for message in claimed]
            assert len(keys) == len(set(keys))  # no two of one phone at a time
            for message in claimed:
                order.setdefault(accepted[message.message_id].key, []).append(message.message_id)
                assert worker.put_key(message) is PutKey.OK
                worker.owner.acknowledge(message)
        assert order == {
            phone[0].key: [one for one, row in accepted.items() if row.key == phone[0].key]
            for phone in same_phone(rows)
        }

    def test_repeats_a_call(self, world: World, rows: tuple[Spelling, ...]):
        for number, phone in enumerate(same_phone(rows)):
            headers = world.tenant | {"Idempotency-Key": f"k{number}"}
            assert len({send(world, row.spelling, headers=headers)["message_id"] for row in phone}) == 1
        headers = world.tenant | {"Idempotency-Key": "bulk"}
        first = send_bulk(world, rows, headers=headers)
        spelled_otherwise = tuple(next(one for one in reversed(rows) if one.key == row.key) for row in rows)
        again = send_bulk(world, spelled_otherwise, headers=headers)
        assert [item["message_id"] for item in again] == [item["message_id"] for item in first]

    def test_is_who_wrote_baja(self, world: World, worker: Worker, rows: tuple[Spelling, ...]):
        for phone in same_phone(rows):
            for number in {row.number for row in phone}:
                worker.hear(number, "BAJA", f"false_{number}@c.us_{number}")
            world.drain()
            [item] = world.call("GET", "/optouts")["items"]
            assert item["number"] in {row.number for row in phone}
            assert worker.send_next()  # what answers it
            for row in phone:
                [refused] = send_bulk(world, (row,))
                assert refused["error"] == "RECIPIENT_OPTED_OUT"
            world.call("DELETE", f"/optouts/{quote(phone[0].spelling)}")

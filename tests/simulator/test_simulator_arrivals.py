"""What the control API lets come in, and what the record keeps of it; no browser."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import httpx
import pytest

from simulator.client import ControlError, SimulatorClient
from simulator.world.content.media import made_of
from simulator.world.content.types import KINDS

LEAD = "5491122223333"
OTHER = "5491144445555"
GROUP = "120363000000000001@g.us"


def row_of(client: SimulatorClient, number: str, answer: dict[str, Any]) -> dict[str, Any]:
    """The record of what an answer tells of."""
    return next(row for row in client.messages(number) if row["seq"] == answer["seq"])


def test_every_type_comes_with_what_it_carries(client: SimulatorClient, number: str) -> None:
    for type_, kind in KINDS.items():
        row = row_of(client, number, client.receive(number, LEAD, type_))
        assert (row["type"], row["from"], row["chat"], row["origin"]) == (type_, LEAD, LEAD, "contact")
        assert row["fields"].keys() >= kind.fields.keys()
        assert (row["size"], row["media"] is not None) == (kind.size, kind.size is not None)
    assert row_of(client, number, client.receive(number, LEAD, "hologram", "¿qué es?"))["body"] == "¿qué es?"


def test_in_a_group_the_key_names_who_wrote(client: SimulatorClient, number: str) -> None:
    row = row_of(client, number, client.receive(number, OTHER, "chat", "hola a todos", group=GROUP))
    assert (row["from"], row["chat"]) == (OTHER, GROUP)
    assert row["key"] == f"false_{GROUP}_{row['id']}_{OTHER}@c.us"
    assert [one["key"] for one in client.messages(number, to=GROUP)] == [row["key"]]
    own = client.receive(number, OTHER, "chat", "va", group=GROUP, from_me=True)
    assert own["key"] == f"true_{GROUP}_{own['id']}_{number}@c.us"
    quoting = row_of(client, number, client.receive(number, LEAD, text="sí", group=GROUP, quotes=row["key"]))
    assert quoting["fields"]["quotedStanzaID"] == row["id"]
    assert quoting["fields"]["quotedParticipant"] == f"{OTHER}@c.us"


def test_what_is_done_to_messages_is_on_record(client: SimulatorClient, number: str) -> None:
    written = client.receive(number, LEAD, text="hloa")
    edit = client.edit(number, written["key"], "hola")
    first = client.react(number, written["key"], "👍", from_me=True)
    second = client.react(number, written["key"], "❤", from_me=True)
    taken_back = client.react(number, written["key"], "")
    poll = client.receive(number, LEAD, "poll_creation", pollName="¿Cuándo?", pollOptions=["hoy", "mañana"])
    vote = client.vote(number, poll["key"], ["mañana"])
    row = row_of(client, number, written)
    assert (row["body"], row["edit_key"]) == ("hola", edit["key"])
    rows = [row_of(client, number, one) for one in (first, second, taken_back)]
    assert [(one["type"], one["body"], one["from"], one["superseded"]) for one in rows] == [
        ("reaction", "👍", number, True),
        ("reaction", "❤", number, False),
        ("reaction", "", LEAD, False),
    ]
    assert {one["parent"] for one in rows} == {written["key"]}
    cast = row_of(client, number, vote)
    assert (cast["type"], cast["body"], cast["parent"]) == ("poll_vote", "mañana", poll["key"])
    assert cast["fields"] == {"selectedOptionLocalIds": [1]}
    deletion = client.revoke(number, written["key"])
    row = row_of(client, number, written)
    assert (row["revoked"], row["revoke_key"]) == (True, deletion["key"])
    assert client.chats(number)[0]["unread"] == 2


@pytest.mark.parametrize(
    ("path", "body", "status", "named"),
    [
        ("receive", {"type": "chat"}, 400, "number"),
        ("receive", {"from": LEAD, "type": "Chat!"}, 400, "type"),
        ("receive", {"from": LEAD, "group": "grupo"}, 400, "group"),
        ("receive", {"from": LEAD, "fields": {"lat": "x"}}, 400, "fields.lat"),
        ("receive", {"from": LEAD, "fields": {"latitude": 1}}, 400, "fields.latitude"),
        ("receive", {"from": LEAD, "type": "poll_creation", "fields": {"pollOptions": ["una"]}}, 400, "pollOptions"),
        ("receive", {"from": LEAD, "size": 10}, 400, "chat"),
        ("receive", {"from": LEAD, "type": "image", "size": 200_000_000}, 400, "size"),
        ("receive", {"from": LEAD, "type": "image", "media": "nothing"}, 404, "media"),
        ("receive", {"from": LEAD, "quotes": f"true_{LEAD}@c.us_3A"}, 404, "3A"),
        ("react", {"key": f"true_{LEAD}@c.us_3A"}, 400, "emoji"),
        ("react", {"key": f"true_{LEAD}@c.us_3A", "emoji": "👍"}, 404, "3A"),
        ("vote", {"key": f"true_{LEAD}@c.us_3A"}, 400, "options"),
        ("edit", {"key": f"true_{LEAD}@c.us_3A", "text": "x"}, 404, "3A"),
        ("revoke", {"key": "nothing"}, 404, "nothing"),
    ],
)
def test_what_is_wrong_is_named(simulator: Any, number: str, path: str, body: object, status: int, named: str) -> None:
    answer = httpx.post(f"{simulator.url}control/phones/{number}/{path}", json=body)
    assert answer.status_code == status
    assert named in answer.json()["message"]


def test_what_cannot_be_done_to_a_message(client: SimulatorClient, number: str) -> None:
    place = client.receive(number, LEAD, "location")["key"]
    for refused in (lambda: client.edit(number, place, "x"), lambda: client.vote(number, place, ["x"])):
        with pytest.raises(ControlError) as error:
            refused()
        assert error.value.status == 409
    poll = client.receive(number, LEAD, "poll_creation")["key"]
    with pytest.raises(ControlError, match="options"):
        client.vote(number, poll, ["Domingo"])
    with pytest.raises(ControlError, match="from"):
        client.react(number, poll, "👍", sender=OTHER)


@pytest.mark.parametrize("size", [1, 262_144, 262_145, 1_000_000])
def test_media_are_made_of_a_seed(size: int) -> None:
    made = b"".join(made_of("semilla", size, "image/jpeg"))
    assert len(made) == size
    assert made == b"".join(made_of("semilla", size, "image/jpeg"))
    assert made.startswith(b"\xff")
    assert made[20:] == b"" or made != b"".join(made_of("otra", size, "image/jpeg"))


def test_media_outlive_a_restart(simulator: Any, tmp_path: Path) -> None:
    first = type(simulator)(tmp_path / "data")
    with SimulatorClient(first.url) as client:
        client.put_phone("5491100000001")
        made = client.receive("5491100000001", LEAD, "document", size=300_000)["media"]
        given = client.put_media(b"una foto", "image/png")["media"]
        client.receive("5491100000001", LEAD, "image", media=given, text="mirá")
        before = client.messages("5491100000001")
    assert first.stop() == 0
    second = type(simulator)(tmp_path / "data")
    with SimulatorClient(second.url) as client:
        assert client.messages("5491100000001") == before
        for media, row in zip((made, given), before, strict=True):
            content = httpx.get(f"{second.url}control/media/{media}/content")
            assert hashlib.sha256(content.content).hexdigest() == row["sha256"] == client.media(media)["sha256"]
            assert content.headers["Content-Type"] == row["fields"]["mimetype"]
    assert second.stop() == 0

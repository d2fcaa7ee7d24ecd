"""Messages of every type: told by an event, and read from the page's rows after a restart, as the same record."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from session_worker.engine.port import Outgoing
from shared.protocol.events import MessageInbound
from shared.protocol.inbound import Direction
from support.waiting import until
from tests.contract.engine.arrivals import ARRIVALS, MEDIA, NOTES, Arrival
from tests.contract.engine.engine_run import EngineRun, Launch
from tests.contract.engine.engine_world import World, link, new_number

FIRST_ROW = 1_000_000_000
GROUP = "120363000000000001@g.us"


def told(run: EngineRun, key: str) -> MessageInbound:
    """What an event says of a message."""
    return run.wait_for(MessageInbound, lambda event: event.whatsapp_id == key)


def of_row(run: EngineRun, key: str) -> MessageInbound:
    """What its row says of it."""

    def read() -> MessageInbound | None:
        rows = run.engine.read_rows(FIRST_ROW, 1_000).messages
        found = [row.heard for row in rows if isinstance(row.heard, MessageInbound) and row.heard.whatsapp_id == key]
        return found[0] if found else None

    return until(read, 20, "the row")


class TestTypes:
    """Asked of every adapter, linked."""

    @pytest.mark.parametrize("name", list(ARRIVALS))
    def test_a_type_is_told_and_read_as_it_is(self, world: World, linked: EngineRun, number: str, name: str) -> None:
        arrival, lead = ARRIVALS[name], new_number()

        key = world.receive(number, lead, arrival)

        heard = told(linked, key)
        bare = MessageInbound(lead, "", heard.at, key, chat_id=f"{lead}@c.us", push_name=heard.push_name)
        assert heard == replace(bare, **arrival.told)
        assert of_row(linked, key) == heard

    @pytest.mark.parametrize("kind", list(MEDIA))
    def test_media_say_where_their_bytes_are(self, world: World, linked: EngineRun, number: str, kind: str) -> None:
        lead = new_number()

        key = world.receive(number, lead, Arrival(kind, "mirá", told={"type": MEDIA[kind], "message": "mirá"}))

        heard = told(linked, key)
        assert (heard.type, heard.message) == (MEDIA[kind], "mirá")
        source = heard.media
        assert source is not None
        assert source.wa_type == kind
        assert source.mime_type
        assert source.size
        assert all((source.direct_path, source.media_key, source.filehash, source.enc_filehash))
        assert source.media_key_timestamp > 1_700_000_000
        assert of_row(linked, key) == heard

    @pytest.mark.parametrize("kind", NOTES)
    def test_whatsapps_own_notes_are_only_counted(
        self, world: World, linked: EngineRun, number: str, kind: str
    ) -> None:
        lead = new_number()
        before = linked.engine.read_rows(FIRST_ROW, 1_000)
        note = world.receive(number, lead, Arrival(kind, "nadie lo escribió"))
        after = world.receive(number, lead, ARRIVALS["text"])

        told(linked, after)

        page = until(lambda: _with_rows(linked, before.rows + 2), 20, "two rows more")
        assert len(page.messages) == len(before.messages) + 1
        assert linked.told(MessageInbound, lambda event: event.whatsapp_id == note) == []

    def test_a_quote_names_what_it_answers_ours_or_theirs(self, world: World, linked: EngineRun, number: str) -> None:
        lead = new_number()
        prepared = linked.engine.prepare(lead)
        linked.engine.hand_over(prepared, Outgoing("¿lo quiere?"))
        linked.wait_for_ack(prepared.key, 1)
        ours = world.receive(number, lead, ARRIVALS["text"], quotes=prepared.key)
        theirs = world.receive(number, lead, ARRIVALS["text"], quotes=ours)

        assert told(linked, ours).reply_to == prepared.key
        assert told(linked, theirs).reply_to == ours
        assert [of_row(linked, key).reply_to for key in (ours, theirs)] == [prepared.key, ours]

    def test_a_group_names_its_authors(self, world: World, linked: EngineRun, number: str) -> None:
        ana = new_number()
        theirs = world.receive(number, ana, ARRIVALS["text"], group=GROUP)
        owners = world.receive(number, ana, ARRIVALS["text"], group=GROUP, from_me=True)

        first, second = told(linked, theirs), told(linked, owners)

        assert (first.chat_id, first.sender, first.author, first.direction) == (GROUP, ana, ana, Direction.IN)
        assert (second.chat_id, second.sender, second.author, second.direction) == (
            GROUP,
            number,
            number,
            Direction.OUT,
        )
        assert [of_row(linked, key) for key in (theirs, owners)] == [first, second]

    def test_what_the_owner_writes_on_the_phone_goes_out(self, world: World, linked: EngineRun, number: str) -> None:
        lead = new_number()
        key = world.receive(number, lead, ARRIVALS["text"], from_me=True)

        heard = told(linked, key)

        assert (heard.direction, heard.sender, heard.chat_id) == (Direction.OUT, number, f"{lead}@c.us")
        assert of_row(linked, key) == heard

    def test_who_calls_himself_what(self, world: World, linked: EngineRun, number: str) -> None:
        named = Arrival("chat", "hola", {"notifyName": "Ana"}, {"message": "hola", "push_name": "Ana"})
        key = world.receive(number, new_number(), named)

        assert told(linked, key).push_name == "Ana"
        assert of_row(linked, key).push_name == "Ana"


def _with_rows(run: EngineRun, rows: int) -> object:
    page = run.engine.read_rows(FIRST_ROW, 1_000)
    return page if page.rows == rows else None


class TestSilently:
    """Asked of every adapter; each test with a browser of its own."""

    def test_what_came_in_without_an_event_stands_in_the_rows(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        lead = new_number()
        keys = [world.receive(phone, lead, arrival, silent=True) for arrival in ARRIVALS.values()]
        keys.append(world.receive(phone, lead, ARRIVALS["text"]))
        told(run, keys[-1])

        found = [of_row(run, key) for key in keys]

        assert [one.type for one in found[:-1]] == [_type_of(arrival) for arrival in ARRIVALS.values()]
        assert [event.whatsapp_id for event in run.told(MessageInbound)] == keys[-1:]

    def test_a_lid_of_which_whatsapp_knows_the_number(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        lead, stranger = new_number(), new_number()
        for each in (lead, stranger):
            world.known_by_lid(each)

        by_number = told(run, world.receive(phone, lead, ARRIVALS["text"], tells_number=True))
        by_lid = told(run, world.receive(phone, stranger, ARRIVALS["text"]))

        assert by_number.sender == lead
        assert by_lid.sender.endswith("@lid")
        assert by_number.chat_id.endswith("@lid")
        assert by_lid.chat_id == by_lid.sender


def _type_of(arrival: Arrival) -> object:
    return arrival.told.get("type", MessageInbound("", "", 0, "").type)

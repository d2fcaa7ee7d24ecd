"""What came in, read from the page's own database, and that nobody sees us read (session_worker/engine/port.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_worker.engine.heard import Heard, RowPage
from session_worker.engine.port import EngineError, Outgoing, RowsHinted
from shared.protocol.events import MessageInbound
from support.waiting import until
from tests.contract.engine.engine_run import EngineRun, Launch
from tests.contract.engine.engine_world import World, link, new_number

FIRST_ROW = 1_000_000_000
LIMIT = 200


def texts(page: RowPage) -> list[str]:
    return [message.message for message in messages_of(page)]


def messages_of(page: RowPage) -> list[MessageInbound]:
    return [row.heard for row in page.messages if isinstance(row.heard, MessageInbound)]


def until_texts(run: EngineRun, expected: list[str]) -> RowPage:
    """Reads the rows until they hold these texts."""

    def read() -> RowPage | None:
        page = run.engine.read_rows(FIRST_ROW, LIMIT)
        return page if texts(page) == expected else None

    return until(read, 20, f"rows with {expected}")


class TestRows:
    """Asked of every adapter; each test with a browser of its own."""

    def test_what_came_in_meanwhile_is_there_in_order(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        # given a phone that was linked, and three messages while no browser ran
        run = launch(tmp_path)
        link(world, run, phone)
        empty = run.engine.read_rows(FIRST_ROW, LIMIT)
        run.engine.stop()
        ana, leo = new_number(), new_number()
        for sender, text in ((ana, "uno"), (leo, "dos"), (ana, "tres")):
            world.write(sender, phone, text)

        again = launch(tmp_path)
        again.wait_until_ready()
        again.wait_for(RowsHinted, lambda event: event.cause == "main_ready")
        page = until_texts(again, ["uno", "dos", "tres"])

        assert (empty.messages, empty.placeholders, empty.more) == ((), (), False)
        assert [message.sender for message in messages_of(page)] == [ana, leo, ana]
        assert page.placeholders == ()
        assert all(message.whatsapp_id.startswith("false_") for message in messages_of(page))
        assert all(message.at > 1_700_000_000_000 for message in messages_of(page))
        ids = [row.row_id for row in page.messages]
        assert ids == sorted(set(ids))
        assert (ids[-1], page.more) == (page.last_row_id, False)
        # page by page
        first = again.engine.read_rows(ids[0] - 1, 2)
        assert (texts(first), first.more, first.last_row_id) == (["uno", "dos"], True, ids[1])
        rest = again.engine.read_rows(first.last_row_id, 2)
        assert (texts(rest), rest.more) == (["tres"], False)
        later = again.engine.read_rows(FIRST_ROW, LIMIT, messages_of(page)[-1].at + 1)
        assert (later.rows, later.last_row_id, later.messages) == (page.rows, page.last_row_id, ())
        none = again.engine.read_rows(rest.last_row_id, 2)
        assert (none.rows, none.last_row_id, none.more) == (0, rest.last_row_id, False)

    def test_the_page_reloads_itself_and_tells_nothing_of_what_it_takes_in(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        sender = new_number()
        world.write(sender, phone, "antes")
        run.wait_for(MessageInbound, lambda event: event.sender == sender)
        hints = len(run.told(RowsHinted))
        world.write_while_reloading(phone, run.engine, [(sender, f"número {n}") for n in range(7)])

        until(lambda: len(run.told(RowsHinted)) > hints, 20, "a word that the page is back")
        run.wait_until_ready()

        until_texts(run, ["antes", *(f"número {n}" for n in range(7))])
        assert [event.message for event in run.told(MessageInbound)] == ["antes"]

    def test_the_first_message_of_an_ads_lead_is_asked_for(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        lead = new_number()
        world.write_from_ad(lead, phone, "vi el anuncio")
        run.wait_for(RowsHinted, lambda event: event.cause == "placeholder")
        page = run.engine.read_rows(FIRST_ROW, LIMIT)
        [placeholder] = page.placeholders
        assert page.messages == ()

        def read() -> tuple[Heard, ...]:
            answer = run.engine.read_placeholders((placeholder.key,))
            assert answer.not_asked == ""
            assert answer.missing == ()
            return answer.messages

        [message] = until(read, 20, "the phone's answer")
        assert isinstance(message, MessageInbound)
        assert (message.whatsapp_id, message.sender, message.message) == (placeholder.key, lead, "vi el anuncio")
        [row] = run.engine.read_rows(FIRST_ROW, LIMIT).messages
        assert (row.row_id, row.heard) == (placeholder.row_id, message)

    def test_a_key_that_the_page_does_not_have_is_missing(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        unknown = f"false_{new_number()}@c.us_3EB0000000000000000000"

        answer = run.engine.read_placeholders((unknown,))

        assert (answer.messages, answer.open, answer.missing) == ((), (), (unknown,))

    def test_a_page_that_is_not_linked_has_no_rows(self, world: World, launch: Launch, tmp_path: Path) -> None:
        run = launch(tmp_path)
        run.wait_for_code()

        with pytest.raises(EngineError) as raised:
            run.engine.read_rows(FIRST_ROW, LIMIT)

        assert raised.value.code == "WHATSAPP_ERROR"


class TestAvailability:
    """Asked of every adapter, linked."""

    def test_answering_a_lead_shows_nobody_that_we_read(self, world: World, linked: EngineRun, number: str) -> None:
        lead = new_number()
        world.write(lead, number, "¿precio?")
        linked.wait_for(MessageInbound, lambda event: event.sender == lead)

        prepared = linked.engine.prepare(lead)
        linked.engine.hand_over(prepared, Outgoing("10.000"))
        linked.wait_for_ack(prepared.key, 2)

        assert not world.has_blue_ticks(number, lead)
        assert not world.was_shown_online(number)

    def test_a_chat_that_was_read_is_shown_as_read(self, world: World, linked: EngineRun, number: str) -> None:
        ana, leo = new_number(), new_number()
        for sender in (ana, leo):
            world.write(sender, number, "¿hay alguien?")
            linked.wait_for(MessageInbound, lambda event, sender=sender: event.sender == sender)

        linked.engine.mark_read(f"{ana}@c.us")
        linked.engine.mark_read(f"{ana}@c.us")

        until(lambda: world.has_blue_ticks(number, ana), 20, "blue ticks")
        assert not world.has_blue_ticks(number, leo)
        assert not world.was_shown_online(number)

    def test_where_it_is_wanted_the_lead_sees_it(
        self, world: World, launch_online: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch_online(tmp_path)
        link(world, run, phone)
        lead = new_number()
        world.write(lead, phone, "¿precio?")
        run.wait_for(MessageInbound, lambda event: event.sender == lead)

        prepared = run.engine.prepare(lead)
        run.engine.hand_over(prepared, Outgoing("10.000"))
        run.wait_for_ack(prepared.key, 2)

        until(lambda: world.has_blue_ticks(phone, lead), 20, "blue ticks")
        assert world.was_shown_online(phone)

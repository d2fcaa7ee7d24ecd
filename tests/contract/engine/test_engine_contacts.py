"""Who is on WhatsApp, and in which chat (session_worker/engine/port.py)."""

from __future__ import annotations

import pytest

from session_worker.engine.port import Contact, Outgoing
from shared.recipient_key import forms
from tests.contract.engine.engine_run import EngineRun, is_ready
from tests.contract.engine.engine_world import World, new_number


class TestContacts:
    """Asked of every adapter, linked."""

    def test_a_number_on_whatsapp_comes_with_the_chat_that_a_message_would_go_to(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        recipient = new_number()

        found = linked.engine.find_contact(recipient)

        assert found == Contact(exists=True, chat_id=f"{recipient}@c.us")
        assert linked.engine.prepare(recipient).chat_id == f"{recipient}@c.us"
        assert world.shown_to(number, recipient) == []

    def test_a_known_by_lid_comes_with_the_lid_s_chat(self, world: World, linked: EngineRun) -> None:
        recipient = new_number()
        world.known_by_lid(recipient)

        found = linked.engine.find_contact(recipient)

        assert found is not None
        assert found.chat_id is not None
        assert found.chat_id.endswith("@lid")
        assert found == Contact(exists=True, chat_id=linked.engine.prepare(recipient).chat_id)

    def test_a_number_without_whatsapp_has_no_chat(self, world: World, linked: EngineRun) -> None:
        recipient = new_number()
        world.not_on_whatsapp(*forms(recipient))

        assert linked.engine.find_contact(recipient) == Contact(exists=False, chat_id=None)

    @pytest.mark.parametrize(
        ("given", "known"),
        [
            ("541155519001", "5491155519001"),
            ("5491155519002", "541155519002"),
            ("525512345001", "5215512345001"),
            ("5585988887001", "558588887001"),
            ("558588887002", "5585988887002"),
        ],
    )
    def test_whatsapp_is_asked_for_every_form_of_a_number(
        self, world: World, linked: EngineRun, given: str, known: str
    ) -> None:
        world.not_on_whatsapp(given)

        found = linked.engine.find_contact(given)

        assert found == Contact(exists=True, chat_id=f"{known}@c.us")

    def test_asking_first_changes_nothing_for_the_message(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()
        linked.engine.find_contact(recipient)

        prepared = linked.engine.prepare(recipient)
        linked.engine.hand_over(prepared, Outgoing("hola"))

        linked.wait_for_ack(prepared.key, 1)
        assert world.shown_to(number, recipient) == ["hola"]

    def test_offline_whatsapp_can_not_be_asked(self, world: World, linked: EngineRun, number: str) -> None:
        unknown = new_number()
        world.go_offline(number, linked.engine)
        linked.wait_until(lambda seen: not is_ready(seen) or not seen.online)

        while_offline = linked.engine.find_contact(unknown)

        assert while_offline is None
        world.come_online(number, linked.engine)
        linked.wait_until_ready()
        assert linked.engine.find_contact(unknown) == Contact(exists=True, chat_id=f"{unknown}@c.us")

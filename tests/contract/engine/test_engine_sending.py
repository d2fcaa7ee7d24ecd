"""A message from its key to its acknowledgements (session_worker/engine/port.py)."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from session_worker.engine.port import AckSeen, EngineError, Found, Handed, Limits, Outgoing, Prepared
from shared.instant import now_ms
from shared.recipient_key import forms
from support.waiting import until
from tests.contract.engine.engine_run import EngineRun, is_ready
from tests.contract.engine.engine_world import World, new_number


class TestSending:
    """Asked of every adapter, linked; each test writes to recipients of its own."""

    def test_a_message_goes_from_key_to_read(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()

        prepared = linked.engine.prepare(recipient)
        before = linked.engine.look_up(prepared)
        handed = linked.engine.hand_over(prepared, Outgoing("hola"))

        assert prepared.key.startswith(f"true_{prepared.chat_id}_")
        assert before is None
        assert handed is Handed.TAKEN
        for ack in (1, 2, 3):
            linked.wait_for_ack(prepared.key, ack)
        assert linked.engine.look_up(prepared) == Found(3)
        assert world.shown_to(number, recipient) == ["hola"]

    def test_preparing_sends_nothing_and_makes_a_new_key_each_time(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        recipient = new_number()

        first, second = linked.engine.prepare(recipient), linked.engine.prepare(recipient)

        assert first.chat_id == second.chat_id
        assert first.key != second.key
        assert world.shown_to(number, recipient) == []

    def test_the_same_key_again_is_no_second_message(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()
        prepared = linked.engine.prepare(recipient)
        linked.engine.hand_over(prepared, Outgoing("una vez"))
        linked.wait_for_ack(prepared.key, 2)

        assert linked.engine.hand_over(prepared, Outgoing("otra vez")) is Handed.KNOWN

        following = linked.engine.prepare(recipient)
        linked.engine.hand_over(following, Outgoing("después"))
        linked.wait_for_ack(following.key, 1)
        assert world.shown_to(number, recipient) == ["una vez", "después"]

    def test_a_chat_known_by_lid_gets_its_key_from_the_chat(self, world: World, linked: EngineRun, number: str) -> None:
        recipient = new_number()
        world.known_by_lid(recipient)

        prepared = linked.engine.prepare(recipient)
        linked.engine.hand_over(prepared, Outgoing("hola"))

        assert prepared.chat_id.endswith("@lid")
        linked.wait_for_ack(prepared.key, 1)
        linked.wait_for_ack(prepared.key, 2)
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert found.ack in (2, 3)

    def test_a_number_without_whatsapp_gets_no_key(self, world: World, linked: EngineRun) -> None:
        recipient = new_number()
        world.not_on_whatsapp(*forms(recipient))

        with pytest.raises(EngineError) as raised:
            linked.engine.prepare(recipient)

        assert raised.value.code == "NOT_ON_WHATSAPP"

    @pytest.mark.parametrize(("given", "known"), [("541155518001", "5491155518001"), ("5585988886001", "558588886001")])
    def test_a_number_is_written_to_under_the_form_that_whatsapp_knows(
        self, world: World, linked: EngineRun, number: str, given: str, known: str
    ) -> None:
        world.not_on_whatsapp(given)

        prepared = linked.engine.prepare(given)
        linked.engine.hand_over(prepared, Outgoing("hola"))

        assert prepared.chat_id == f"{known}@c.us"
        linked.wait_for_ack(prepared.key, 1)
        assert world.shown_to(number, known) == ["hola"]

    def test_a_refusal_is_told_and_kept(self, world: World, linked: EngineRun, number: str) -> None:
        prepared = linked.engine.prepare(new_number())
        world.refuse_next(number)

        linked.engine.hand_over(prepared, Outgoing("no"))

        linked.wait_for_ack(prepared.key, -1)
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert (found.ack, found.unsent) == (-1, True)

    @pytest.mark.parametrize("code", ["421", "463", "475"])
    def test_a_refusal_is_told_with_whatsapps_code(
        self, world: World, linked: EngineRun, number: str, code: str
    ) -> None:
        prepared = linked.engine.prepare(new_number())
        world.refuse_next(number, code)

        linked.engine.hand_over(prepared, Outgoing("no"))

        linked.wait_for(AckSeen, lambda told: told == AckSeen(prepared.key, -1, code))

    def test_whatsapp_says_what_it_allows(self, world: World, linked: EngineRun, number: str) -> None:
        until_ms = (now_ms() // 1000 + 3_600) * 1000
        told = []
        for limits in (
            Limits(),
            Limits(new_chats_allowed=100, new_chats_used=40, cycle_ends_ms=until_ms),
            Limits(time_lock_until_ms=until_ms),
            Limits(),
        ):
            world.limit(number, limits)
            told.append((linked.engine.limits(), limits))

        assert [seen for seen, _ in told] == [asked for _, asked in told]

    def test_a_refused_later_copy_is_told_apart(self, world: World, linked: EngineRun, number: str) -> None:
        # what becomes of a copy that the page sends again by itself says nothing of the one before it
        recipient = new_number()
        prepared = linked.engine.prepare(recipient)
        world.lose_next_ack(number)
        linked.engine.hand_over(prepared, Outgoing("sí"))
        until(lambda: world.shown_to(number, recipient) == ["sí"])
        world.go_offline(number, linked.engine)
        linked.wait_until(lambda seen: not is_ready(seen) or not seen.online)
        world.refuse_next(number)

        world.come_online(number, linked.engine)

        linked.wait_for_ack(prepared.key, -2)
        found = linked.engine.look_up(prepared)
        assert found is not None
        assert (found.ack, found.unsent) == (-1, True)

    def test_what_the_page_gave_up_on_is_sent_again_under_its_key(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        recipient = new_number()
        prepared = linked.engine.prepare(recipient)
        with pytest.raises(EngineError):
            linked.engine.resend(prepared)  # nothing is there yet
        world.refuse_next(number)
        linked.engine.hand_over(prepared, Outgoing("otra vez"))
        linked.wait_for_ack(prepared.key, -1)
        assert world.shown_to(number, recipient) == []

        linked.engine.resend(prepared)

        linked.wait_for_ack(prepared.key, 2)
        assert world.shown_to(number, recipient) == ["otra vez"]
        with pytest.raises(EngineError) as raised:
            linked.engine.resend(prepared)
        assert raised.value.code == "WHATSAPP_ERROR"

    def test_what_the_owner_deleted_for_everyone_had_been_sent(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        recipient = new_number()
        prepared = linked.engine.prepare(recipient)
        linked.engine.hand_over(prepared, Outgoing("borrado"))
        linked.wait_for_ack(prepared.key, 2)

        world.revoke_latest(number, recipient)

        until(lambda: linked.engine.look_up(prepared) == Found(1, revoked=True))

    def test_a_key_of_another_chat_is_refused(self, linked: EngineRun) -> None:
        prepared, other = linked.engine.prepare(new_number()), linked.engine.prepare(new_number())

        with pytest.raises(EngineError) as raised:
            linked.engine.hand_over(replace(prepared, key=other.key), Outgoing("hola"))

        assert raised.value.code == "WHATSAPP_ERROR"

    def test_an_unknown_key_is_not_there(self, linked: EngineRun) -> None:
        prepared = linked.engine.prepare(new_number())

        unknown = Prepared(prepared.chat_id, f"true_{prepared.chat_id}_3EB0000000000000000000")

        assert linked.engine.look_up(unknown) is None

    def test_offline_no_key_is_made_and_a_message_in_flight_goes_out_later(
        self, world: World, linked: EngineRun, number: str
    ) -> None:
        recipient, unknown = new_number(), new_number()
        prepared = linked.engine.prepare(recipient)
        world.go_offline(number, linked.engine)
        linked.wait_until(lambda seen: not is_ready(seen) or not seen.online)

        linked.engine.hand_over(prepared, Outgoing("luego"))
        pending = linked.engine.look_up(prepared)
        with pytest.raises(EngineError) as raised:
            linked.engine.prepare(unknown)

        assert pending == Found(0)
        assert raised.value.code == "WHATSAPP_ERROR"
        world.come_online(number, linked.engine)
        linked.wait_until_ready()
        linked.wait_for_ack(prepared.key, 1)
        assert world.shown_to(number, recipient) == ["luego"]
        assert world.shown_to(number, unknown) == []

    def test_many_threads_may_ask_at_once(self, linked: EngineRun) -> None:
        keys: list[str] = []

        def prepare() -> None:
            keys.append(linked.engine.prepare(new_number()).key)

        threads = [threading.Thread(target=prepare) for _ in range(8)]

        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert len(set(keys)) == 8

"""Restarts, faults and every way to end (session_worker/engine/port.py)."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from session_worker.engine.browser.profile_lock import is_locked
from session_worker.engine.port import AckSeen, BrowserGone, EngineError, Found, Handed, Outgoing, PageChanged
from support.waiting import until
from tests.contract.engine.engine_run import Launch, is_ready
from tests.contract.engine.engine_world import World, children_of_this_process, link, new_number, new_run, processes_of


class TestLife:
    """Asked of every adapter; each test with browsers of its own."""

    def test_a_restart_keeps_login_pairing_and_messages(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        linked = link(world, run, phone)
        prepared = run.engine.prepare(new_number())
        run.engine.hand_over(prepared, Outgoing("hola"))
        run.wait_for_ack(prepared.key, 2)
        run.engine.stop()

        again = launch(tmp_path)
        seen = again.wait_until_ready()

        assert (seen.phone_number, seen.pairing_id) == (phone, linked.pairing_id)
        found = again.engine.look_up(prepared)
        assert found is not None
        assert found.ack in (2, 3)
        again.wait_for(PageChanged, lambda event: is_ready(event.observation))

    def test_a_new_page_sends_nothing_by_itself_and_holds_what_was_not_acknowledged(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        # given a message whose acknowledgement was lost, and one that is deleted while no page is open
        run = launch(tmp_path)
        link(world, run, phone)
        recipient, other = new_number(), new_number()
        prepared, deleted = run.engine.prepare(recipient), run.engine.prepare(other)
        for message, text in ((prepared, "una vez"), (deleted, "borrado")):
            world.lose_next_ack(phone)
            run.engine.hand_over(message, Outgoing(text))
        until(lambda: world.shown_to(phone, other) == ["borrado"])
        assert run.engine.look_up(prepared) == Found(0)
        run.engine.stop()
        world.revoke_latest(phone, other)
        # when a new page opens
        again = launch(tmp_path)
        again.wait_until_ready()
        # then it holds the first one unsent and refuses its key, and knows that the other one was sent
        assert again.engine.look_up(prepared) == Found(0, unsent=True)
        assert again.engine.hand_over(prepared, Outgoing("una vez")) is Handed.KNOWN
        until(lambda: again.engine.look_up(deleted) == Found(1, revoked=True))
        # and sends it again under its key once it is told to
        again.engine.resend(prepared)
        again.wait_for(AckSeen, lambda told: told.key == prepared.key and told.ack >= 1)
        assert world.shown_to(phone, recipient) == ["una vez"]

    def test_a_crash_is_told_once_and_ends_the_talk(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)

        world.crash(phone, run.engine)

        run.wait_for(BrowserGone)
        with pytest.raises(EngineError) as raised:
            run.engine.observe()
        assert raised.value.code == "PAGE_FAILED"
        run.engine.stop()
        assert len(run.told(BrowserGone)) == 1
        assert not is_locked(run.config.lock_path)

    def test_a_hung_page_does_not_answer_and_still_stops(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        prepared = run.engine.prepare(new_number())
        world.hang(phone, run.engine)
        failures: list[EngineError] = []

        def hand_over() -> None:
            try:
                run.engine.hand_over(prepared, Outgoing("hola"))
            except EngineError as error:
                failures.append(error)

        sending = threading.Thread(target=hand_over)
        with pytest.raises(EngineError) as raised:
            run.observe_until_failure()
        sending.start()
        run.engine.stop()
        sending.join()

        assert raised.value.code == "PAGE_FAILED"
        assert [error.code for error in failures] == ["PAGE_FAILED"]
        assert not is_locked(run.config.lock_path)
        assert processes_of(run.config.profile_dir) == []

    def test_stopping_is_sure_and_may_be_repeated(self, world: World, launch: Launch, tmp_path: Path) -> None:
        before = children_of_this_process()
        run = launch(tmp_path)
        run.wait_for_code()
        was_locked = is_locked(run.config.lock_path)

        run.engine.stop()
        run.engine.stop(logout=True)

        assert was_locked
        assert not is_locked(run.config.lock_path)
        assert processes_of(run.config.profile_dir) == []
        assert children_of_this_process() <= before
        assert run.told(BrowserGone) == []
        with pytest.raises(EngineError):
            run.engine.observe()

    def test_a_profile_has_one_browser(self, world: World, launch: Launch, tmp_path: Path) -> None:
        first = launch(tmp_path)
        first.wait_for_code()

        with pytest.raises(EngineError) as raised:
            launch(tmp_path)

        assert raised.value.code == "PROFILE_LOCKED"
        assert first.engine.observe().code is not None

    def test_an_engine_that_never_started_stops_and_answers_nothing(self, world: World, tmp_path: Path) -> None:
        run = new_run(world, tmp_path)

        with pytest.raises(EngineError) as raised:
            run.engine.observe()
        found = run.engine.find_contact(new_number())
        run.engine.stop()

        assert raised.value.code == "PAGE_FAILED"
        assert found is None

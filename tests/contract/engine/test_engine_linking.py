"""Linking an engine to a phone and unlinking it (session_worker/engine/port.py)."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_worker.engine.port import BrowserGone, EngineError, LoggedOut, PageChanged
from tests.contract.engine.engine_run import EngineRun, Launch, is_ready
from tests.contract.engine.engine_world import World, link, new_number


class TestLinking:
    """Codes, pairings, logouts; asked of every adapter."""

    def test_observes_the_linked_phone(self, linked: EngineRun, number: str) -> None:
        seen = linked.engine.observe()

        assert is_ready(seen)
        assert (seen.phone_number, seen.push_name, seen.code, seen.problem) == (number, "Negocio", None, None)
        assert seen.online
        assert seen.pairing_id
        assert seen.web_version

    def test_no_code_for_a_linked_device(self, linked: EngineRun) -> None:
        with pytest.raises(EngineError) as raised:
            linked.engine.renew_code()

        assert raised.value.code == "WHATSAPP_ERROR"

    def test_a_code_can_be_renewed_and_nothing_else_works_yet(
        self, world: World, launch: Launch, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        first = run.wait_for_code()
        seen = run.engine.observe()

        assert run.engine.renew_code() is None
        run.wait_for(PageChanged, lambda event: event.observation.code not in (None, first), "another code")

        assert (seen.registered, seen.phone_number, seen.pairing_id) == (False, None, None)
        assert run.engine.find_contact(new_number()) is None
        with pytest.raises(EngineError) as raised:
            run.engine.prepare(new_number())
        assert raised.value.code == "WHATSAPP_ERROR"

    def test_a_pairing_code_links(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        code = run.wait_for_code()

        pairing = run.engine.renew_code(phone)

        assert pairing is not None
        assert pairing.code != code
        world.enter_pairing_code(phone, pairing.code)
        assert run.wait_until_ready().phone_number == phone

    def test_the_phone_unlinks_and_links_anew(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        first = link(world, run, phone)

        world.unlink(phone)

        told = run.wait_for(LoggedOut)
        assert told.reason == "user_initiated"
        second = link(world, run, phone)
        assert second.pairing_id not in (None, first.pairing_id)
        assert len(run.told(LoggedOut)) == 1
        assert run.told(BrowserGone) == []

    def test_stopping_with_logout_unlinks(self, world: World, launch: Launch, phone: str, tmp_path: Path) -> None:
        run = launch(tmp_path)
        link(world, run, phone)

        run.engine.stop(logout=True)

        again = launch(tmp_path)
        assert again.wait_for_code()
        assert not world.is_linked(phone)

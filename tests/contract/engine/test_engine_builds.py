"""What an engine tells of the build that its page loaded, and of loads that nobody asked for."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_worker.engine.port import EngineError, LoggedOut, PageReloaded
from tests.contract.engine.engine_run import Launch
from tests.contract.engine.engine_world import World, link, new_run


class TestBuilds:
    """Asked of every adapter; each test with a browser of its own."""

    def test_a_whole_page_lacks_nothing_that_has_no_fallback(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        run.wait_for_code()
        at_code = run.engine.probe()
        seen = link(world, run, phone)

        report = run.engine.probe()

        assert [one for one in (*at_code.missing, *report.missing) if not one.has_fallback] == []
        assert report.web_version == seen.web_version is not None
        assert report.wa_js_version
        assert report.full_ready_ms is not None
        assert 0 <= report.full_ready_ms <= report.age_ms
        assert report.age_ms >= at_code.age_ms
        assert report.complaints == ()

    def test_a_reload_of_the_pages_own_is_told_once_and_the_login_stays(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)
        asked_for = run.told(PageReloaded)

        world.reload(phone, run.engine)
        run.wait_for(PageReloaded)
        run.wait_until_ready()
        after = run.engine.probe()

        assert asked_for == []
        assert len(run.told(PageReloaded)) == 1
        assert after.full_ready_ms is not None
        assert run.told(LoggedOut) == []

    def test_a_page_that_leaves_because_it_was_unlinked_does_not_reload_itself(
        self, world: World, launch: Launch, phone: str, tmp_path: Path
    ) -> None:
        run = launch(tmp_path)
        link(world, run, phone)

        world.unlink(phone)
        run.wait_for(LoggedOut)
        run.wait_for_code()

        assert run.told(PageReloaded) == []

    def test_an_engine_that_does_not_run_is_made_of_nothing(self, world: World, tmp_path: Path) -> None:
        run = new_run(world, tmp_path)

        with pytest.raises(EngineError) as raised:
            run.engine.probe()

        assert raised.value.code == "PAGE_FAILED"

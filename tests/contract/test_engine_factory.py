"""Which engine an address gets; the fake that links itself; what stops a start before a browser runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from engine_run import EngineRun

from session_worker.engine import browser_launch
from session_worker.engine.browser_path import find_browser, user_agent
from session_worker.engine.engine_factory import make_engine
from session_worker.engine.page_script import find_wa_js
from session_worker.engine.playwright_engine import PlaywrightEngine
from session_worker.engine.port import EngineConfig, EngineError


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(
        url="fake://auto?ack_ms=1&delivered_ms=1&read_ms=1",
        profile_dir=tmp_path / "cliente_51",
        lock_path=tmp_path / "cliente_51.lock",
    )


def test_a_site_gets_a_browser(config: EngineConfig) -> None:
    assert isinstance(make_engine(replace(config, url="https://web.whatsapp.com/")), PlaywrightEngine)


@pytest.mark.parametrize("url", ["", "ftp://x/", "fake://other", "fake://auto?akc_ms=5", "fake://auto?ack_ms=soon"])
def test_an_address_nobody_serves(config: EngineConfig, url: str) -> None:
    with pytest.raises(EngineError) as raised:
        make_engine(replace(config, url=url))

    assert raised.value.code == "PAGE_FAILED"


def test_the_automatic_fake_links_sends_and_keeps_its_login(config: EngineConfig) -> None:
    first = EngineRun(make_engine(config), config).start()
    linked = first.wait_until_ready()
    prepared = first.engine.prepare("5491123456789")
    first.engine.hand_over(prepared, "hola")
    first.wait_for_ack(prepared.key, 3)
    first.engine.stop()

    second = EngineRun(make_engine(config), config).start()
    again = second.wait_until_ready()
    found = second.engine.acknowledgement(prepared)
    second.engine.stop(logout=True)

    assert (again.phone_number, again.pairing_id) == (linked.phone_number, linked.pairing_id)
    assert found == 3
    third = EngineRun(make_engine(config), config).start()
    anew = third.wait_until_ready()
    third.engine.stop()
    assert (anew.phone_number == linked.phone_number, anew.pairing_id == linked.pairing_id) == (True, False)


def test_no_browser_is_said_before_anything_starts(config: EngineConfig, tmp_path: Path) -> None:
    engine = make_engine(replace(config, url="http://127.0.0.1:9/", browser_path=str(tmp_path / "none")))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "BROWSER_NOT_FOUND"
    assert "BROWSER_PATH" in raised.value.detail


def test_a_browser_that_does_not_run(config: EngineConfig, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Chromium 156.0.1.2 && exit\nexit 1\n', "utf-8")
    broken.chmod(0o700)
    engine = make_engine(replace(config, url="http://127.0.0.1:9/", browser_path=str(broken)))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "BROWSER_FAILED"


def test_a_site_that_can_not_be_reached(config: EngineConfig) -> None:
    engine = make_engine(replace(config, url="http://127.0.0.1:9/"))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "PAGE_FAILED"


def test_wa_js_that_is_not_installed(config: EngineConfig, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        find_wa_js(tmp_path / "none.js")

    assert "npm ci" in raised.value.detail


def test_playwright_s_own_chromium_comes_before_the_system_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for revision in ("chromium-900", "chromium-1200", "chromium_headless_shell-1300"):
        chrome = tmp_path / revision / "chrome-linux64" / "chrome"
        chrome.parent.mkdir(parents=True)
        chrome.touch(mode=0o700)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))

    assert find_browser("") == tmp_path / "chromium-1200" / "chrome-linux64" / "chrome"


def test_no_browser_anywhere_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(EngineError) as raised:
        find_browser("")

    assert raised.value.code == "BROWSER_NOT_FOUND"
    assert "playwright install chromium" in raised.value.detail


def test_the_user_agent_never_says_headless() -> None:
    assert "Headless" not in user_agent(156)
    assert "Chrome/156.0.0.0" in user_agent(156)


def test_a_wrapper_without_its_executable_bit_is_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    original = tmp_path / "installed.sh"
    original.write_text("#!/bin/sh\n", "utf-8")
    monkeypatch.setattr(browser_launch, "_WRAPPER", original)

    copy = browser_launch.wrapper(beside=tmp_path / "profile.lock")

    assert copy.parent == tmp_path
    assert copy.stat().st_mode & 0o777 == 0o700

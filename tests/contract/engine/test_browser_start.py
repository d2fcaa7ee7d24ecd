"""Before a page is there: which browser, its switches, its wrapper, wa-js; and what stops a start there."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from session_worker.engine.browser import launch_options
from session_worker.engine.browser.executable import find_browser, user_agent
from session_worker.engine.factory import make_engine
from session_worker.engine.port import EngineConfig, EngineError
from session_worker.engine.versions.bundles import packaged_bundle
from tests.contract.engine.engine_world import REPOSITORY

_WRAPPER = REPOSITORY / "session_worker/engine/browser/wrapper.sh"


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(
        url="http://127.0.0.1:9/",
        profile_dir=tmp_path / "cliente_51",
        lock_path=tmp_path / "cliente_51.lock",
    )


def test_no_browser_is_said_before_anything_starts(config: EngineConfig, tmp_path: Path) -> None:
    engine = make_engine(replace(config, browser_path=str(tmp_path / "none")))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "BROWSER_NOT_FOUND"
    assert "BROWSER_PATH" in raised.value.detail


def test_a_browser_that_does_not_run(config: EngineConfig, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Chromium 156.0.1.2 && exit\nexit 1\n', "utf-8")
    broken.chmod(0o700)
    engine = make_engine(replace(config, browser_path=str(broken)))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "BROWSER_FAILED"


@pytest.mark.browser
def test_a_site_that_can_not_be_reached(config: EngineConfig) -> None:
    engine = make_engine(config)

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "PAGE_FAILED"


def test_wa_js_that_is_not_installed(config: EngineConfig, tmp_path: Path) -> None:
    with pytest.raises(EngineError) as raised:
        packaged_bundle(tmp_path / "none.js")

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
    monkeypatch.setattr(launch_options, "_WRAPPER", original)

    copy = launch_options.wrapper(beside=tmp_path / "profile.lock")

    assert copy.parent == tmp_path
    assert copy.stat().st_mode & 0o777 == 0o700


def _wrapped(tmp_path: Path, *arguments: str) -> list[str]:
    """What the wrapper gives to the browser, here a stand-in that prints it."""
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    browser.chmod(0o700)
    answer = subprocess.run(
        ["sh", str(_WRAPPER), *arguments],
        env={
            "PATH": "/usr/bin:/bin",
            "LEADMASTER_BROWSER": str(browser),
            "LEADMASTER_PROFILE": str(tmp_path),
            "LEADMASTER_PROFILE_LOCK": str(tmp_path / "lock"),
            "LEADMASTER_LAUNCH_ID": "x",
        },
        check=True,
        capture_output=True,
        text=True,
        timeout=20,
    )
    return answer.stdout.splitlines()


def test_lists_of_features_become_one(tmp_path: Path) -> None:
    # given two lists, of which a browser would obey the last alone
    given = ["--a", "--disable-features=One,Two", "--b=with space", "--disable-features=Three", "about:blank"]
    assert _wrapped(tmp_path, *given) == ["--a", "--b=with space", "about:blank", "--disable-features=One,Two,Three"]
    given = ["--enable-features=One", "about:blank", "--disable-features=Two", "--enable-features=Three"]
    assert _wrapped(tmp_path, *given) == ["about:blank", "--disable-features=Two", "--enable-features=One,Three"]


def test_other_arguments_are_passed_on_as_they_are(tmp_path: Path) -> None:
    given = ["--x=$HOME", "--y='quoted' \"twice\"", "", "*"]
    assert _wrapped(tmp_path, *given) == given

"""Where Chromium's sandbox can't work: the demo does without and says so, `up` and `doctor` say what to do."""

from __future__ import annotations

import io
import os
from collections.abc import Callable

import pytest
from rich.console import Console

from leadmaster.demo.run import do_without_sandbox
from leadmaster.sandbox import warn_of_sandbox
from leadmaster.screen import Screen
from session_worker.engine.browser import sandbox
from session_worker.engine.browser.sandbox import Machine, Sandbox
from shared.settings import Settings

DENIED = sandbox.judge(Machine(is_root=False, unshare_works=False, apparmor_restrict_unprivileged_userns=1), "/chrome")


class Shown:
    """A screen that keeps what it showed."""

    def __init__(self) -> None:
        self._out = io.StringIO()
        self.screen = Screen(Console(file=self._out, width=500))

    @property
    def lines(self) -> list[str]:
        return [line for line in self._out.getvalue().splitlines() if line.strip()]


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
def as_user(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> Callable[[Sandbox], None]:
    """Nobody is root, and the machine says so much of the sandbox."""

    def given(found: Sandbox) -> None:
        monkeypatch.setattr("os.geteuid", lambda: 1000)
        monkeypatch.setattr(sandbox, "look", lambda _: found)
        monkeypatch.setenv("BROWSER_NO_SANDBOX", "")
        monkeypatch.delenv("BROWSER_NO_SANDBOX")

    return given


def test_the_demo_does_without_and_says_so_in_one_line(shown: Shown, as_user: Callable[[Sandbox], None]) -> None:
    as_user(DENIED)

    do_without_sandbox(shown.screen)

    assert os.environ["BROWSER_NO_SANDBOX"] == "true"
    assert len(shown.lines) == 1
    assert "opens no foreign site" in shown.lines[0]
    assert "AppArmor" in shown.lines[0]


def test_the_demo_keeps_a_sandbox_that_works(shown: Shown, as_user: Callable[[Sandbox], None]) -> None:
    as_user(Sandbox(True))

    do_without_sandbox(shown.screen)

    assert "BROWSER_NO_SANDBOX" not in os.environ
    assert shown.lines == []


def test_up_keeps_it_on_and_says_what_to_do(shown: Shown, as_user: Callable[[Sandbox], None]) -> None:
    as_user(DENIED)

    warn_of_sandbox(Settings(), shown.screen)

    assert "BROWSER_NO_SANDBOX" not in os.environ
    told = "\n".join(shown.lines)
    assert "Chromium does not start with its own" in told
    for line in DENIED.advice:
        assert f"→ {line}" in told


@pytest.mark.parametrize("settings", [Settings(browser_no_sandbox=True), Settings(whatsapp_web_url="fake://x")])
def test_nothing_is_said_where_none_is_wanted(
    shown: Shown, as_user: Callable[[Sandbox], None], settings: Settings
) -> None:
    as_user(DENIED)

    warn_of_sandbox(settings, shown.screen)

    assert shown.lines == []

"""What the kernel says of user namespaces, and what follows for Chromium's sandbox."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import pytest

from session_worker.engine.browser import sandbox
from session_worker.engine.browser.sandbox import Machine, judge

BROWSER = "/opt/chromium/chrome"
USER = Machine(is_root=False)


@pytest.mark.parametrize(
    ("machine", "works"),
    [
        pytest.param(replace(USER, unshare_works=True, max_user_namespaces=96_365), True, id="debian"),
        pytest.param(USER, True, id="nothing known: it is tried"),
        pytest.param(replace(USER, unshare_works=False, max_user_namespaces=0), False, id="none at all"),
        pytest.param(replace(USER, unshare_works=False, unprivileged_userns_clone=0), False, id="older debian"),
        pytest.param(replace(USER, unshare_works=False, apparmor_restrict_unprivileged_userns=1), False, id="ubuntu"),
        pytest.param(
            replace(USER, unshare_works=False, apparmor_restrict_unprivileged_userns=1, browser_starts=True),
            True,
            id="ubuntu, a browser with a profile",
        ),
        pytest.param(
            replace(USER, unshare_works=True, apparmor_restrict_unprivileged_userns=0), True, id="ubuntu, opened"
        ),
        pytest.param(replace(USER, unshare_works=False, max_user_namespaces=96_365), False, id="a container"),
        pytest.param(replace(USER, unshare_works=False, browser_starts=True), True, id="a setuid helper"),
        pytest.param(Machine(is_root=True, unshare_works=True), False, id="root"),
    ],
)
def test_whether_it_works(machine: Machine, works: bool) -> None:
    found = judge(machine, BROWSER)

    assert found.works is works
    assert bool(found.cause) is bool(found.advice) is not works


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"max_user_namespaces": 0}, "sudo sysctl -w user.max_user_namespaces=15000"),
        ({"unprivileged_userns_clone": 0}, "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
        ({"apparmor_restrict_unprivileged_userns": 1}, f'profile leadmaster-chromium "{BROWSER}" flags=(unconfined)'),
        ({}, "seccomp"),
    ],
)
def test_what_to_do_is_said_exactly(changes: dict[str, int], said: str) -> None:
    advice = "\n".join(judge(replace(USER, unshare_works=False, **changes), BROWSER).advice)

    assert said in advice
    assert "BROWSER_PATH" in advice
    assert "BROWSER_NO_SANDBOX=true" in advice


def test_a_real_try_that_works_is_believed_whatever_the_switches_say() -> None:
    for clone, most, apparmor in itertools.product((None, 0, 1), repeat=3):
        machine = Machine(False, clone, most, apparmor, unshare_works=True)
        assert judge(machine, BROWSER).works


def test_switches_that_forbid_are_believed_where_nothing_could_be_tried() -> None:
    assert not judge(replace(USER, unprivileged_userns_clone=0), BROWSER).works
    assert not judge(replace(USER, max_user_namespaces=0), BROWSER).works
    assert not judge(replace(USER, apparmor_restrict_unprivileged_userns=1), BROWSER).works


@pytest.fixture
def ubuntu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The switches as today's Ubuntu has them, for a user who is not root; returns where programs are looked for."""
    kernel, programs = tmp_path / "sys", tmp_path / "bin"
    (kernel / "kernel").mkdir(parents=True)
    (kernel / "user").mkdir()
    programs.mkdir()
    (kernel / "kernel" / "apparmor_restrict_unprivileged_userns").write_text("1\n")
    (kernel / "user" / "max_user_namespaces").write_text("96365\n")
    monkeypatch.setattr(sandbox, "_KERNEL", kernel)
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setenv("PATH", str(programs))
    return programs


def _program(path: Path, status: int) -> Path:
    path.write_text(f"#!/bin/sh\nexit {status}\n")
    path.chmod(0o755)
    return path


def test_a_browser_that_starts_all_the_same_is_believed(ubuntu: Path) -> None:
    _program(ubuntu / "unshare", 1)

    assert "AppArmor" in sandbox.look(_program(ubuntu / "chrome", 1)).cause
    assert sandbox.look(_program(ubuntu / "chrome", 0)).works


def test_a_browser_is_not_tried_where_namespaces_are_given(ubuntu: Path) -> None:
    _program(ubuntu / "unshare", 0)

    assert sandbox.look(_program(ubuntu / "chrome", 1)).works


def test_without_unshare_the_browser_is_asked(ubuntu: Path) -> None:
    assert not sandbox.look(_program(ubuntu / "chrome", 1)).works
    assert sandbox.look(_program(ubuntu / "chrome", 0)).works


def test_this_machine_has_an_answer() -> None:
    found = sandbox.look(Path("/nowhere/chrome"))

    assert found.works or found.advice

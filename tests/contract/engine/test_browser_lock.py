"""A profile's lock lives exactly as long as its browser, whoever else dies (session_worker/engine/browser/)."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from session_worker.engine.browser import launch_options, profile_lock
from session_worker.engine.browser.profile_lock import Holder, holder, is_locked, kill_browser
from session_worker.engine.factory import make_engine
from session_worker.engine.port import BrowserGone, EngineConfig, EngineError
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import REPOSITORY, SimulatorWorld, processes_of

Start = Callable[..., subprocess.Popen[bytes]]
_WAIT_SECONDS = 20.0


@pytest.fixture
def lock_path(tmp_path: Path) -> Path:
    return tmp_path / "profile.lock"


@pytest.fixture
def run(simulator: SimulatorWorld, tmp_path: Path, lock_path: Path) -> Iterator[EngineRun]:
    """An engine with a real browser, started."""
    config = EngineConfig(url=simulator.url, profile_dir=tmp_path / "profile", lock_path=lock_path)
    made = EngineRun(make_engine(config), config).start()
    yield made
    made.engine.stop()


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        threading.Event().wait(0.02)


def _held(lock_path: Path) -> Holder:
    found = holder(lock_path)
    assert found is not None
    return found


def _driver_pid() -> int:
    (driver,) = (child for child in psutil.Process().children() if "run-driver" in child.cmdline())
    return int(driver.pid)


class TestBrowserHoldsTheLock:
    def test_the_holder_is_the_browser_itself(self, run: EngineRun, lock_path: Path) -> None:
        found = _held(lock_path)

        command = psutil.Process(found.pid).cmdline()

        assert is_locked(lock_path)
        assert found.launch_id
        assert f"--user-data-dir={run.config.profile_dir}" in command
        assert not any(word.startswith("--type=") for word in command)

    def test_a_killed_browser_frees_it_and_is_told(self, run: EngineRun, lock_path: Path) -> None:
        os.kill(_held(lock_path).pid, signal.SIGKILL)

        run.wait_for(BrowserGone)
        _wait_until(lambda: not is_locked(lock_path))
        _wait_until(lambda: processes_of(run.config.profile_dir) == [])

    def test_a_killed_driver_is_told_and_stop_ends_the_browser(self, run: EngineRun, lock_path: Path) -> None:
        os.kill(_driver_pid(), signal.SIGKILL)

        run.wait_for(BrowserGone)
        with pytest.raises(EngineError) as raised:
            run.engine.observe()
        run.engine.stop()

        assert raised.value.code == "PAGE_FAILED"
        assert not is_locked(lock_path)
        assert processes_of(run.config.profile_dir) == []

    def test_a_hung_driver_does_not_keep_stop_from_ending_everything(self, run: EngineRun, lock_path: Path) -> None:
        driver = _driver_pid()
        os.kill(driver, signal.SIGSTOP)

        run.engine.stop()

        _wait_until(lambda: not psutil.pid_exists(driver))
        assert not is_locked(lock_path)
        assert processes_of(run.config.profile_dir) == []

    def test_a_browser_of_another_launch_is_left_alone(self, run: EngineRun, lock_path: Path) -> None:
        assert kill_browser(lock_path, launch_id="another")

        assert is_locked(lock_path)
        assert run.wait_for_code()

    def test_a_profile_left_by_a_killed_browser_on_another_host_starts_again(
        self, simulator: SimulatorWorld, run: EngineRun, lock_path: Path
    ) -> None:
        run.wait_for_code()
        os.kill(_held(lock_path).pid, signal.SIGKILL)
        run.wait_for(BrowserGone)
        run.engine.stop()
        stale = run.config.profile_dir / "SingletonLock"
        stale.unlink(missing_ok=True)
        stale.symlink_to("another-host-4242")

        again = EngineRun(make_engine(run.config), run.config).start()

        try:
            assert again.wait_for_code()
        finally:
            again.engine.stop()


class TestOwnerDies:
    """The Python process is killed; who takes over needs no Playwright to be sure that the profile is free."""

    @pytest.fixture
    def owner(self, simulator: SimulatorWorld, tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
        script = Path(__file__).with_name("engine_process.py")
        command = [sys.executable, str(script), simulator.url, str(tmp_path)]
        process = subprocess.Popen(command, cwd=REPOSITORY, env=_with_repository(), stdout=subprocess.PIPE, text=True)
        yield process
        process.kill()
        process.communicate()

    def test_the_lock_is_held_until_the_browser_is_gone(self, owner: subprocess.Popen[str], lock_path: Path) -> None:
        assert owner.stdout is not None
        owner.stdout.readline()
        browser = psutil.Process(_held(lock_path).pid)

        owner.kill()

        # Whether the driver ends the browser by itself is its business: locked and alive go together throughout.
        while is_locked(lock_path):
            assert kill_browser(lock_path)
        assert not browser.is_running() or browser.status() == psutil.STATUS_ZOMBIE

    def test_a_browser_that_survives_owner_and_driver_is_locked_until_killed(
        self, owner: subprocess.Popen[str], lock_path: Path, tmp_path: Path
    ) -> None:
        assert owner.stdout is not None
        driver = int(owner.stdout.readline())
        os.kill(driver, signal.SIGSTOP)  # so that it ends nothing on its way out
        owner.kill()
        owner.wait()
        still_locked, still_held = is_locked(lock_path), holder(lock_path)

        freed = kill_browser(lock_path)

        os.kill(driver, signal.SIGKILL)
        assert still_locked
        assert still_held is not None
        assert freed
        assert not is_locked(lock_path)
        _wait_until(lambda: processes_of(tmp_path / "profile") == [])


class TestLockFile:
    """The lock by itself, with `sleep` for a browser."""

    @pytest.fixture
    def start(self, tmp_path: Path, lock_path: Path) -> Iterator[Start]:
        """Starts a program through the wrapper."""
        started: list[subprocess.Popen[bytes]] = []

        def wrapped(program: Path = Path("/bin/sleep")) -> subprocess.Popen[bytes]:
            environment = launch_options.environment(program, tmp_path, lock_path, "launch")
            wrapper = launch_options.wrapper(beside=lock_path)
            started.append(subprocess.Popen([wrapper, "60"], env=environment))
            return started[-1]

        yield wrapped
        for process in started:
            process.kill()
            process.wait()

    def test_no_file_is_no_lock(self, lock_path: Path) -> None:
        assert not is_locked(lock_path)
        assert holder(lock_path) is None
        assert kill_browser(lock_path)

    def test_the_second_exits_with_75(self, start: Start, lock_path: Path) -> None:
        first = start()
        _wait_until(lambda: holder(lock_path) == Holder(first.pid, "launch"))

        second = start()

        assert second.wait(_WAIT_SECONDS) == 75
        assert holder(lock_path) == Holder(first.pid, "launch")

    def test_killing_frees_it(self, start: Start, lock_path: Path) -> None:
        process = start()
        _wait_until(lambda: is_locked(lock_path))

        assert kill_browser(lock_path)

        assert process.wait(_WAIT_SECONDS) == -signal.SIGKILL
        assert not is_locked(lock_path)

    def test_a_recorded_pid_that_does_not_hold_the_lock_is_never_killed(self, start: Start, lock_path: Path) -> None:
        process = start()
        _wait_until(lambda: is_locked(lock_path))
        bystander = subprocess.Popen(["/bin/sleep", "60"])
        try:
            lock_path.write_text(f"{bystander.pid} launch\n", "utf-8")

            assert holder(lock_path) == Holder(process.pid, "")
            assert kill_browser(lock_path)

            assert process.wait(_WAIT_SECONDS) == -signal.SIGKILL
            assert bystander.poll() is None
        finally:
            bystander.kill()
            bystander.wait()

    def test_a_child_of_the_holder_dies_with_it(self, start: Start, tmp_path: Path, lock_path: Path) -> None:
        script = tmp_path / "parent.sh"
        script.write_text("#!/bin/sh\nsleep 60 9>&- &\nwait\n", "utf-8")
        script.chmod(0o700)
        process = start(script)
        _wait_until(lambda: [child.name() for child in psutil.Process(process.pid).children()] == ["sleep"])
        (child,) = psutil.Process(process.pid).children()

        assert kill_browser(lock_path)

        assert process.wait(_WAIT_SECONDS) == -signal.SIGKILL
        _wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)

    def test_the_browser_sees_none_of_the_service_s_secrets(
        self, lock_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JWT_SECRET", "secret")
        monkeypatch.setenv("LC_ALL", "C.UTF-8")

        seen = launch_options.environment(Path("/bin/true"), tmp_path, lock_path, "launch")

        assert "JWT_SECRET" not in seen
        assert seen["LC_ALL"] == "C.UTF-8"
        assert seen["LEADMASTER_PROFILE_LOCK"] == str(lock_path)

    def test_a_dead_process_is_no_process_to_kill(self) -> None:
        process = subprocess.Popen(["/bin/true"])
        process.wait()

        profile_lock.kill_process(process.pid)


def _with_repository() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY)}

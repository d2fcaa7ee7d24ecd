"""Trying a wa-js bundle on the stand-in WhatsApp in a real browser: link, send one, receive one, come back."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from leadmaster.up.parent import PARENT_VARIABLE
from leadmaster.up.services import own_argv
from session_worker.drift.judging import Behaviour, judge
from session_worker.engine.factory import make_engine
from session_worker.engine.port import (
    AckSeen,
    Engine,
    EngineConfig,
    EngineError,
    EngineEvent,
    Observation,
    Outgoing,
    StreamMode,
)
from shared.builds.verdict import Standing
from shared.protocol.events import MessageInbound
from simulator.client import ControlError, SimulatorClient

T = TypeVar("T")

_PHONE, _LEAD = "5491155000001", "5491155000002"
_TEXT_OUT, _TEXT_IN = "uno", "dos"
_START_S, _STEP_S, _END_S = 30.0, 60.0, 15.0
_ASK_EVERY_S = 0.1


class ProbeFailed(Exception):
    """A step did not come true. Its text says which and what was seen."""


@dataclass(frozen=True, slots=True)
class Browser:
    """How the probe's browser is started, as a session's is."""

    path: str
    no_sandbox: bool


def probe(bundle: Path, browser: Browser, on_step: Callable[[str], None], step_s: float = _STEP_S) -> None:
    """Raises ProbeFailed at the first step that does not come true in `step_s`. on_step: told what was seen to work."""
    with tempfile.TemporaryDirectory(prefix="leadmaster-probe-") as folder, _simulator(Path(folder)) as (url, phones):
        config = EngineConfig(
            url=url,
            profile_dir=Path(folder) / "profile",
            lock_path=Path(folder) / "profile.lock",
            browser_path=browser.path,
            no_sandbox=browser.no_sandbox,
            wa_js_path=bundle,
        )
        phones.put_phone(_PHONE, "LeadMaster")
        with _running(config, step_s) as run:
            code = run.until("shows no code", lambda seen: seen.code if seen.loaded else None)
            on_step("loads and shows a code")
            try:
                phones.scan(_PHONE, code)
            except ControlError as error:
                raise ProbeFailed(f"does not link: {error}") from error
            run.until("is not READY after linking", _is_ready)
            on_step("links")
            run.find_names()
            on_step("finds all that is needed of the page")
            run.send_one()
            on_step("sends, and hears of the acknowledgement")
            phones.inbound(_PHONE, _LEAD, _TEXT_IN)
            run.until_told(
                "does not tell what it receives",
                lambda event: isinstance(event, MessageInbound) and event.message == _TEXT_IN,
            )
            on_step("tells what it receives")
        with _running(config, step_s) as run:
            run.until("does not come back with its login", _is_ready)
            on_step("comes back with its login")


def _is_ready(seen: Observation) -> bool:
    return seen.loaded and seen.registered and seen.mode is StreamMode.MAIN and seen.socket == "CONNECTED"


class _Run:
    """One browser run and what it told."""

    def __init__(self, engine: Engine, step_s: float) -> None:
        self._engine = engine
        self._step_s = step_s
        self._told: list[EngineEvent] = []
        self._news = threading.Condition()

    def start(self) -> None:
        try:
            self._engine.start(self._hear)
        except EngineError as error:
            raise ProbeFailed(f"the browser does not start: {error}") from error

    def until(self, failure: str, wanted: Callable[[Observation], T]) -> T:
        """Asks the page until `wanted` is truthy, and returns that. Raises ProbeFailed."""
        seen = "nothing was seen"
        deadline = time.monotonic() + self._step_s
        while time.monotonic() < deadline:
            try:
                observation = self._engine.observe()
                seen = f"loaded {observation.loaded}, {observation.mode.value}, {observation.socket}"
                if found := wanted(observation):
                    return found
            except EngineError as error:  # half loaded, or just being left
                seen = str(error)
            time.sleep(_ASK_EVERY_S)
        raise ProbeFailed(f"{failure} ({seen})")

    def find_names(self) -> None:
        """Raises ProbeFailed where the bridge's table of names has one that this bundle does not find."""
        seen = "the page does not answer"
        deadline = time.monotonic() + self._step_s
        while time.monotonic() < deadline:
            try:
                verdict = judge(self._engine.probe(), Behaviour(), linked=True)
            except EngineError as error:
                seen = str(error)
                continue
            if verdict is not None and verdict.standing is Standing.OK:
                return
            seen = "not loaded" if verdict is None else "; ".join((verdict.words, *verdict.reasons))
            time.sleep(_ASK_EVERY_S)
        raise ProbeFailed(f"does not find what is needed of the page: {seen}")

    def send_one(self) -> None:
        """Raises ProbeFailed."""
        try:
            prepared = self._engine.prepare(_LEAD)
            self._engine.hand_over(prepared, Outgoing(_TEXT_OUT))
        except EngineError as error:
            raise ProbeFailed(f"does not send: {error}") from error
        self.until_told(
            "does not tell of an acknowledgement",
            lambda event: isinstance(event, AckSeen) and event.key == prepared.key and event.ack >= 1,
        )

    def until_told(self, failure: str, wanted: Callable[[EngineEvent], bool]) -> None:
        """Waits for an event. Raises ProbeFailed."""
        with self._news:
            if not self._news.wait_for(lambda: any(map(wanted, self._told)), self._step_s):
                raise ProbeFailed(failure)

    def _hear(self, event: EngineEvent) -> None:
        with self._news:
            self._told.append(event)
            self._news.notify_all()


@contextmanager
def _running(config: EngineConfig, step_s: float) -> Iterator[_Run]:
    engine = make_engine(config)
    run = _Run(engine, step_s)
    try:
        run.start()
        yield run
    finally:
        engine.stop()


@contextmanager
def _simulator(folder: Path) -> Iterator[tuple[str, SimulatorClient]]:
    """The stand-in in a process of its own, with quick settings. Raises ProbeFailed where it does not start."""
    ready = folder / "ready.json"
    argv = own_argv("simulator", "--port", "0", "--data", str(folder / "simulator"), "--ready-file", str(ready))
    process = subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, PARENT_VARIABLE: str(os.getpid())},  # it ends with us, however we end
    )
    try:
        deadline = time.monotonic() + _START_S
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise ProbeFailed("the stand-in WhatsApp does not start: `leadmaster simulator --data DIR` says why")
            time.sleep(_ASK_EVERY_S)
        url = str(json.loads(ready.read_text("utf-8"))["url"])
        with SimulatorClient(url) as client:
            client.put_settings(sync_ms=50, resume_ms=50, delivered_ms=50, read_ms=50)
            yield url, client
    finally:
        process.terminate()
        try:
            process.wait(_END_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

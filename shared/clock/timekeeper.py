"""Keeps a process's time: asks Redis every few seconds, and sets the process's clock by what is agreed."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import redis

from shared.clock.agreement import JUMP_MS, Agreement, Finding, Reckoning, judge
from shared.instant import CLOCK, Clock, boot_ms, to_iso
from shared.logs import get_logger
from shared.names import Keys
from shared.redis.scripts import Script, Scripts

_log = get_logger(__name__)
_AGREE = Script(Path(__file__).parent / "agree.lua")

ASK_EVERY_S = 5.0
_MAX_ANSWER_MS = 1_000  # an answer that took longer says too little of the moment


@dataclass(frozen=True, slots=True)
class ClockState:
    """Redis' clock, as /ready shows it."""

    agreed: Agreement
    told_ms: int  # by Redis' clock

    @property
    def now_ms(self) -> int:
        """The agreed time."""
        return self.told_ms - self.agreed.held_ms


class Timekeeper:
    """One per process that decides on times. Until Redis was asked once, the machine's own clock is in force."""

    def __init__(self, client: redis.Redis, keys: Keys, clock: Clock = CLOCK) -> None:
        """clock: what it sets, the process's own where none is given."""
        self._client = client
        self._keys = keys
        self._scripts = Scripts(client)
        self._clock = clock
        self._generation = 0
        self._since_ms: int | None = None  # when it first asked, of the clock that counts since the machine started
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="clock", daemon=True)

    def start(self, *, patient: bool = False) -> None:
        """Asks at once. patient: where it can't be told whether the clock jumped, others get the time to say so."""
        if self._ask() is Finding.UNSURE and patient:
            self._stop.wait(ASK_EVERY_S + 1)
            self._since_ms = None
            self._ask()
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def ask(self) -> Finding:
        """Asks Redis, sets the clock and says what was found. Raises redis.RedisError."""
        asked_ms = boot_ms()
        state = read(self._client, self._keys)
        answered_ms = boot_ms()
        at_ms = (asked_ms + answered_ms) // 2
        if self._since_ms is not None and answered_ms - asked_ms > _MAX_ANSWER_MS:
            return Finding.EVEN
        agreed, finding = judge(state.agreed, state.told_ms, self._reckoning(at_ms))
        if agreed != state.agreed and not self._keep(state.agreed.generation, agreed):
            return Finding.EVEN  # another process was faster: its word is heard the next time
        if self._since_ms is None:
            self._since_ms = at_ms
        self._generation = agreed.generation
        self._say(finding, state, agreed)
        self._clock.set(state.told_ms - agreed.held_ms, at_ms)
        return finding

    def _reckoning(self, at_ms: int) -> Reckoning | None:
        if self._since_ms is None:
            return None
        return Reckoning(self._clock.at(at_ms), self._generation, at_ms - self._since_ms)

    def _keep(self, generation: int, agreed: Agreement) -> bool:
        pairs = [part for pair in agreed.to_hash().items() for part in pair]
        return bool(self._scripts.run(_AGREE, {"clock": self._keys.clock}, {"generation": generation}, pairs))

    def _say(self, finding: Finding, state: ClockState, agreed: Agreement) -> None:
        match finding:
            case Finding.JUMPED:
                by_s = (agreed.held_ms - state.agreed.held_ms) // 1000
                _log.warning("clock.jumped", by_s=by_s, held_s=agreed.held_ms // 1000)
            case Finding.LOST:
                before_s = state.agreed.held_ms // 1000
                _log.warning("clock.agreed_anew", held_s=agreed.held_ms // 1000, instead_of_s=before_s)
            case Finding.BELIEVED:
                _log.warning("clock.believed", by_s=state.agreed.held_ms // 1000)
            case Finding.OWN:
                _log.warning("clock.own_stood_still", by_s=(state.now_ms - self._clock.now_ms()) // 1000)
            case Finding.UNSURE:
                last = to_iso(state.agreed.seen_at_ms)
                _log.info("clock.nobody_kept_time", since=last, by_s=(state.now_ms - state.agreed.seen_at_ms) // 1000)

    def _ask(self) -> Finding | None:
        try:
            return self.ask()
        except redis.RedisError as error:
            _log.info("clock.not_asked", error=type(error).__name__)
            return None

    def _run(self) -> None:
        while not self._stop.wait(ASK_EVERY_S):
            self._ask()


def read(client: redis.Redis, keys: Keys) -> ClockState:
    """What Redis' clock says and what is agreed of it, at one moment. Raises redis.RedisError."""
    pipeline = client.pipeline(transaction=True)
    pipeline.time()
    pipeline.hgetall(keys.clock)
    (seconds, micros), stored = cast("tuple[tuple[int, int], dict[str, str]]", tuple(pipeline.execute()))
    return ClockState(Agreement.from_hash(stored), seconds * 1000 + micros // 1000)


def describe(state: ClockState, own_ms: int) -> tuple[bool, str]:
    """For /ready: whether all is well, and in words. own_ms: what this machine's clock says. Pure."""
    held_s, off_s = state.agreed.held_ms // 1000, (own_ms - state.now_ms) // 1000
    if held_s:
        left_s = state.agreed.confirmed_in_ms(state.now_ms) // 1000
        jumped = f"Redis' clock jumped by {held_s:+d} s at {to_iso(state.agreed.jumped_at_ms)}"
        return False, f"{jumped}; it is believed in {left_s} s, nothing expires by it until then"
    if abs(off_s) * 1000 > JUMP_MS:
        return False, f"this machine's clock is {off_s:+d} s off; Redis' is gone by"
    return True, "goes on evenly"

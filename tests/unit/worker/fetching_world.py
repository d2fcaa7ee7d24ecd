"""A page, a store and what Redis keeps of fetching, in memory, on which the reducer of fetching is walked."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from session_worker.media import actions as do
from session_worker.media import inputs as on
from session_worker.media import state as at
from session_worker.media.reducer import step
from session_worker.media.state import Rules, State
from session_worker.session.channel import Channel
from session_worker.turn import Log, Now
from shared.ledger.media.media import NextMedia
from shared.ledger.media.pending import PendingMedia
from shared.media.writing import Stored
from shared.protocol.events import MessageMedia
from shared.protocol.inbound import InboundType, MediaSource

START_MS = 1_800_000_000_000
RULES = Rules({InboundType.IMAGE: 1_000, InboundType.DOCUMENT: 5_000, InboundType.STICKER: 0}, 10_000, 2_000)
CHANNEL = Channel("run-1", "5491150000051/pairing", "5491150000051")


@dataclass
class World:
    """One tenant. page: asked at each fetch; a code has it fail. redis_fails: `before` or `after` it did as asked."""

    rules: Rules = RULES
    state: State = field(init=False)
    steady_ms: int = 1_000
    due: dict[str, int] = field(default_factory=dict)
    pending: dict[str, PendingMedia] = field(default_factory=dict)
    used_bytes: int = 0
    free_bytes: int | None = 100_000
    store_away: bool = False
    outcomes: list[MessageMedia] = field(default_factory=list)
    fetches: list[tuple[int, str]] = field(default_factory=list)  # seconds since the start, key
    looks: int = 0
    logs: list[str] = field(default_factory=list)
    page: Callable[[str], str] = lambda key: ""
    redis_fails: Callable[[], str] = lambda: ""
    during_fetch: Callable[[], None] = lambda: None

    def __post_init__(self) -> None:
        self.state = State(self.rules)

    @property
    def wall_ms(self) -> int:
        return START_MS + self.steady_ms

    def record(self, key: str, kind: InboundType = InboundType.IMAGE, size: int | None = 500) -> None:
        """A message is recorded, as the script does it; the fetcher is told."""
        self.due[key] = self.wall_ms
        self.pending[key] = PendingMedia(MediaSource("image", "image/jpeg", size), kind)
        self.tell(on.MediaRecorded())

    def tell(self, event: on.Input) -> None:
        """An input, and all that follows from it at once."""
        answer: on.Input | None = event
        while answer is not None:
            answer = self._step(answer)

    def pass_time(self, ms: int) -> None:
        """The clock goes on, and the thread wakes whenever it wants to."""
        end_ms = self.steady_ms + ms
        while (wakes_ms := self.state.wakes_at_ms) is not None and wakes_ms <= end_ms:
            self.steady_ms = max(self.steady_ms, wakes_ms)
            self.tell(on.TimePassed())
            if self.state.wakes_at_ms is not None and self.state.wakes_at_ms <= self.steady_ms:
                self.steady_ms += 1
        self.steady_ms = end_ms

    def restart(self) -> None:
        """The worker was killed; another one begins."""
        self.state = State(self.rules)
        self.tell(on.ChannelChanged(CHANNEL))

    def _step(self, event: on.Input) -> on.Input | None:
        now = Now(self.wall_ms, self.steady_ms)
        self.state, actions = step(self.state, event, now, random.Random(1))
        answer: on.Input | None = None
        for index, action in enumerate(actions):
            if isinstance(action, Log):
                self.logs.append(action.event)
            else:
                assert index == len(actions) - 1, "a call is the last action"
                answer = self._carry_out(action)
        return answer

    def _carry_out(self, call: do.Call) -> on.Input:
        if isinstance(call, do.Fetch):
            return self._fetch(call)
        fault = self.redis_fails()
        if fault == "before":
            return on.CutShort(500)
        answer = self._in_redis(call)
        return on.CutShort(500) if fault == "after" else answer

    def _in_redis(self, call: do.Call) -> on.Input:
        match call:
            case do.Look():
                self.looks += 1
                key = min(self.due, key=lambda one: (self.due[one], one), default=None)
                if key is None:
                    return on.Looked(None)
                if self.store_away:
                    return on.NotFetched("STORE_FAILED", "look")
                return on.Looked(NextMedia(key, self.due[key], self.pending[key], self.used_bytes), self.free_bytes)
            case do.Postpone(key, due_ms, pending):
                if key not in self.pending:
                    return on.Postponed(wanted=False)
                self.due[key], self.pending[key] = due_ms, pending
                return on.Postponed(wanted=True)
            case do.Complete(outcome, added):
                if self.pending.pop(outcome.whatsapp_id, None) is not None:
                    del self.due[outcome.whatsapp_id]
                    self.used_bytes += added
                    self.outcomes.append(outcome)
                return on.Completed()
        raise AssertionError(call)

    def _fetch(self, call: do.Fetch) -> on.Input:
        assert self.state.channel is not None
        assert call.browser_run == self.state.channel.browser_run
        assert isinstance(self.state.phase, at.Fetching), "one at a time"
        self.fetches.append(((self.steady_ms - 1_000) // 1_000, call.whatsapp_id))
        self.during_fetch()
        code = self.page(call.whatsapp_id)
        if code:
            return on.NotFetched(code)
        size = call.pending.source.size or 1
        return on.Fetched(Stored("ab" * 32, size, size))

"""A small model of what the session acts on: browsers, their pages, the hub's view. It checks the rules."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from session_worker.engine.port import MissingName, Observation, ProbeReport, StreamMode
from session_worker.session import actions as do
from session_worker.session import inputs as on
from session_worker.session.channel import Channel
from session_worker.session.deadlines import FINAL_CODES
from session_worker.session.reducer import HEARTBEAT_MS, step
from session_worker.session.state import Rules, State, first_state
from session_worker.turn import Now
from shared.builds.verdict import Build, Capability, Verdict
from shared.protocol.snapshot import Snapshot
from shared.transitions.session import TABLE, SessionStatus

TICK_MS = 250
QR_WAIT_MS = 600_000
MAX_RUNS = 40  # in ten minutes: a browser that always fails is not launched in a loop

OPEN = Observation(
    loaded=True,
    registered=True,
    mode=StreamMode.MAIN,
    socket="CONNECTED",
    online=True,
    phone_number="5491150000051",
    push_name="Negocio",
    pairing_id="p1",
)
AT_CODE = Observation(loaded=True, registered=False, mode=StreamMode.QR, socket="UNPAIRED", online=True, code="2@a")

VERSION = "2.3000.1000"
SEND_IS_GONE = MissingName("functions.addAndSendMsgToChat", Capability.SEND, "not found", has_fallback=False)

Step = Callable[[State, on.Input, Now, random.Random], tuple[State, tuple[do.Action, ...]]]


class RuleBroken(AssertionError):
    """A rule that the session must keep, whatever happens."""


def _first(now_ms: int) -> State:
    return first_state(Rules(QR_WAIT_MS), Snapshot(51), wall_ms=now_ms, steady_ms=now_ms)


@dataclass
class World:
    step: Step = step
    now_ms: int = 1_000_000
    state: State = field(default_factory=lambda: _first(1_000_000))
    rng: random.Random = field(default_factory=lambda: random.Random(5))
    page: Observation = OPEN
    launches_fail: str = ""  # with this code
    page_silent: bool = False
    missing: tuple[MissingName, ...] = ()  # on every page that is loaded
    running: str = ""  # the browser run that lives
    runs: list[str] = field(default_factory=list)
    pinned: list[bool] = field(default_factory=list)  # of each run: whether it was to have the pinned build
    channel: Channel | None = None  # as told
    written: Snapshot = field(default_factory=lambda: Snapshot(51))
    written_at_ms: int = 1_000_000
    ends: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    wiped: int = 0
    unlinked: list[str] = field(default_factory=list)  # browser runs that were to unlink the phone at their end
    logouts_done: list[str] = field(default_factory=list)
    verdicts: list[tuple[Build, Verdict]] = field(default_factory=list)
    coming: list[on.Input] = field(default_factory=list)  # from browsers, told with the next tick

    # What happens.

    def show(self, page: Observation) -> None:
        """The page changes and tells it."""
        self.page = page
        if self.running:
            self.tell(on.PageObserved(self.running, page))

    def echo(self, number: int, kind: str) -> None:
        """Something late of a browser run that has ended."""
        ended = [run for run in self.runs if run != self.running]
        if not ended:
            return
        run, living = ended[number % len(ended)], self.running
        echoes: dict[str, on.Input] = {
            "observed": on.PageObserved(run, OPEN),
            "failed": on.LaunchFailed(run, "BROWSER_FAILED", ""),
            "ended": on.BrowserEnded(run, "late"),
            "removed": on.LoginRemoved(run, "late"),
        }
        self.tell(echoes[kind])
        if living and self.running != living:  # where none lived, the next one may have been due
            raise RuleBroken("an echo ended a living browser")

    def crash(self) -> None:
        """The browser ends by itself."""
        if self.running:
            run, self.running = self.running, ""
            self.tell(on.BrowserEnded(run, "crash"))

    def reload(self) -> None:
        """The page loads itself anew, and shows at the next tick what it showed before."""
        if self.running:
            self.tell(on.PageReloaded(self.running))
            self.coming.append(on.PageObserved(self.running, self.page))

    def behave(self, kind: str, count: int) -> None:
        """Sending or receiving found something of the page."""
        if self.running:
            told = on.SendsUnacknowledged if kind == "sends" else on.InboundSilent
            self.tell(told(self.running, count))

    def remove_login(self) -> None:
        """The phone removes this device."""
        if self.running:
            self.page = AT_CODE
            self.tell(on.LoginRemoved(self.running, "user"))

    def pass_time(self, ms: int) -> None:
        for _ in range(ms // TICK_MS):
            self.now_ms += TICK_MS
            coming, self.coming = self.coming, []
            for event in coming:
                self.tell(event)
            self.tell(on.TimePassed())
            if not self.state.ended and self.now_ms - self.written_at_ms > HEARTBEAT_MS + TICK_MS:
                raise RuleBroken("no heartbeat")

    def recover(self) -> None:
        """Everything works from here on: the session becomes READY, by itself where no person is needed."""
        self.page, self.launches_fail, self.page_silent, self.missing = OPEN, "", False, ()
        self.behave("sends", 0)
        self.pass_time(TICK_MS)  # what was under way comes to its end
        stuck = self.state.snapshot.status is SessionStatus.ERROR
        if stuck and self.state.snapshot.last_error_code in FINAL_CODES:
            self.tell(on.ConnectAsked(False))
        if self.running:
            self.show(OPEN)
        self.pass_time(500_000)
        if not self.state.ended and (self.state.snapshot.status is not SessionStatus.READY or self.channel is None):
            raise RuleBroken(f"a dead end: {self.state.snapshot}")

    # The shell's part.

    def tell(self, event: on.Input) -> None:
        coming = [event]
        was_ended = bool(self.ends)
        while coming:
            self.state, actions = self.step(self.state, coming.pop(0), Now(self.now_ms, self.now_ms), self.rng)
            answers = [self._carry_out(action) for action in actions]
            coming += [answer for answer in answers if answer is not None]
            if was_ended and actions:
                raise RuleBroken("something is done after the end")
        if self.state.snapshot.status is not self.written.status:
            raise RuleBroken("a change of status that nobody was told")
        if self.state.ended and (self.running or self.channel is not None or len(self.ends) != 1):
            raise RuleBroken("the end leaves something behind")

    def _carry_out(self, action: do.Action) -> on.Input | None:  # noqa: PLR0912 - one table, a row for each action
        match action:
            case do.LaunchBrowser(run, pinned):
                self.pinned.append(pinned)
                return self._launch(run)
            case do.EndBrowser(run, logout):
                if logout:
                    self.unlinked.append(run)
                if self.channel is not None and self.channel.browser_run == run:
                    raise RuleBroken("a browser is ended while it is sent through")
                self.running = ""
            case do.Probe(run):
                if run != self.running:
                    return None
                blind = any(one.capability is Capability.SESSION for one in self.missing)
                seen = on.PageObserved(run, self.page, probed=True)
                return on.ProbeFailed(run, "PAGE_FAILED") if self.page_silent or blind else seen
            case do.ProbeBuild(run):
                if run != self.running:
                    return None
                failed = self.page_silent or self.launches_fail
                return on.BuildProbeFailed(run, "PAGE_FAILED") if failed else on.BuildProbed(run, self._report())
            case do.RecordVerdict(build, verdict):
                self.verdicts.append((build, verdict))
            case do.WipeProfile():
                if self.running:
                    raise RuleBroken("a profile is wiped under a living browser")
                self.wiped += 1
            case do.ChangeChannel(channel):
                self.channel = channel
                if channel is not None and self.state.owed_logout is not None:
                    raise RuleBroken("sending through a login that is to be unlinked")
                if channel is not None and self.written.status is not SessionStatus.READY:
                    raise RuleBroken("sending through what is not READY")
                if channel is not None and (self.state.load.report is None or self.state.load.held):
                    raise RuleBroken("sending through a build that nobody looked at")
            case do.WriteSnapshot(snapshot, transition):
                self._check_write(snapshot, transition)
            case do.Withdraw(cause):
                self.withdrawn.append(cause)
            case do.RecordUnlinked(cause):
                self.logouts_done.append(cause)
            case do.EndSession(cause):
                self.ends.append(cause)
        return None

    def _report(self) -> ProbeReport:
        age_ms = self.now_ms - self.state.load.since_ms
        return ProbeReport(VERSION, "4.6.0", age_ms, age_ms if self.page.loaded else None, self.missing)

    def _launch(self, run: str) -> on.Input:
        if self.running:
            raise RuleBroken("a second browser on one profile")
        if run in self.runs:
            raise RuleBroken("a browser run's id comes twice")
        self.runs.append(run)
        self.running = run
        if self.launches_fail:
            self.coming.append(on.LaunchFailed(run, self.launches_fail, ""))
        else:
            self.coming.append(on.PageObserved(run, self.page))
        return on.LaunchBegan(run)

    def _check_write(self, snapshot: Snapshot, transition: do.Transition | None) -> None:
        before = self.written.status
        if transition is None:
            if snapshot.status is not before:
                raise RuleBroken("a change of status that nobody was told")
        elif transition.before is not before or transition.after is not snapshot.status:
            raise RuleBroken("a transition that is not the one that happened")
        elif TABLE[transition.before, transition.event] is not transition.after:
            raise RuleBroken(f"a transition that the table does not know: {transition}")
        self.written, self.written_at_ms = snapshot, self.now_ms

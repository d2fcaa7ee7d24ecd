"""The session: carries out what its reducer decides, on a thread of its own (the actor)."""

from __future__ import annotations

import queue
import random
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

import redis

from session_worker.drift.canary import OwnPage
from session_worker.engine.port import Contact, Engine, EngineError, EngineEvent, PairingCode
from session_worker.session import actions as do
from session_worker.session import holding
from session_worker.session import inputs as on
from session_worker.session.channel import Channel
from session_worker.session.known_groups import KnownGroups
from session_worker.session.reducer import step
from session_worker.session.state import State
from session_worker.turn import Log, Now
from shared.builds.verdict import Build, Verdict
from shared.instant import now_ms, steady_ms
from shared.logs import get_logger
from shared.protocol.events import SessionMoved
from shared.protocol.groups import Group
from shared.protocol.profiles import Profile
from shared.protocol.snapshot import Snapshot
from shared.sessions.lease import Lease
from shared.sessions.snapshots import Snapshots

_log = get_logger(__name__)

TICK_S = 0.25  # how often it is looked at what is due
ENGINE_WAIT_S = 20.0  # so long a question waits for a browser that is just starting


class Session:
    """Runs one tenant's session until it is stopped, or its owner loses the lease.

    inbox: where everybody puts what the session is told. make_engine(pinned): a new engine, with the pinned build of
    WhatsApp Web or without it. on_engine_event: called with what the engine of a browser run
    tells, on a thread of the engine's. on_channel: called when it changes what may be sent through. on_verdict: called
    with what each look at the page's build says of it. on_end: called once after the session stopped by itself or on
    request. on_lost: called where the lease is no longer the caller's.
    """

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: State,
        lease: Lease,
        snapshots: Snapshots,
        make_engine: Callable[[bool], Engine],
        profile_dir: Path,
        store_id: str,
        on_engine_event: Callable[[str, EngineEvent], None],
        on_channel: Callable[[Channel | None], None],
        on_verdict: Callable[[Build, Verdict], None],
        on_end: Callable[[str], None],
        on_lost: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._inbox = inbox
        self._state = state
        self._lease = lease
        self._snapshots = snapshots
        self._make_engine = make_engine
        self._profile_dir = profile_dir
        self._store_id = store_id
        self._on_engine_event = on_engine_event
        self._on_channel = on_channel
        self._on_verdict = on_verdict
        self._on_end = on_end
        self._on_lost = on_lost
        self._rng = rng
        self._running: tuple[str, Engine] | None = None  # the browser run and its engine; others read it
        self._groups = KnownGroups()
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)

    # What other threads call.

    def start(self) -> None:
        """Starts the actor and, with it, the browser."""
        self._inbox.put(on.Started())
        self._thread.start()

    def snapshot(self) -> Snapshot:
        """The state as it is now, not as it was last written."""
        return self._state.snapshot

    def connect(self, *, refresh_code: bool) -> None:
        """Idempotent: starts what does not run; asks for a new code where WhatsApp stopped showing one."""
        self._inbox.put(on.ConnectAsked(refresh_code))

    def restart(self) -> None:
        """A new browser, the same login."""
        self.relaunch("restart")

    def relaunch(self, cause: str) -> None:
        """The same, for a reason of ours."""
        self._inbox.put(on.RelaunchAsked(cause))

    def page(self) -> OwnPage:
        """The build that the page loaded, and whether it lets us send; `idle` is for others to say.

        A pinned page has none: what the site serves does not concern it.
        """
        return holding.own_page(self._state, steady_ms())

    def disconnect(self, *, logout: bool) -> None:
        """Ends browser and session, and with it the worker, because a caller asked for it."""
        self.stop(logout=logout, cause="disconnect")

    def stop(self, *, logout: bool, cause: str) -> None:
        """Ends browser and session; `on_end` follows. Interrupts a launch that hangs."""
        self._inbox.put(on.StopAsked(logout, cause))

    def join(self, timeout_s: float) -> bool:
        """Waits for the actor's end. True: it ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def engine_of(self, browser_run: str) -> Engine | None:
        """The engine of that run while it lives."""
        running = self._running
        return running[1] if running is not None and running[0] == browser_run else None

    def pairing_code(self, phone_number: str) -> PairingCode:
        """Asks for a code to type on the phone. Raises EngineError, SESSION_NOT_READY where no browser runs."""
        made = self._engine().renew_code(phone_number)
        if made is None:
            raise EngineError("WHATSAPP_ERROR", "no pairing code was given")
        return made

    def find_contact(self, number: str) -> Contact | None:
        """See `port.Engine.find_contact`. Raises EngineError SESSION_NOT_READY where no browser runs."""
        return self._engine().find_contact(number)

    def mark_read(self, chat_id: str) -> None:
        """See `port.Engine.mark_read`. Raises EngineError, SESSION_NOT_READY where no browser runs."""
        self._engine().mark_read(chat_id)

    def show_typing(self, chat_id: str, seconds: float, *, recording: bool) -> None:
        """See `acts.ActingEngine.show_typing`. Raises EngineError, SESSION_NOT_READY where no browser runs."""
        self._engine().show_typing(chat_id, seconds, recording=recording)

    def groups(self) -> tuple[Group, ...]:
        """See `acts.ActingEngine.groups`; WhatsApp is asked once a minute. Raises EngineError."""
        return self._groups.read(self._engine())

    def profile(self, number: str) -> Profile | None:
        """See `acts.ActingEngine.profile`. Raises EngineError, SESSION_NOT_READY where no browser runs."""
        return self._engine().profile(number)

    def _engine(self) -> Engine:
        """The running engine in any status, waiting for one that is starting."""
        deadline = time.monotonic() + ENGINE_WAIT_S
        while (running := self._running) is None:
            if time.monotonic() >= deadline:
                raise EngineError("SESSION_NOT_READY", "no browser runs")
            time.sleep(0.1)
        return running[1]

    # The actor.

    def _run(self) -> None:
        try:
            while not self._state.ended:
                self._take(self._next_input())
        except Exception:  # noqa: BLE001
            # The actor's edge: a defect here must not leave a session that looks alive.
            _log.exception("session.defect", cliente_id=self._lease.cliente_id)
            self._on_lost("defect in the session")

    def _next_input(self) -> on.Input:
        try:
            return self._inbox.get(timeout=TICK_S)
        except queue.Empty:
            return on.TimePassed()

    def _take(self, event: on.Input) -> None:
        """One input, and what comes back at once from carrying out what follows from it, in order."""
        coming = deque([event])
        while coming:
            self._state, actions = step(self._state, coming.popleft(), Now(now_ms(), steady_ms()), self._rng)
            answers = [self._carry_out(action) for action in actions]
            coming.extend(answer for answer in answers if answer is not None)

    def _carry_out(self, action: do.Action) -> on.Input | None:  # noqa: PLR0912 - one table, a row for each action
        match action:
            case Log(level, name, fields):
                getattr(_log, level)(name, **fields)
            case do.LaunchBrowser(browser_run, pinned):
                self._launch(browser_run, pinned)
                return on.LaunchBegan(browser_run)
            case do.EndBrowser(_, logout):
                self._end_browser(logout)
            case do.Probe(browser_run):
                return self._probe(browser_run)
            case do.ProbeBuild(browser_run):
                return self._probe_build(browser_run)
            case do.RecordVerdict(build, verdict):
                self._on_verdict(build, verdict)
            case do.RenewCode(browser_run):
                self._renew_code(browser_run)
            case do.WipeProfile():
                shutil.rmtree(self._profile_dir, ignore_errors=True)
            case do.ChangeChannel(channel):
                self._on_channel(channel)
            case do.WriteSnapshot(snapshot, transition):
                self._write(snapshot, transition)
            case do.Withdraw(cause):
                self._withdraw(cause)
            case do.RecordUnlinked(cause):
                self._record_unlinked(cause)
            case do.EndSession(cause):
                self._on_end(cause)
        return None

    # The browser.

    def _launch(self, browser_run: str, pinned: bool) -> None:
        engine = self._make_engine(pinned)
        self._running = (browser_run, engine)
        threading.Thread(target=self._start_engine, args=(engine, browser_run), name="launch", daemon=True).start()

    def _start_engine(self, engine: Engine, browser_run: str) -> None:
        started = time.monotonic()
        try:
            engine.start(lambda event: self._on_engine_event(browser_run, event))
        except EngineError as error:
            self._inbox.put(on.LaunchFailed(browser_run, error.code, error.detail))
            return
        except Exception as error:  # noqa: BLE001
            # The thread's edge: a defect or a broken installation must fail the launch at once, with its reason.
            _log.exception("browser.not_started")
            self._inbox.put(on.LaunchFailed(browser_run, "BROWSER_FAILED", str(error)[:300]))
            return
        _log.info("browser.started", seconds=round(time.monotonic() - started, 2))

    def _end_browser(self, logout: bool) -> None:
        running, self._running = self._running, None
        if running is not None:
            running[1].stop(logout=logout)

    def _probe(self, browser_run: str) -> on.Input | None:
        engine = self.engine_of(browser_run)
        if engine is None:
            return None
        try:
            return on.PageObserved(browser_run, engine.observe(), probed=True)
        except EngineError as error:
            return on.ProbeFailed(browser_run, error.code)

    def _probe_build(self, browser_run: str) -> on.Input | None:
        engine = self.engine_of(browser_run)
        if engine is None:
            return None
        try:
            return on.BuildProbed(browser_run, engine.probe())
        except EngineError as error:
            return on.BuildProbeFailed(browser_run, error.code)

    def _renew_code(self, browser_run: str) -> None:
        engine = self.engine_of(browser_run)
        try:
            if engine is not None:
                engine.renew_code()
        except EngineError as error:
            _log.warning("code.not_renewed", code=error.code)

    # What the hub reads.

    def _write(self, snapshot: Snapshot, transition: do.Transition | None) -> None:
        try:
            held = self._snapshots.write(self._lease, snapshot, now_ms(), self._told(transition))
        except redis.RedisError as error:
            # The next heartbeat writes the whole state again; the lease keeper decides how long that may go on.
            _log.warning("snapshot.not_written", error=type(error).__name__)
            return
        if not held:
            self._on_lost("the lease is no longer held")

    def _told(self, transition: do.Transition | None) -> SessionMoved | None:
        if transition is None:
            return None
        return SessionMoved(transition.before, transition.after, transition.event, transition.cause, self._store_id)

    def _withdraw(self, cause: str) -> None:
        try:
            self._snapshots.withdraw(self._lease, cause, now_ms())
        except redis.RedisError as error:
            _log.warning("session.not_withdrawn", error=type(error).__name__)

    def _record_unlinked(self, cause: str) -> None:
        try:
            self._snapshots.unlinked(self._lease, cause, now_ms())
        except redis.RedisError as error:
            # It stays owed: a later start finds the login gone, or another one, which it leaves alone.
            _log.warning("session.unlinked_not_recorded", error=type(error).__name__)

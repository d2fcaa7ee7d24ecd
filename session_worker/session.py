"""The session: the state machine of one tenant, fed by the engine's events, published as snapshots.

One thread (the actor) owns all state and takes everything from one inbox. Others read the current snapshot, or post.
"""

from __future__ import annotations

import json
import queue
import random
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace

import redis

from session_worker import recovery
from session_worker.channel import Channel
from session_worker.engine.port import (
    AckSeen,
    BrowserGone,
    Engine,
    EngineError,
    EngineEvent,
    InboundSeen,
    LoggedOut,
    Observation,
    PageChanged,
)
from session_worker.inbox import Connect, FromEngine, Item, Launched, Relaunch, Stop
from session_worker.profile_store import ProfileStore
from session_worker.reading import Reading, read
from session_worker.recorder import Recorder
from shared.instant import now_ms, steady_ms
from shared.ledger.message_id import new_message_id
from shared.logs import get_logger
from shared.sessions.lease import Lease
from shared.sessions.snapshot import Snapshot, Snapshots
from shared.transitions.session import QrStatus, SessionEvent, SessionStatus, step
from shared.texts import Language, error_text

_log = get_logger(__name__)

HEARTBEAT_MS = 3_000
PROBE_MS = 10_000  # READY is asked for its evidence this often
STEADY_READY_MS = 60_000  # READY for so long ends a series of recoveries: a shorter one is part of it
QUIET_PROBES = 2  # unanswered in a row: the page hangs


class Session:
    """Runs one tenant's session until it is stopped, or its owner loses the lease.

    previous: what the last owner wrote.
    on_end: called once, on the actor's thread, after the session stopped by itself or on request.
    """

    def __init__(
        self,
        *,
        lease: Lease,
        snapshots: Snapshots,
        recorder: Recorder,
        make_engine: Callable[[], Engine],
        store: ProfileStore,
        language: Language,
        qr_wait_limit_ms: int,
        previous: Snapshot,
        worker_pid: int,
        on_ready: Callable[[Channel], None],
        on_end: Callable[[str], None],
        on_lost: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._lease = lease
        self._snapshots = snapshots
        self._recorder = recorder
        self._make_engine = make_engine
        self._store = store
        self._language = language
        self._qr_wait_limit_ms = qr_wait_limit_ms
        self._on_ready = on_ready
        self._on_end = on_end
        self._on_lost = on_lost
        self._rng = rng
        self._inbox: queue.SimpleQueue[Item] = queue.SimpleQueue()
        self._guard = threading.Lock()  # over _snapshot and _engine, which other threads read
        self._snapshot = Snapshot(
            lease.cliente_id,
            since=now_ms(),
            worker_pid=worker_pid,
            # Whose session it is stays known while it starts; a page without a login clears it.
            phone_number=previous.phone_number,
            push_name=previous.push_name,
            epoch=previous.epoch,
        )
        self._engine: Engine | None = None
        self._boot = ""
        # How long things last is measured on the steady clock: the wall clock may jump.
        self._status_since = steady_ms()
        self._recoveries = 0
        self._relaunch_at: int | None = None
        self._probe_at = 0
        self._unanswered = 0
        self._written_at = 0
        self._waiting_since: int | None = None  # for a scan
        self._progress = 0  # of syncing, as the page last showed it
        self._ended = False
        self._in_doubt = 0
        self._pss_mib = 0
        self._restricted_until = 0
        self._thread = threading.Thread(target=self._run, name="session", daemon=True)

    # What other threads call.

    def start(self) -> None:
        """Starts the actor and, with it, the browser."""
        self._thread.start()

    def snapshot(self) -> Snapshot:
        """The state as it is now, not as it was last written."""
        with self._guard:
            return self._snapshot

    def channel(self) -> Channel | None:
        """What may be sent through, or None while the session is not READY."""
        with self._guard:
            if self._engine is None or self._snapshot.status is not SessionStatus.READY:
                return None
            return Channel(self._engine, self._boot, self._snapshot.epoch, self._snapshot.phone_number)

    def engine(self) -> Engine | None:
        """The running engine in any status, for a pairing code or a contact check."""
        with self._guard:
            return self._engine

    def connect(self, *, refresh_code: bool) -> None:
        """Idempotent: starts what does not run; asks for a new code where WhatsApp stopped showing one."""
        self._inbox.put(Connect(refresh_code))

    def relaunch(self, cause: str) -> None:
        """A new browser, the same login."""
        self._inbox.put(Relaunch(cause))

    def stop(self, *, logout: bool, cause: str) -> None:
        """Ends browser and session; `on_end` follows. Interrupts a launch that hangs."""
        self._inbox.put(Stop(logout, cause))

    def report_in_doubt(self, count: int) -> None:
        """How many messages wait for an acknowledgement beyond their time; shown in the snapshot."""
        self._in_doubt = count

    def report_memory(self, pss_mib: int) -> None:
        """Memory of the session's whole process tree; shown in the snapshot."""
        self._pss_mib = pss_mib

    def report_restriction(self, until_ms: int) -> None:
        """Until when bulk and campaigns wait because WhatsApp restricts the number; shown in the snapshot."""
        self._restricted_until = until_ms

    def join(self, timeout_s: float) -> bool:
        """Waits for the actor's end. True: it ended."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # The actor.

    def _run(self) -> None:
        try:
            self._launch("connect")
            while not self._ended:
                self._take_one()
        except Exception:  # noqa: BLE001
            # The actor's edge: a defect here must not leave a session that looks alive.
            _log.exception("session.defect", cliente_id=self._lease.cliente_id)
            self._on_lost("defect in the session")

    def _take_one(self) -> None:
        try:
            item = self._inbox.get(timeout=0.25)
        except queue.Empty:
            self._tick(steady_ms())
            return
        match item:
            case Launched(boot, error) if boot == self._boot:
                if error is not None:
                    self._fail_run(error.code, detail=error.detail)
            case FromEngine(boot, event) if boot == self._boot:
                self._take_event(event)
            case Connect(refresh_code):
                self._connect(refresh_code)
            case Relaunch(cause):
                self._launch(cause)
            case Stop(logout, cause):
                self._stop(logout, cause)
            case _:
                pass  # an echo of an earlier browser run
        self._tick(steady_ms())

    def _tick(self, now: int) -> None:
        if self._ended:
            return
        snapshot = self._snapshot
        if self._relaunch_at is not None and now >= self._relaunch_at:
            self._launch("recovery")
        elif self._relaunch_at is None and recovery.overdue(snapshot.status, now - self._status_since):
            self._fail_run(recovery.DEADLINE_CODES[snapshot.status])
        elif self._waiting_since is not None and now - self._waiting_since > self._qr_wait_limit_ms:
            self._stop(False, "QR_NOT_SCANNED")
        elif self._engine is not None and now >= self._probe_at and snapshot.status is not SessionStatus.INIT:
            self._probe(now)
        if snapshot.status is SessionStatus.READY and now - self._status_since >= STEADY_READY_MS:
            self._recoveries = 0
        if not self._ended and now - self._written_at >= HEARTBEAT_MS:
            self._write()

    def _probe(self, now: int) -> None:
        self._probe_at = now + PROBE_MS
        engine = self._engine
        if engine is None:
            return
        try:
            seen = engine.observe()
        except EngineError as error:
            self._unanswered += 1
            _log.warning("page.no_answer", times=self._unanswered, code=error.code)
            if self._unanswered >= QUIET_PROBES:
                self._fail_run("PAGE_FAILED", detail="the page does not answer")
            else:
                self._probe_at = now + 1_000
            return
        self._unanswered = 0
        self._take_observation(seen)

    # Launching and ending browser runs.

    def _launch(self, cause: str) -> None:
        self._end_engine(logout=False)
        engine = self._make_engine()
        boot = new_message_id()
        now = steady_ms()
        with self._guard:
            self._engine, self._boot = engine, boot
        self._progress = 0
        self._relaunch_at = None
        self._unanswered = 0
        self._waiting_since = None
        self._probe_at = now + PROBE_MS
        self._move(
            SessionEvent.LAUNCHED,
            cause,
            boot=boot,
            qr_status=QrStatus.NONE,
            qr_string="",
            qr_expires_at=0,
            qr_attempts=0,
            pairing_code="",
            pairing_expires_at=0,
        )
        threading.Thread(target=self._start_engine, args=(engine, boot), name="launch", daemon=True).start()

    def _start_engine(self, engine: Engine, boot: str) -> None:
        started = time.monotonic()
        try:
            engine.start(lambda event: self._heard(boot, event))
        except EngineError as error:
            self._inbox.put(Launched(boot, error))
            return
        except Exception as error:  # noqa: BLE001
            # The thread's edge: a defect or a broken installation must fail the launch at once, with its reason.
            _log.exception("browser.not_started")
            self._inbox.put(Launched(boot, EngineError("BROWSER_FAILED", str(error)[:300])))
            return
        _log.info("browser.started", seconds=round(time.monotonic() - started, 2))
        self._inbox.put(Launched(boot, None))

    def _heard(self, boot: str, event: EngineEvent) -> None:
        """On a thread of the engine's: sorts, never waits."""
        if isinstance(event, AckSeen | InboundSeen):
            self._recorder.put(event)
        else:
            self._inbox.put(FromEngine(boot, event))

    def _end_engine(self, *, logout: bool) -> None:
        with self._guard:
            engine, self._engine, self._boot = self._engine, None, ""
        if engine is not None:
            engine.stop(logout=logout)

    def _fail_run(self, code: str, *, detail: str = "") -> None:
        """This browser run is of no use any more: relaunch, or give up with a cause."""
        verdict = recovery.after_failure(self._recoveries, code, self._rng)
        _log.warning("session.failed", code=code, detail=detail, recoveries=self._recoveries, step=verdict.step.value)
        self._end_engine(logout=False)
        self._waiting_since = None
        if verdict.step is recovery.Step.GIVE_UP:
            self._recoveries = 0
            wait = recovery.retry_from_error_ms(code, self._rng)
            self._relaunch_at = None if wait is None else steady_ms() + wait
            self._move(SessionEvent.FAILED, code, error=code, qr_status=QrStatus.NONE, qr_string="", qr_expires_at=0)
            return
        self._recoveries += 1
        self._relaunch_at = steady_ms() + verdict.wait_ms
        self._move(SessionEvent.BROWSER_LOST, code, error=code, qr_status=QrStatus.NONE, qr_string="", qr_expires_at=0)

    def _connect(self, refresh_code: bool) -> None:
        if self._engine is None:
            self._recoveries = 0
            self._launch("connect")
            return
        if refresh_code and self._snapshot.status is SessionStatus.QR_REQUIRED:
            if self._waiting_since is not None:
                self._waiting_since = steady_ms()
            if self._snapshot.qr_status is not QrStatus.GENERATED:
                try:
                    self._engine.renew_code()
                except EngineError as error:
                    _log.warning("code.not_renewed", code=error.code)

    def _stop(self, logout: bool, cause: str) -> None:
        self._end_engine(logout=logout)
        if logout:
            self._wipe_profile()
        self._relaunch_at = None
        self._ended = True
        code = cause if cause == "QR_NOT_SCANNED" else ""
        phone = {} if not logout else {"phone_number": "", "push_name": "", "epoch": ""}
        self._move(
            SessionEvent.STOPPED, cause, error=code, qr_status=QrStatus.NONE, qr_string="", qr_expires_at=0, **phone
        )
        if code:
            self._withdraw(code)
        self._on_end(cause)

    def _withdraw(self, cause: str) -> None:
        """Nobody wants this session enough to scan its code: hosts stop starting it until someone asks again."""
        try:
            self._snapshots.withdraw(self._lease, cause, now_ms())
        except redis.RedisError as error:
            _log.warning("session.not_withdrawn", error=type(error).__name__)

    def _wipe_profile(self) -> None:
        shutil.rmtree(self._store.profile_dir(self._lease.cliente_id), ignore_errors=True)

    # What the page says.

    def _take_event(self, event: EngineEvent) -> None:
        match event:
            case PageChanged(observation):
                self._take_observation(observation)
            case LoggedOut(reason):
                _log.warning("session.logged_out", reason=reason)
                self._end_engine(logout=False)
                self._wipe_profile()
                self._move(
                    SessionEvent.LOGGED_OUT, "LOGGED_OUT", error="LOGGED_OUT", phone_number="", push_name="", epoch=""
                )
                self._launch("logged_out")
            case BrowserGone(reason):
                self._fail_run("BROWSER_FAILED", detail=reason)

    def _take_observation(self, seen: Observation) -> None:
        reading = read(seen)
        if reading is None:
            return
        match reading.event:
            case SessionEvent.FAILED:
                self._fail_run(reading.code)
            case SessionEvent.CODE_SHOWN | SessionEvent.CODE_IDLE:
                self._show_code(seen, reading)
            case SessionEvent.LINKED | SessionEvent.OPENED:
                self._take_login(seen, reading)
            case SessionEvent.CONFLICT:
                self._fail_run("TAKEN_OVER")
            case _:
                self._move(reading.event, reading.event.value)

    def _show_code(self, seen: Observation, reading: Reading) -> None:
        snapshot = self._snapshot
        if self._waiting_since is None:
            self._waiting_since = steady_ms()
        self._recoveries = 0
        if reading.event is SessionEvent.CODE_IDLE:
            self._move(reading.event, "code_idle", qr_status=QrStatus.EXPIRED, qr_string="", qr_expires_at=0)
            return
        code = seen.code or ""
        fresh = code != snapshot.qr_string
        self._move(
            reading.event,
            "code_shown",
            qr_status=QrStatus.GENERATED,
            qr_string=code,
            qr_expires_at=(seen.code_expires_at_ms or 0) if fresh else snapshot.qr_expires_at,
            qr_attempts=snapshot.qr_attempts + 1 if fresh else snapshot.qr_attempts,
            phone_number="",
            push_name="",
            epoch="",
        )

    def _take_login(self, seen: Observation, reading: Reading) -> None:
        before = self._snapshot
        scanned = before.qr_status in (QrStatus.GENERATED, QrStatus.EXPIRED)
        self._waiting_since = None
        self._move(
            reading.event,
            reading.event.value,
            qr_status=QrStatus.USED if scanned else before.qr_status,
            qr_string="",
            qr_expires_at=0,
            pairing_code="",
            pairing_expires_at=0,
            phone_number=seen.phone_number or before.phone_number,
            push_name=seen.push_name or before.push_name,
            epoch=f"{seen.phone_number}/{seen.pairing_id}" if seen.pairing_id else before.epoch,
        )
        if seen.progress > self._progress and self._snapshot.status is SessionStatus.AUTHENTICATED:
            self._progress, self._status_since = seen.progress, steady_ms()  # syncing goes on: it may take longer
        if self._snapshot.status is SessionStatus.READY and before.status is not SessionStatus.READY:
            channel = self.channel()
            if channel is not None:
                self._on_ready(channel)

    # The snapshot.

    def _move(self, event: SessionEvent, cause: str, *, error: str | None = None, **changes: object) -> None:
        """One step of the state machine. error: a code to show, "" to clear, None to keep unless READY clears it."""
        before = self._snapshot
        status = step(before.status, event)
        now = now_ms()
        if status is SessionStatus.READY or error == "":
            changes |= {"last_error_code": "", "last_error_message": ""}
        elif error:
            changes |= {"last_error_code": error, "last_error_message": error_text(error, self._language)}
        moved = status is not before.status
        after = replace(
            before,
            status=status,
            since=now if moved else before.since,
            cause=cause if moved else before.cause,
            **changes,  # type: ignore[arg-type]
        )
        if after == before:
            return
        with self._guard:
            self._snapshot = after
        transition = ""
        if moved:
            self._status_since = steady_ms()
            _log.info("session.moved", status=status.value, before=before.status.value, cause=cause)
            transition = json.dumps(
                {
                    "from": before.status.value,
                    "to": status.value,
                    "event": event,
                    "cause": cause,
                    "store": self._store.store_id,
                }
            )
        self._write(transition)

    def _write(self, transition: str = "") -> None:
        self._written_at = steady_ms()
        snapshot = replace(
            self._snapshot,
            in_doubt=self._in_doubt,
            pss_mib=self._pss_mib,
            restricted_until=self._restricted_until,
        )
        try:
            held = self._snapshots.write(self._lease, snapshot, now_ms(), transition)
        except redis.RedisError as error:
            # The next heartbeat writes the whole state again; the lease keeper decides how long that may go on.
            _log.warning("snapshot.not_written", error=type(error).__name__)
            return
        if not held:
            self._on_lost("the lease is no longer held")

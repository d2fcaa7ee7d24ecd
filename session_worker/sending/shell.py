"""The sender: carries out what the reducer of sending decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable

import redis

from session_worker.engine.port import Engine, EngineError
from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.reducer import step
from session_worker.turn import Log, Now
from shared.instant import now_ms, steady_ms
from shared.ledger.claiming.work import LeaseLost, Login, PutKey
from shared.ledger.ledger import Ledger
from shared.logs import get_logger
from shared.sessions.lease import Lease

_log = get_logger(__name__)

MAX_UNREAD = 500  # messages asked about after a downtime
REDIS_RETRY_MS = 1_000
DEFECT_RETRY_MS = 5_000

Word = do.AskRelaunch | do.ReportRestriction | do.ReportUnacknowledged


class Sender:
    """Claims, sends and completes while the session is READY.

    inbox: where everybody puts what sending is told. engine_of(browser_run): that run's engine while it lives.
    tell_session: called with each word for the session. on_lost: called where the lease is no longer the caller's.
    """

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: at.State,
        ledger: Ledger,
        lease: Lease,
        engine_of: Callable[[str], Engine | None],
        tell_session: Callable[[Word], None],
        on_lost: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        self._inbox = inbox
        self._state = state
        self._ledger = ledger
        self._lease = lease
        self._engine_of = engine_of
        self._tell_session = tell_session
        self._on_lost = on_lost
        self._rng = rng
        self._thread = threading.Thread(target=self._run, name="sender", daemon=True)

    # What other threads call.

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def notify(self) -> None:
        """There may be something to send."""
        self._inbox.put(on.Notified())

    def recycle(self, cause: str) -> None:
        """Asks for a new browser between two messages."""
        self._inbox.put(on.RecycleAsked(cause))

    def stop(self, timeout_s: float) -> bool:
        """Finishes the message in flight and claims no more. True: it ended in time."""
        self._inbox.put(on.StopAsked())
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # The sender's thread.

    def _run(self) -> None:
        while not isinstance(self._state.phase, at.Ended):
            try:
                self._take(self._next_input())
            except LeaseLost:
                self._on_lost("the ledger knows another owner")
                return

    def _next_input(self) -> on.Input:
        wakes_at_ms = self._state.wakes_at_ms
        timeout_s = None if wakes_at_ms is None else max(0.0, (wakes_at_ms - steady_ms()) / 1000)
        try:
            return self._inbox.get(timeout=timeout_s)
        except queue.Empty:
            return on.TimePassed()

    def _take(self, event: on.Input | None) -> None:
        """One input, and the answers to the calls that follow from it, until none is under way."""
        while event is not None:
            event = self._take_one(event)

    def _take_one(self, event: on.Input) -> on.Answer | None:
        """Returns the answer to the step's call, if it made one."""
        try:
            self._state, actions = step(self._state, event, Now(now_ms(), steady_ms()), self._rng)
            answer: on.Answer | None = None
            for action in actions:
                answer = self._carry_out(action)
            return answer
        except LeaseLost:
            raise
        except redis.RedisError as error:
            _log.warning("sender.waits_for_redis", error=type(error).__name__)
            return on.CutShort(REDIS_RETRY_MS)
        except Exception:  # noqa: BLE001
            # The thread's edge: a defect must neither end the tenant's sends silently nor spin.
            _log.exception("sender.defect")
            return on.CutShort(DEFECT_RETRY_MS)

    def _carry_out(self, action: do.Action) -> on.Answer | None:
        match action:
            case Log(level, event, fields):
                getattr(_log, level)(event, **fields)
            case do.AskRelaunch() | do.ReportRestriction() | do.ReportUnacknowledged():
                self._tell_session(action)
            case do.LoseLease():
                raise LeaseLost(self._lease.cliente_id)
            case do.Prepare() | do.HandOver() | do.LookUp() | do.Resend() | do.AskLimits():
                return self._call_page(action)
            case _:
                return self._call_ledger(action)
        return None

    def _call_page(self, call: do.PageCall) -> on.Answer:
        engine = self._engine_of(call.browser_run)
        if engine is None:
            return on.EngineFailed("PAGE_FAILED", "the browser run has ended")
        try:
            match call:
                case do.Prepare(_, to):
                    return on.KeyMade(engine.prepare(to))
                case do.HandOver(_, prepared, text):
                    return on.HandedOver(engine.hand_over(prepared, text))
                case do.LookUp(_, prepared):
                    return on.LookedUp(engine.look_up(prepared))
                case do.Resend(_, prepared):
                    engine.resend(prepared)
                    return on.HandedOver()
                case do.AskLimits():
                    return on.LimitsTold(engine.limits())
        except EngineError as error:
            return on.EngineFailed(error.code, error.detail)

    def _call_ledger(self, call: do.LedgerCall) -> on.Answer:
        """Raises redis.RedisError, LeaseLost."""
        ledger, lease = self._ledger, self._lease
        match call:
            case do.BeginRun(phone_number):
                held = ledger.claiming.hold_for_another_phone(lease, phone_number, now_ms()) if phone_number else 0
                return on.RunBegun(held, tuple(ledger.entries.unread(lease.cliente_id, MAX_UNREAD)))
            case do.ReadInFlight():
                return on.InFlightRead(tuple(ledger.entries.in_flight(lease.cliente_id)))
            case do.Claim(browser_run, pace, bulk_allowed):
                return on.Claimed(
                    ledger.claiming.claim_next(lease, browser_run, now_ms(), pace, bulk_allowed=bulk_allowed)
                )
            case do.PersistKey():
                return on.KeyAnswered(self._persist_key(call))
            case do.Complete(message, outcome, code, again_at_ms, browser_run):
                status = ledger.claiming.complete(
                    lease,
                    message,
                    outcome,
                    code=code,
                    now_ms=now_ms(),
                    again_at_ms=again_at_ms,
                    browser_run=browser_run,
                )
                return on.Completed(status)
            case do.RecordAck(key, ack):
                ledger.receipts.acknowledge(lease.cliente_id, key, ack, now_ms())
                return on.AckRecorded()

    def _persist_key(self, call: do.PersistKey) -> PutKey:
        return self._ledger.claiming.put_key(
            self._lease,
            call.message,
            Login(call.login_id, call.browser_run),
            whatsapp_id=call.prepared.key,
            chat_id=call.prepared.chat_id,
            now_ms=now_ms(),
            lease_left_ms=call.lease_left_ms,
        )

"""The sender: carries out what the reducer of sending decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable

from session_worker.actor import Actor, Reducer
from session_worker.engine.port import Engine, EngineError
from session_worker.sending import actions as do
from session_worker.sending import inputs as on
from session_worker.sending import state as at
from session_worker.sending.pace import Typing, for_tenant
from session_worker.sending.reducer import step
from session_worker.sending.uploads.upload import UploadRequest
from shared.instant import now_ms
from shared.ledger.claiming.work import LeaseLost, Login, Pause, PutKey, Recover, Send
from shared.ledger.ledger import Ledger
from shared.logs import get_logger
from shared.sessions.lease import Lease
from shared.sessions.tenant_rules import TenantRulesMirror

_log = get_logger(__name__)

MAX_UNREAD = 500  # messages asked about after a downtime

Word = do.AskRelaunch | do.ReportRestriction | do.ReportUnacknowledged | do.ReportPause

SENDING = Reducer[at.State, on.Input, do.Deed](step, on.TimePassed(), on.StopAsked(), on.CutShort, at.Ended)


class Sender(Actor[at.State, on.Input, do.Deed]):
    """Claims, sends and completes while the session is READY.

    inbox: where everybody puts what sending is told. engine_of(browser_run): that run's engine while it lives.
    begin_upload: called with each file that is to be uploaded meanwhile. tell_session: called with each word for the
    session. on_lost: called where the lease is no longer the caller's.
    """

    name = "sender"
    redis_retry_ms = 1_000
    ends_with = (LeaseLost,)

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: at.State,
        ledger: Ledger,
        tenant_rules: TenantRulesMirror,
        lease: Lease,
        engine_of: Callable[[str], Engine | None],
        begin_upload: Callable[[UploadRequest], None],
        tell_session: Callable[[Word], None],
        on_lost: Callable[[str], None],
        rng: random.Random,
    ) -> None:
        super().__init__(inbox, state, SENDING, rng)
        self._ledger = ledger
        self._tenant_rules = tenant_rules
        self._lease = lease
        self._engine_of = engine_of
        self._begin_upload = begin_upload
        self._tell_session = tell_session
        self._on_lost = on_lost
        self._stopping = threading.Event()

    # What other threads call.

    def notify(self) -> None:
        """There may be something to send."""
        self._inbox.put(on.Notified())

    def stop(self, timeout_s: float) -> bool:
        """See `Actor.stop`. What is being typed is sent at once."""
        self._stopping.set()
        return super().stop(timeout_s)

    def recycle(self, cause: str) -> None:
        """Asks for a new browser between two messages."""
        self._inbox.put(on.RecycleAsked(cause))

    def _run(self) -> None:
        try:
            super()._run()
        except LeaseLost:
            self._on_lost("the ledger knows another owner")

    def _carry_out(self, action: do.Deed) -> on.Answer | None:
        match action:
            case do.AskRelaunch() | do.ReportRestriction() | do.ReportUnacknowledged() | do.ReportPause():
                self._tell_session(action)
            case do.BeginUpload(request):
                self._begin_upload(request)
            case do.LoseLease():
                raise LeaseLost(self._lease.cliente_id)
            case do.HandOver():
                # On a thread of its own, at once: what is left of the lease was looked at a moment ago.
                threading.Thread(target=self._hand_over, args=(action,), name="hand-over", daemon=True).start()
            case do.Prepare() | do.LookUp() | do.Resend() | do.AskLimits():
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
                case do.Prepare(_, to, typing):
                    prepared = engine.prepare(to)
                    self._show_typing(engine, prepared.chat_id, typing)
                    return on.KeyMade(prepared)
                case do.LookUp(_, prepared):
                    return on.LookedUp(engine.look_up(prepared))
                case do.Resend(_, prepared):
                    engine.resend(prepared)
                    return on.SentAgain()
                case do.AskLimits():
                    return on.LimitsTold(engine.limits())
        except EngineError as error:
            return on.EngineFailed(error.code, error.detail)

    def _show_typing(self, engine: Engine, chat_id: str, typing: Typing) -> None:
        """Waits for as long as it shows; a page that can not show it holds nothing up."""
        if not typing.seconds:
            return
        try:
            engine.show_typing(chat_id, typing.seconds, recording=typing.recording)
        except EngineError as error:
            _log.info("sender.typing_not_shown", code=error.code, detail=error.detail)
            return
        self._stopping.wait(typing.seconds)

    def _hand_over(self, call: do.HandOver) -> None:
        engine, how, code = self._engine_of(call.browser_run), None, "PAGE_FAILED"
        try:
            if engine is not None:
                how, code = engine.hand_over(call.prepared, call.outgoing), ""
        except EngineError as error:
            code = error.code
        except Exception:  # noqa: BLE001 - the thread's edge: nobody else would tell that it ended
            _log.exception("sender.defect")
        self._inbox.put(on.HandOverEnded(call.prepared.key, how, code))

    def _call_ledger(self, call: do.LedgerCall) -> on.Answer:
        """Raises redis.RedisError, LeaseLost."""
        ledger, lease = self._ledger, self._lease
        match call:
            case do.BeginRun(phone_number):
                held = ledger.claiming.hold_for_another_phone(lease, phone_number, now_ms())
                return on.RunBegun(held, tuple(ledger.entries.unread(lease.cliente_id, MAX_UNREAD)))
            case do.ReadInFlight():
                return on.InFlightRead(tuple(ledger.entries.in_flight(lease.cliente_id)))
            case do.Claim():
                return on.Claimed(self._claim_next(call))
            case do.FindUpload(login_id, content):
                return on.UploadFound(ledger.uploads.find(lease.cliente_id, login_id, content))
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

    def _claim_next(self, call: do.Claim) -> Send | Recover | Pause:
        """The next piece of work, by the tenant's own cap and zone."""
        now = now_ms()
        return self._ledger.claiming.claim_next(
            self._lease,
            call.browser_run,
            now,
            for_tenant(call.pace, self._tenant_rules.read(self._lease.cliente_id), now),
            bulk_allowed=call.bulk_allowed,
            media_allowed=call.media_allowed,
        )

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

"""The actor: carries out what the reducer of acting decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable

from session_worker.acting import actions as do
from session_worker.acting import inputs as on
from session_worker.acting import state as at
from session_worker.acting.reducer import step
from session_worker.actor import Actor, Reducer
from session_worker.engine.acts import CERTAIN_CODES
from session_worker.engine.port import Engine, EngineError
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.sessions.lease import Lease

ACTING = Reducer[at.State, on.Input, do.Call](step, on.TimePassed(), on.StopAsked(), on.CutShort, at.Stopped)


class Performer(Actor[at.State, on.Input, do.Call]):
    """Does to messages what was asked for, one after the other, while the session is READY.

    Neither sending nor receiving waits for it. inbox: where everybody puts what acting is told.
    engine_of(browser_run): that run's engine while it lives.
    """

    name = "performer"
    redis_retry_ms = 500

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        ledger: Ledger,
        lease: Lease,
        engine_of: Callable[[str], Engine | None],
        rng: random.Random,
    ) -> None:
        super().__init__(inbox, at.State(), ACTING, rng)
        self._ledger = ledger
        self._lease = lease
        self._engine_of = engine_of

    def notify(self) -> None:
        """Something was asked for."""
        self._inbox.put(on.Notified())

    def _carry_out(self, action: do.Call) -> on.Answer:
        match action:
            case do.Look():
                return on.Looked(self._ledger.acts.next(self._lease.cliente_id))
            case do.Begin(act, browser_run):
                return on.Begun(self._ledger.acts.begin(self._lease, act, browser_run, now_ms()))
            case do.Perform():
                return self._perform(action)
            case do.LookUp():
                return self._look_up(action)
            case do.End():
                return self._end(action)

    def _perform(self, call: do.Perform) -> on.Answer:
        engine = self._engine_of(call.browser_run)
        if engine is None:
            return on.NotPerformed("SESSION_NOT_READY", certain=True)
        try:
            return on.Performed(engine.perform(call.act))
        except EngineError as error:
            return on.NotPerformed(error.code, error.code in CERTAIN_CODES, error.detail)

    def _look_up(self, call: do.LookUp) -> on.Answer:
        engine = self._engine_of(call.browser_run)
        try:
            return on.LookedUp(None if engine is None else engine.look_up_act(call.act))
        except EngineError:
            return on.LookedUp(None)

    def _end(self, call: do.End) -> on.Answer:
        """First what the message is now: who hears that it is done finds it so."""
        cliente_id = self._lease.cliente_id
        if call.change is not None:
            self._ledger.receipts.record(cliente_id, [call.change], now_ms())
        self._ledger.acts.end(call.act, call.status, call.error, now_ms())
        return on.Ended()

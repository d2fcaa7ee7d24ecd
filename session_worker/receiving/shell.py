"""The receiver: carries out what the reducer of receiving decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
import threading
from collections.abc import Callable

import redis

from session_worker.engine.port import Engine, EngineError
from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.reducer import step
from session_worker.turn import Log, Now
from shared.instant import now_ms, steady_ms
from shared.ledger.ledger import Ledger
from shared.logs import get_logger
from shared.protocol.events import MessageInbound

_log = get_logger(__name__)

REDIS_RETRY_MS = 500
DEFECT_RETRY_MS = 5_000


class Receiver:
    """Records what comes in: what the page tells, and what its rows hold, while the session is READY.

    It needs no lease: what WhatsApp delivered is true, whoever saw it. inbox: where everybody puts what receiving is
    told. engine_of(browser_run): that run's engine while it lives. on_silence(browser_run, messages): see
    `actions.ReportSilence`.
    """

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: at.State,
        ledger: Ledger,
        cliente_id: int,
        engine_of: Callable[[str], Engine | None],
        on_silence: Callable[[str, int], None],
        rng: random.Random,
    ) -> None:
        self._inbox = inbox
        self._state = state
        self._ledger = ledger
        self._cliente_id = cliente_id
        self._engine_of = engine_of
        self._on_silence = on_silence
        self._rng = rng
        self._thread = threading.Thread(target=self._run, name="receiver", daemon=True)

    # What other threads call.

    def start(self) -> None:
        """Starts the thread."""
        self._thread.start()

    def stop(self, timeout_s: float) -> bool:
        """Records what was told, then ends. True: it ended in time."""
        self._inbox.put(on.StopAsked())
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    # The receiver's thread.

    def _run(self) -> None:
        while not isinstance(self._state.phase, at.Ended):
            self._take(self._next_input())

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
        except redis.RedisError as error:
            _log.warning("receiver.waits_for_redis", error=type(error).__name__)
            return on.CutShort(REDIS_RETRY_MS)
        except Exception:  # noqa: BLE001
            # The thread's edge: a defect must neither end what a tenant receives silently nor spin.
            _log.exception("receiver.defect")
            return on.CutShort(DEFECT_RETRY_MS)

    def _carry_out(self, action: do.Action) -> on.Answer | None:
        match action:
            case Log(level, event, fields):
                getattr(_log, level)(event, **fields)
            case do.ReportSilence(browser_run, messages):
                self._on_silence(browser_run, messages)
            case do.ReadRows(browser_run) | do.ReadPlaceholders(browser_run):
                return self._call_page(browser_run, action)
            case _:
                return self._call_ledger(action)
        return None

    def _call_page(self, browser_run: str, call: do.PageCall) -> on.Answer:
        engine = self._engine_of(browser_run)
        if engine is None:
            return on.EngineFailed("PAGE_FAILED", "the browser run has ended")
        try:
            match call:
                case do.ReadRows(_, after_row_id, limit, since_ms):
                    return on.RowsRead(engine.read_rows(after_row_id, limit, since_ms))
                case do.ReadPlaceholders(_, keys):
                    return on.PlaceholdersRead(engine.read_placeholders(keys))
        except EngineError as error:
            return on.EngineFailed(error.code, error.detail)

    def _call_ledger(self, call: do.LedgerCall) -> on.Answer:
        """Raises redis.RedisError."""
        ledger, cliente_id = self._ledger, self._cliente_id
        match call:
            case do.ReadPosition(login_id):
                return on.PositionRead(ledger.row_cursors.read(cliente_id, login_id))
            case do.Record(messages):
                inbound = [MessageInbound(one.sender, one.text, one.at_ms, one.key) for one in messages]
                return on.Recorded(tuple(ledger.receipts.record_inbound(cliente_id, inbound, now_ms())))
            case do.KeepCursor(login_id, cursor, placeholders):
                ledger.row_cursors.keep(cliente_id, login_id, cursor, placeholders)
            case do.ForgetPlaceholders(keys):
                ledger.row_cursors.forget_placeholders(cliente_id, keys)
        return on.Kept()

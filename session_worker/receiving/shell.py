"""The receiver: carries out what the reducer of receiving decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable

from session_worker.actor import Actor, Reducer
from session_worker.engine.port import Engine, EngineError
from session_worker.receiving import actions as do
from session_worker.receiving import inputs as on
from session_worker.receiving import state as at
from session_worker.receiving.reducer import step
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.ledger.restoring.incarnation import NotCompared
from shared.protocol.events import MessageInbound

RECEIVING = Reducer[at.State, on.Input, do.Deed](step, on.TimePassed(), on.StopAsked(), on.CutShort, at.Ended)


class Receiver(Actor[at.State, on.Input, do.Deed]):
    """Records what comes in: what the page tells, and what its rows hold, while the session is READY.

    It needs no lease: what WhatsApp delivered is true, whoever saw it. inbox: where everybody puts what receiving is
    told. engine_of(browser_run): that run's engine while it lives. on_silence(browser_run, messages): see
    `actions.ReportSilence`. on_media(): a message that has bytes was recorded.
    """

    name = "receiver"
    redis_retry_ms = 500

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: at.State,
        ledger: Ledger,
        cliente_id: int,
        engine_of: Callable[[str], Engine | None],
        on_silence: Callable[[str, int], None],
        on_media: Callable[[], None],
        rng: random.Random,
    ) -> None:
        super().__init__(inbox, state, RECEIVING, rng)
        self._ledger = ledger
        self._cliente_id = cliente_id
        self._engine_of = engine_of
        self._on_silence = on_silence
        self._on_media = on_media

    def _carry_out(self, action: do.Deed) -> on.Answer | None:
        match action:
            case do.ReportSilence(browser_run, messages):
                self._on_silence(browser_run, messages)
            case do.ReadRows(browser_run) | do.ReadChanges(browser_run) | do.ReadPlaceholders(browser_run):
                return self._call_page(browser_run, action)
            case _:
                try:
                    return self._call_ledger(action)
                except NotCompared:
                    return on.NotCompared()
        return None

    def _call_page(self, browser_run: str, call: do.PageCall) -> on.Answer:
        engine = self._engine_of(browser_run)
        if engine is None:
            return on.EngineFailed("PAGE_FAILED", "the browser run has ended")
        try:
            match call:
                case do.ReadRows(_, after_row_id, limit, since_ms):
                    return on.RowsRead(engine.read_rows(after_row_id, limit, since_ms))
                case do.ReadChanges(_, after_row_id, limit, since_ms):
                    return on.ChangesRead(engine.read_changes(after_row_id, limit, since_ms))
                case do.ReadPlaceholders(_, keys):
                    return on.PlaceholdersRead(engine.read_placeholders(keys))
        except EngineError as error:
            return on.EngineFailed(error.code, error.detail)

    def _call_ledger(self, call: do.LedgerCall) -> on.Answer:
        """Raises redis.RedisError and NotCompared."""
        ledger, cliente_id = self._ledger, self._cliente_id
        match call:
            case do.ReadPosition(login_id):
                return on.PositionRead(ledger.row_cursors.read(cliente_id, login_id))
            case do.Record(heard, marker):
                fresh = ledger.receipts.record(cliente_id, heard, now_ms(), marker=marker)
                recorded = (one for one, new in zip(heard, fresh, strict=True) if new)
                if any(isinstance(one, MessageInbound) and one.media is not None for one in recorded):
                    self._on_media()
                return on.Recorded(tuple(fresh))
            case do.KeepCursor(login_id, cursor, placeholders, marker):
                ledger.row_cursors.keep(cliente_id, login_id, cursor, placeholders, marker=marker)
            case do.ForgetPlaceholders(keys):
                ledger.row_cursors.forget_placeholders(cliente_id, keys)
        return on.Kept()

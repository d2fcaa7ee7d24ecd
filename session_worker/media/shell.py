"""The fetcher: carries out what the reducer of fetching decides, on a thread of its own."""

from __future__ import annotations

import queue
import random
from collections.abc import Callable

from session_worker.actor import Actor, Reducer
from session_worker.engine.port import Engine, EngineError
from session_worker.media import actions as do
from session_worker.media import inputs as on
from session_worker.media import state as at
from session_worker.media.reducer import step
from shared.instant import now_ms
from shared.ledger.media.media import MediaLedger
from shared.media.store import MediaStore, StoreFailed
from shared.media.writing import MediaTooLarge

FETCHING = Reducer[at.State, on.Input, do.Call](step, on.TimePassed(), on.StopAsked(), on.CutShort, at.Ended)


class Fetcher(Actor[at.State, on.Input, do.Call]):
    """Brings the bytes of received messages into the store, one message at a time, while the session is READY.

    It needs no lease: the same bytes have the same name, and an outcome is recorded once. Neither sending nor receiving
    waits for it. inbox: where everybody puts what fetching is told. engine_of(browser_run): that run's engine while it
    lives. fetch_s: how long the bytes of one message may take.
    """

    name = "fetcher"
    redis_retry_ms = 500

    def __init__(
        self,
        *,
        inbox: queue.SimpleQueue[on.Input],
        state: at.State,
        ledger: MediaLedger,
        store: MediaStore,
        cliente_id: int,
        engine_of: Callable[[str], Engine | None],
        fetch_s: float,
        rng: random.Random,
    ) -> None:
        super().__init__(inbox, state, FETCHING, rng)
        self._ledger = ledger
        self._store = store
        self._cliente_id = cliente_id
        self._engine_of = engine_of
        self._fetch_s = fetch_s

    def _carry_out(self, action: do.Call) -> on.Answer:
        match action:
            case do.Look():
                return self._look()
            case do.Postpone(whatsapp_id, due_ms, pending):
                return on.Postponed(self._ledger.postpone(self._cliente_id, whatsapp_id, due_ms, pending))
            case do.Fetch():
                return self._fetch(action)
            case do.Complete(outcome, added_bytes):
                self._ledger.complete(self._cliente_id, outcome, added_bytes, now_ms())
                return on.Completed()

    def _look(self) -> on.Answer:
        found = self._ledger.next(self._cliente_id)
        try:
            return on.Looked(found, None if found is None else self._store.free_bytes())
        except StoreFailed as error:
            return on.NotFetched("STORE_FAILED", str(error))

    def _fetch(self, call: do.Fetch) -> on.Answer:
        engine, source = self._engine_of(call.browser_run), call.pending.source
        if engine is None:
            return on.NotFetched("PAGE_FAILED", "the browser run has ended")
        try:
            with self._store.writing(self._cliente_id, call.max_bytes) as writer:
                engine.fetch_media(call.whatsapp_id, source, writer.write, call.max_bytes, self._fetch_s)
                return on.Fetched(writer.commit())
        except EngineError as error:
            return on.NotFetched(error.code, error.detail)
        except MediaTooLarge:
            return on.NotFetched("MEDIA_TOO_LARGE")
        except StoreFailed as error:
            return on.NotFetched("STORE_FAILED", str(error))

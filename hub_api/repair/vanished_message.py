"""Redis was lost before SQL had what this hub accepted → the ledger takes it as `uncertain`.

For a second after its acceptance a message is in Redis only. Where Redis is emptied, or replaced by an older copy, in
that second, neither store has it, and whether it went out is not known. The hub that accepted it remembers it.
"""

from __future__ import annotations

import threading

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.messages.history import recorded_by_id
from hub_api.services import Services
from hub_api.workers.accepted_lately import Lately
from shared.instant import now_ms
from shared.ledger.restoring.restoring import RestoreAs
from shared.logs import get_logger

_log = get_logger(__name__)

LOOK_EVERY_S = 1.0
YOUNG_MS = 2_000  # the drain has them soon
AT_ONCE = 500


class VanishedMessages:
    """Looks each second, in each process of the hub, on a thread that ends with the process."""

    def __init__(self, services: Services) -> None:
        self._services = services

    def start(self) -> None:
        threading.Thread(target=self._run, name="vanished", daemon=True).start()

    def mend(self) -> int:
        """Forgets what is on record, and has what vanished taken as uncertain; returns how many these were.

        Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError.
        """
        vanished, lately = 0, self._services.accepted_lately
        while (marker := self._services.ledger.incarnation.marker()) is not None:  # else SQL's knowledge comes first
            old = lately.take(YOUNG_MS, AT_ONCE)
            keep = old
            try:
                keep, gone = self._sort(old, marker)
                vanished += gone
            finally:
                lately.put_back(keep)
            if keep or len(old) < AT_ONCE:
                break
        return vanished

    def _sort(self, accepted: list[Lately], marker: str) -> tuple[list[Lately], int]:
        """Those that SQL lacks yet, and how many vanished. What leaves the ledger is on record: SQL is asked last."""
        ids = [one.draft.message_id for one in accepted]
        in_ledger = self._services.ledger.entries.statuses(ids) if ids else {}
        on_record = recorded_by_id(self._services.database, ids) if ids else {}
        keep, vanished = list[Lately](), 0
        for one in accepted:
            message_id = one.draft.message_id
            if message_id in on_record:
                continue
            keep.append(one)  # also what is put right here: Redis may be lost once more before SQL has it
            if message_id in in_ledger:
                continue
            message = one.draft.queued()
            answer = self._services.ledger.restoring.restore(message, RestoreAs.UNCERTAIN, now_ms(), marker)
            if answer == "restored":
                vanished += 1
                _log.error("message.vanished", cliente_id=one.draft.cliente_id, message_id=message_id)
        return keep, vanished

    def _run(self) -> None:
        pause = threading.Event()
        while not pause.wait(LOOK_EVERY_S):
            try:
                if adopted := self._services.accepted_lately.adopt():
                    _log.info("accepted.adopted", messages=adopted)
                self.mend()
            except (redis.RedisError, SQLAlchemyError) as error:
                _log.warning("vanished.not_looked_for", reason=type(error).__name__)

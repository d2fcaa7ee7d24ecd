"""Finds messages that stand wrong and puts them right through the claims that everybody uses (DESIGN, two stores).

The ledger is the truth while it has an entry; where the entry is gone, SQL's record decides, and only once all that
happened is recorded. Nothing is sent twice by this: what may have gone out becomes `uncertain`.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import cast

import redis
from sqlalchemy import and_, or_, select

from hub_api.accounts import service as accounts
from hub_api.database import Database
from hub_api.messages import record as recorded_message
from hub_api.messages.history import to_message
from hub_api.messages.models import IS_OPEN, MessageRecord
from hub_api.recording.event import stream_order
from hub_api.recording.models import DrainState
from hub_api.repair.ledger_upkeep import Gone, LedgerUpkeep
from hub_api.repair.lost_entries import LostRecords
from shared.ledger.ledger import Ledger
from shared.transitions.message import OPEN_STATUSES
from shared.logs import get_logger
from shared.names import Keys

_log = get_logger(__name__)

_OPEN = frozenset(status.value for status in OPEN_STATUSES)
PAGE = 500  # looked at in one run: records, and entries of each index of a tenant
OPEN_FOR_LONG_MS = 120_000  # younger records are looked at when they are older
BEHIND_MS = 3_600_000  # by then a record must say what the ledger says

_LOOK_EVERY_S = 0.2

Id = tuple[int, str]  # (cliente_id, message_id)


class Sweep:
    """Looks at a page further each run. Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(
        self,
        database: Database,
        client: redis.Redis,
        keys: Keys,
        ledger: Ledger,
        upkeep: LedgerUpkeep,
        lost: LostRecords,
    ) -> None:
        self._database = database
        self._client = client
        self._keys = keys
        self._ledger = ledger
        self._upkeep = upkeep
        self._lost = lost
        self.patience_s = 5.0  # how long a run waits for the drain
        self._record_place: tuple[int, str] = (0, "")
        self._index_places: dict[str, int] = {}

    def run(self, now_ms: int) -> dict[str, int]:
        """Returns how many messages were put right, by what was wrong."""
        marker = self._client.get(self._keys.rebuilt)
        if not isinstance(marker, str):
            return {}  # a Redis that came up empty is rebuilt as a whole
        done = dict.fromkeys(("readopted", "cleared", "dropped", "brought_back", "records"), 0)
        records = self._open_records(now_ms)
        ids = list(dict.fromkeys([*records, *self._indexed()]))
        entries = dict(zip(ids, self._upkeep.glance(ids), strict=True))
        gone: list[Id] = []
        for (cliente_id, message_id), entry in entries.items():
            if entry.status is None:
                gone.append((cliente_id, message_id))
            elif not entry.indexed:
                answer = self._upkeep.readopt(cliente_id, message_id, now_ms)
                if answer in done:
                    done[answer] += 1
                    _log.error("ledger.index_was_wrong", cliente_id=cliente_id, message_id=message_id, now=answer)
        behind = [
            one for one, accepted_at in records.items()
            if accepted_at <= now_ms - BEHIND_MS and entries[one].status not in (*_OPEN, None)
        ]  # fmt: skip
        if (gone or behind) and self._recorded_up_to(self._newest()):
            self._settle_gone(gone, now_ms, marker, done)
            done["records"] += self._bring_up_to_date(behind)
        if any(done.values()):
            _log.warning("sweep", **done)
        return done

    def _open_records(self, now_ms: int) -> dict[Id, int]:
        """The next page of records that are open for long: id → accepted_at."""
        record = MessageRecord
        at, last = self._record_place
        statement = (
            select(record.cliente_id, record.message_id, record.accepted_at)
            .where(IS_OPEN, record.accepted_at <= now_ms - OPEN_FOR_LONG_MS)
            .where(or_(record.accepted_at > at, and_(record.accepted_at == at, record.message_id > last)))
            .order_by(record.accepted_at, record.message_id)
            .limit(PAGE)
        )
        with self._database.reading() as session:
            rows = list(session.execute(statement))
        self._record_place = (rows[-1][2], rows[-1][1]) if len(rows) == PAGE else (0, "")
        return {(cliente_id, message_id): accepted_at for cliente_id, message_id, accepted_at in rows}

    def _indexed(self) -> list[Id]:
        """The next page of every tenant's indexes."""
        keys = self._keys
        asked = [
            (cliente_id, index, self._index_places.get(index, 0))
            for cliente_id in accounts.tenants(self._database)
            for index in (keys.open(cliente_id), keys.in_flight(cliente_id), keys.held(cliente_id))
        ]
        pipeline = self._client.pipeline(transaction=False)
        for _, index, place in asked:
            pipeline.zrange(index, place, place + PAGE - 1)
        found: list[Id] = []
        for (cliente_id, index, place), ids in zip(asked, cast("list[list[str]]", pipeline.execute()), strict=True):
            self._index_places[index] = place + PAGE if len(ids) == PAGE else 0
            found += [(cliente_id, message_id) for message_id in ids]
        return found

    def _newest(self) -> str:
        """Id of the last event so far."""
        if not self._client.exists(self._keys.events):
            return "0-0"
        return str(self._client.xinfo_stream(self._keys.events)["last-generated-id"])

    def _recorded_up_to(self, event_id: str) -> bool:
        """True once SQL knows of everything up to an event; the drain runs beside this, each second."""
        deadline = time.monotonic() + self.patience_s
        while True:
            with self._database.reading() as session:
                state = session.get(DrainState, 1)
                cursor = state.cursor if state is not None else "0-0"
            if stream_order(event_id) <= stream_order(cursor):
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(_LOOK_EVERY_S)

    def _settle_gone(self, gone: Sequence[Id], now_ms: int, marker: str, done: dict[str, int]) -> None:
        """Messages whose entry is gone, by what SQL has of them now that all is recorded."""
        with self._database.reading() as session:
            rows = session.scalars(
                select(MessageRecord).where(MessageRecord.message_id.in_([message_id for _, message_id in gone]))
            )
            known = {(row.cliente_id, row.message_id): to_message(row) for row in rows}
        still_open = [message for message in known.values() if message.status in OPEN_STATUSES]
        still_open.sort(key=lambda message: (message.accepted_at_ms, message.message_id))
        done["brought_back"] += sum(self._lost.bring_back(still_open, now_ms, marker).values())
        open_ids = {(message.cliente_id, message.message_id) for message in still_open}
        for cliente_id, message_id in gone:
            if (cliente_id, message_id) in open_ids:
                continue
            has: Gone = "settled" if (cliente_id, message_id) in known else "unknown"
            if self._upkeep.readopt(cliente_id, message_id, now_ms, has) == "dropped":
                done["dropped"] += 1
                _log.error("ledger.index_without_entry", cliente_id=cliente_id, message_id=message_id, record=has)

    def _bring_up_to_date(self, behind: Sequence[Id]) -> int:
        """Records that are open though the ledger settled them and every event was recorded."""
        changed = 0
        for cliente_id, message_id in behind:
            message = self._ledger.read(message_id)
            if message is None or message.cliente_id != cliente_id:
                continue
            with self._database.writing() as session:
                row = session.get(MessageRecord, message_id, with_for_update=True)
                if row is not None and row.status in _OPEN and message.status not in OPEN_STATUSES:
                    recorded_message.copy(message, row)
                    changed += 1
                    _log.error("record_was_behind", cliente_id=cliente_id, message_id=message_id, now=row.status)
        return changed

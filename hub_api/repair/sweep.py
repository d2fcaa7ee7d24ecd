"""Looks for messages that stand wrong, a page further each run, and hands each to the file that mends its fault.

The ledger is the truth while it has an entry; where the entry is gone, SQL's record decides, and only once all that
happened is recorded.
"""

from __future__ import annotations

from sqlalchemy import and_, or_, select

from hub_api.accounts import service as accounts
from hub_api.messages.models import IS_OPEN, MessageRecord
from hub_api.recording.cursor import all_is_recorded
from hub_api.recording.stream import EventStream
from hub_api.repair import late_record, lost_entry, wrong_index
from hub_api.services import Services
from shared.ledger.entries import MessageRef
from shared.logs import get_logger
from shared.transitions.message import OPEN_STATUSES

_log = get_logger(__name__)

PAGE = 500  # looked at in one run: records, and entries of each index of a tenant
OPEN_FOR_LONG_MS = 120_000  # younger records are looked at when they are older
LATE_MS = 3_600_000  # by then a record must say what the ledger says


class Sweep:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stream = EventStream(services.client, services.keys)
        self.patience_s = 5.0  # how long a run waits for the drain
        self._record_place: tuple[int, str] = (0, "")
        self._index_places: dict[str, int] = {}

    def run(self, now_ms: int) -> dict[str, int]:
        """Returns how many messages were put right, by what was done; nothing in a Redis that came up empty."""
        services = self._services
        marker = services.ledger.restoring.marker()
        if marker is None:
            return {}
        records = self._open_records(now_ms)
        tenants = accounts.tenants(services.database)
        indexed = services.ledger.entries.index_pages(tenants, self._index_places, PAGE)
        ids = list(dict.fromkeys([*records, *indexed]))
        entries = dict(zip(ids, services.ledger.entries.glance(ids), strict=True))
        gone = [one for one, entry in entries.items() if entry.status is None]
        wrong = [one for one, entry in entries.items() if entry.status is not None and not entry.indexed]
        late = [
            one for one, accepted_at in records.items()
            if accepted_at <= now_ms - LATE_MS and entries[one].status not in (*OPEN_STATUSES, None)
        ]  # fmt: skip
        done = wrong_index.mend(services, wrong, now_ms) | {"restored": 0, "dropped": 0, "records": 0}
        if (gone or late) and all_is_recorded(services.database, self._stream, self.patience_s):
            done |= lost_entry.mend(services, gone, now_ms, marker)
            done["records"] = late_record.mend(services, late)
        if any(done.values()):
            _log.warning("sweep.repaired", **done)
        return done

    def _open_records(self, now_ms: int) -> dict[MessageRef, int]:
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
        with self._services.database.reading() as session:
            rows = list(session.execute(statement))
        self._record_place = (rows[-1][2], rows[-1][1]) if len(rows) == PAGE else (0, "")
        return {(cliente_id, message_id): accepted_at for cliente_id, message_id, accepted_at in rows}

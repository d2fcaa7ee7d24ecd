"""Looks for messages that stand wrong, so many further at each run, and hands each to the file that mends its fault.

The ledger is the truth while it has an entry; where the entry is gone, SQL's record decides, and only once all that
happened is recorded. How much one run looks at is bounded, and how much of it in one step of Redis, which serves
nobody else meanwhile: with more open messages a whole round takes more runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import and_, or_, select

from hub_api.accounts.tenants import service as accounts
from hub_api.messages.models import IS_OPEN, MessageRecord
from hub_api.recording.cursor import all_is_recorded
from hub_api.repair import late_record, lost_entry, wrong_index
from hub_api.services import Services
from shared.ledger.checking.checking import Standing
from shared.ledger.entries import MessageRef
from shared.logs import get_logger
from shared.redis.alone import is_alone
from shared.stream.stream import EventStream

_log = get_logger(__name__)

MAX_RECORDS = 2_000  # of those that SQL has as open, in one run
MAX_ENTRIES = 4_000  # of the tenants' indexes, in one run
MAX_TENANTS = 500  # whose indexes one run looks at
AT_ONCE = 100  # records or entries in one step of Redis: well below a millisecond
OPEN_FOR_LONG_MS = 120_000  # younger records are looked at when they are older
LATE_MS = 3_600_000  # by then a record must say what the ledger says


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a run goes on."""

    record: tuple[int, str] = (0, "")  # after the record with this moment and id
    tenant: int = 0  # whose indexes are looked at, or the first tenant after it
    index: str = ""  # where in them


@dataclass(slots=True)
class _Found:
    """Messages that stand wrong, each once."""

    gone: dict[MessageRef, None] = field(default_factory=dict)  # the ledger has no entry
    wrong: dict[MessageRef, None] = field(default_factory=dict)  # in a wrong index, or in none
    late: list[MessageRef] = field(default_factory=list)  # ended, and SQL still has them as open


class Sweep:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stream = EventStream(services.client, services.keys)
        self.patience_s = 5.0  # how long a run waits for the drain
        self._place = _Place()

    def run(self, now_ms: int) -> dict[str, int]:
        """Returns how many messages were put right, by what was done; nothing in a Redis that is to be restored."""
        services = self._services
        marker = services.ledger.incarnation.marker()
        if marker is None:
            return {}
        began, found = self._place, _Found()
        self._look_at_records(found, now_ms)
        self._look_at_indexes(found)
        done = wrong_index.mend(services, list(found.wrong), now_ms) | {"restored": 0, "dropped": 0, "records": 0}
        if found.gone or found.late:
            if all_is_recorded(services.database, self._stream, self.patience_s):
                done |= lost_entry.mend(services, list(found.gone), now_ms, marker)
                done["records"] = late_record.mend(services, found.late)
            else:
                self._place = began  # the next run looks again
        if any(done.values()):
            _log.warning("sweep.repaired", **done)
        return done

    def _look_at_records(self, found: _Found, now_ms: int) -> None:
        """What SQL has as open must stand in the ledger."""
        records = self._open_records(now_ms)
        for first in range(0, len(records), AT_ONCE):
            some = records[first : first + AT_ONCE]
            messages = [(cliente_id, message_id) for cliente_id, message_id, _ in some]
            standings = self._services.ledger.checking.records(messages)
            for message, (_, _, accepted_at), standing in zip(messages, some, standings, strict=True):
                if standing is Standing.GONE:
                    found.gone[message] = None
                elif standing is Standing.WRONG:
                    found.wrong[message] = None
                elif standing is Standing.ENDED and accepted_at <= now_ms - LATE_MS:
                    found.late.append(message)

    def _look_at_indexes(self, found: _Found) -> None:
        """What stands in an index must be in the ledger, and belong there."""
        left = MAX_ENTRIES
        tenants = rotated(accounts.tenants(self._services.database), self._place.tenant)
        for cliente_id in tenants[:MAX_TENANTS]:
            left -= self._look_at_tenant(found, cliente_id, left)
            if left <= 0 or not is_alone():
                break

    def _look_at_tenant(self, found: _Found, cliente_id: int, limit: int) -> int:
        """Looks at one tenant's indexes up to their end or the limit; returns at how many entries."""
        looked_at, place = 0, self._place.index if self._place.tenant == cliente_id else ""
        while looked_at < limit:
            look = self._services.ledger.checking.indexes(cliente_id, place, min(AT_ONCE, limit - looked_at))
            found.gone |= {(cliente_id, message_id): None for message_id in look.gone}
            found.wrong |= {(cliente_id, message_id): None for message_id in look.wrong}
            looked_at, place = looked_at + look.looked_at, look.place
            if not place:
                break
        self._place = replace(self._place, tenant=cliente_id if place else cliente_id + 1, index=place)
        return looked_at

    def _open_records(self, now_ms: int) -> list[tuple[int, str, int]]:
        """The next records that are open for long: tenant, id, when it was accepted."""
        record = MessageRecord
        at, last = self._place.record
        statement = (
            select(record.cliente_id, record.message_id, record.accepted_at)
            .where(IS_OPEN, record.accepted_at <= now_ms - OPEN_FOR_LONG_MS)
            .where(or_(record.accepted_at > at, and_(record.accepted_at == at, record.message_id > last)))
            .order_by(record.accepted_at, record.message_id)
            .limit(MAX_RECORDS)
        )
        with self._services.database.reading() as session:
            rows = [(cliente_id, message_id, at) for cliente_id, message_id, at in session.execute(statement)]
        end = (rows[-1][2], rows[-1][1]) if len(rows) == MAX_RECORDS else (0, "")
        self._place = replace(self._place, record=end)
        return rows


def rotated(tenants: Sequence[int], first: int) -> list[int]:
    """All of them in order, beginning with `first` or the one that follows it."""
    ordered = sorted(tenants)
    return [one for one in ordered if one >= first] + [one for one in ordered if one < first]

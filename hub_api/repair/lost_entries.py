"""Brings messages back into a ledger that lost them, from what SQL recorded of them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import select

from hub_api.database import Database
from hub_api.messages.history import to_message
from hub_api.messages.models import IS_OPEN, MessageRecord
from hub_api.recording.models import DrainState
from hub_api.repair.ledger_upkeep import LedgerUpkeep
from hub_api.repair.lost_entry import decide, doubtful
from shared.ledger.message import Message
from shared.logs import get_logger
from shared.settings import Settings

_log = get_logger(__name__)


class LostRecords:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, upkeep: LedgerUpkeep, settings: Settings) -> None:
        self._database = database
        self._upkeep = upkeep
        self._gap_ms = int(settings.send_gap_min_seconds * 1000)
        self._delay_ms = int(settings.send_delay_min_seconds * 1000)

    def restore_all(self, now_ms: int) -> dict[str, int]:
        """After Redis came up empty: all that SQL has as open, before any claim is allowed. Returns what became of it.

        What left after SQL was last brought up to date is not known; so many as the pace allows are `uncertain`.
        """
        with self._database.reading() as session:
            state = session.get(DrainState, 1)
            read_at = state.read_at if state is not None else None
            statement = (
                select(MessageRecord).where(IS_OPEN).order_by(MessageRecord.accepted_at, MessageRecord.message_id)
            )
            messages = [to_message(row) for row in session.scalars(statement)]
        unseen_ms = max(0, now_ms - read_at) if read_at is not None else now_ms
        by_tenant: dict[int, list[Message]] = defaultdict(list)
        for message in messages:
            by_tenant[message.cliente_id].append(message)
        in_doubt: set[str] = set()
        for waiting in by_tenant.values():
            in_doubt |= doubtful(waiting, unseen_ms, self._gap_ms, self._delay_ms)
        return self._bring_back(messages, in_doubt, now_ms, marker="")

    def bring_back(self, messages: Sequence[Message], now_ms: int, marker: str) -> dict[str, int]:
        """Single entries that are gone from a ledger whose events were all recorded; oldest first."""
        return self._bring_back(messages, set(), now_ms, marker)

    def _bring_back(self, messages: Sequence[Message], in_doubt: set[str], now_ms: int, marker: str) -> dict[str, int]:
        became: Counter[str] = Counter()
        for message in reversed(messages):
            way = decide(message, now_ms, doubtful=message.message_id in in_doubt)
            answer = self._upkeep.readmit(message, way, now_ms, marker)
            if answer == "readmitted":
                became[way.value] += 1
                _log.error(
                    "ledger.entry_was_gone", cliente_id=message.cliente_id, message_id=message.message_id, now=way.value
                )
            elif answer == "changed":
                break  # emptied once more: the rebuild begins anew
        return dict(became)

"""Puts messages back into the ledger from what SQL recorded of them: all of them, or single ones that are gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select

from hub_api.messages.history import to_message
from hub_api.messages.models import IS_OPEN, MessageRecord
from hub_api.messages.restored_status import doubtful, restored_as
from hub_api.recording import cursor
from hub_api.recording.stream import EventStream
from hub_api.services import Services
from shared.ledger.balance import FINAL
from shared.ledger.message import Message
from shared.logs import get_logger
from shared.transitions.message import MessageStatus

_log = get_logger(__name__)

_COUNTED_AS_SENT = (MessageStatus.DELIVERED.value, MessageStatus.READ.value)


def restore(services: Services, now_ms: int) -> None:
    """All that SQL has as open, and the counts of what has ended, into a Redis that came up empty.

    What was sent after SQL was last brought up to date is not known; so many as the pace allows are `uncertain`.
    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError; a run that broke off is repeated as a whole.
    """
    if EventStream(services.client, services.keys).was_recorded_before():
        return  # the ledger is there, only the mark is missing
    with services.database.reading() as session:
        read_at = cursor.last_read_at(session)
        statement = select(MessageRecord).where(IS_OPEN).order_by(MessageRecord.accepted_at, MessageRecord.message_id)
        messages = [to_message(row) for row in session.scalars(statement)]
    unseen_ms = max(0, now_ms - read_at) if read_at is not None else now_ms
    became = _restore(services, messages, _in_doubt(services, messages, unseen_ms), now_ms, marker="")
    for cliente_id, final in _final_counts(services).items():
        services.ledger.restoring.restore_counts(cliente_id, final)
    _log.info("messages.restored", **became)


def restore_entries(services: Services, messages: Sequence[Message], now_ms: int, marker: str) -> dict[str, int]:
    """Single messages, oldest first, whose entries are gone from a ledger whose events were all recorded.

    marker: of the ledger, as the caller saw it before it looked. Returns how many came back, by what they became.
    Raises redis.RedisError.
    """
    return _restore(services, messages, set(), now_ms, marker)


def _restore(
    services: Services, messages: Sequence[Message], in_doubt: set[str], now_ms: int, marker: str
) -> dict[str, int]:
    became: Counter[str] = Counter()
    for message in reversed(messages):
        way = restored_as(message, now_ms, in_doubt=message.message_id in in_doubt)
        answer = services.ledger.restoring.restore(message, way, now_ms, marker)
        if answer == "restored":
            became[way.value] += 1
            _log.error(
                "ledger.entry_was_gone", cliente_id=message.cliente_id, message_id=message.message_id, now=way.value
            )
        elif answer == "changed":
            break  # emptied once more: the restoring begins anew
    return dict(became)


def _in_doubt(services: Services, messages: Sequence[Message], unseen_ms: int) -> set[str]:
    """Ids of messages that may have been sent in a time that SQL heard nothing of. messages: oldest first."""
    gap_ms = int(services.settings.send_gap_min_seconds * 1000)
    delay_ms = int(services.settings.send_delay_min_seconds * 1000)
    by_tenant: dict[int, list[Message]] = defaultdict(list)
    for message in messages:
        by_tenant[message.cliente_id].append(message)
    found: set[str] = set()
    for waiting in by_tenant.values():
        found |= doubtful(waiting, unseen_ms, gap_ms, delay_ms)
    return found


def _final_counts(services: Services) -> dict[int, Counter[str]]:
    """How many messages each tenant has on record that have ended, by the counter that they belong to."""
    record = MessageRecord
    statement = select(record.cliente_id, record.status, func.count()).group_by(record.cliente_id, record.status)
    found: dict[int, Counter[str]] = defaultdict(Counter)
    with services.database.reading() as session:
        for cliente_id, status, number in session.execute(statement):
            name = MessageStatus.SENT.value if status in _COUNTED_AS_SENT else str(status)
            if name in FINAL:
                found[cliente_id][name] += number
    return found

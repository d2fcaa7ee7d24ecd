"""Puts the ledger right by what SQL recorded of messages: all of it, or single entries that are gone."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select

from hub_api.database import Database
from hub_api.idempotency.models import IdempotencyKey
from hub_api.idempotency.restore import put_back
from hub_api.messages.history import not_on_record, recorded_by_id, to_message
from hub_api.messages.models import IS_OPEN, MessageEvent, MessageRecord
from hub_api.messages.restored_status import doubtful, put_right_as, restored_as
from hub_api.recording import cursor
from hub_api.registry import Restoration
from hub_api.services import Services
from shared.ledger.balance import FINAL
from shared.ledger.message import Message
from shared.ledger.restoring.restoring import RestoreAs
from shared.logs import get_logger
from shared.names import EventType
from shared.protocol.events import stream_order
from shared.stream.stream import START
from shared.transitions.message import OPEN_STATUSES, OUT_STATUSES, MessageStatus

_log = get_logger(__name__)

_CHUNK = 1_000  # entries looked at in one round trip


def restore(services: Services, restoration: Restoration) -> None:
    """Brings the ledger to where SQL has it: what is open, how messages ended since, and the counts of what has ended.

    What was sent after SQL was last brought up to date is not known; so many as the pace allows are `uncertain`.
    Messages that only the ledger knows were accepted since, while claims were closed: they stay as they are. But
    where it holds all that SQL recorded and lost what was done since, they may have been accepted and sent before.
    Raises redis.RedisError, sqlalchemy.exc.SQLAlchemyError; a run that broke off is repeated as a whole.
    """
    now_ms, database = restoration.now_ms, services.database
    with database.reading() as session:
        read_at = cursor.last_read_at(session)
    if restoration.unseen_since is not None and read_at is not None:
        read_at = min(read_at, restoration.unseen_since)
    unseen_ms = max(0, now_ms - read_at) if read_at is not None else now_ms
    waiting = _open(database)
    unrecorded = _unrecorded(services, waiting) if restoration.unseen_since is not None else []
    in_doubt = _in_doubt(services, [*waiting, *unrecorded], unseen_ms)
    became = _restore(services, waiting, in_doubt, restoration)
    doubted = [one for one in unrecorded if one.message_id in in_doubt or one.status is not MessageStatus.QUEUED]
    became += _restore(services, doubted, in_doubt, restoration)
    if restoration.since == START:
        ended, uncounted = _ended_and_waiting(services)
    else:
        ended, uncounted = _ended_since(services, restoration.since)
    became += _restore(services, ended, set(), restoration)
    services.ledger.settling.settle([(message.cliente_id, message.message_id) for message in ended])
    for cliente_id, final in uncounted.items():
        services.ledger.restoring.restore_counts(cliente_id, final, restoration.incarnation)
    _restore_keys(services, now_ms)
    _log.info("messages.restored", **became)


def _restore_keys(services: Services, now_ms: int) -> None:
    """Idempotency keys of what a hub of this machine accepted lately."""
    rows = [
        IdempotencyKey(
            cliente_id=line.cliente_id,
            key_digest=line.key_digest,
            body_digest=line.body_digest,
            message_id=line.message_id,
            at=line.accepted_at,
        )
        for line in not_on_record(services.database, services.accepted_lately.under_keys())
    ]
    put_back(services, rows, now_ms)


def restore_entries(services: Services, messages: Sequence[Message], now_ms: int, marker: str) -> dict[str, int]:
    """Single messages, oldest first, whose entries are gone from a ledger whose events were all recorded.

    marker: of the ledger, as the caller saw it before it looked. Returns how many came back, by what they became.
    Raises redis.RedisError.
    """
    became: Counter[str] = Counter()
    for message in reversed(messages):
        way = restored_as(message, now_ms, in_doubt=False)
        if not _put_right(services, message, way, now_ms, marker, "", became):
            break
    return dict(became)


def _restore(
    services: Services, messages: Sequence[Message], in_doubt: set[str], restoration: Restoration
) -> Counter[str]:
    """messages: oldest first."""
    became: Counter[str] = Counter()
    found = _statuses(services, messages)
    for message in reversed(messages):
        seen = found.get(message.message_id)
        way = put_right_as(message, seen, restoration.now_ms, in_doubt=message.message_id in in_doubt)
        if way is None:
            continue
        if not _put_right(services, message, way, restoration.now_ms, restoration.marker, seen or "", became):
            break
    return became


def _put_right(
    services: Services, message: Message, way: RestoreAs, now_ms: int, marker: str, seen: str, became: Counter[str]
) -> bool:
    """One message. False where Redis was emptied or replaced once more: the restoring begins anew."""
    answer = services.ledger.restoring.restore(message, way, now_ms, marker, seen=seen)
    if answer == "restored":
        became[way.value] += 1
        _log.warning(
            "ledger.entry_was_behind" if seen else "ledger.entry_was_gone",
            cliente_id=message.cliente_id,
            message_id=message.message_id,
            now=way.value,
        )
    return answer != "changed"


def _statuses(services: Services, messages: Sequence[Message]) -> dict[str, MessageStatus]:
    """The status of each that the ledger knows."""
    found: dict[str, MessageStatus] = {}
    for begin in range(0, len(messages), _CHUNK):
        found |= services.ledger.entries.statuses([one.message_id for one in messages[begin : begin + _CHUNK]])
    return found


def _open(database: Database) -> list[Message]:
    """What SQL has as open, in the order in which it was accepted: of that, only the events know."""
    record, told = MessageRecord, MessageEvent
    beginnings = (
        select(told.message_id, func.min(told.event_id))
        .where(told.type == EventType.MESSAGE_QUEUED, told.message_id.in_(select(record.message_id).where(IS_OPEN)))
        .group_by(told.message_id)
    )
    with database.reading() as session:
        begun = {message_id: stream_order(event_id) for message_id, event_id in session.execute(beginnings)}
        found = [to_message(row) for row in session.scalars(select(record).where(IS_OPEN))]
    return sorted(found, key=lambda one: (begun.get(one.message_id, (one.accepted_at_ms, 0)), one.message_id))


def _unrecorded(services: Services, recorded: Sequence[Message]) -> list[Message]:
    """What waits, or is on its way, and SQL has not heard of yet, in the order in which it was accepted."""
    known = {message.message_id for message in recorded}
    ids = [one for one in services.ledger.entries.not_ended() if one not in known]
    for begin in range(0, len(ids), _CHUNK):
        known |= recorded_by_id(services.database, ids[begin : begin + _CHUNK]).keys()
    found = [services.ledger.entries.read(one) for one in ids if one not in known]
    return sorted((one for one in found if one is not None), key=lambda one: (one.accepted_at_ms, one.message_id))


def _ended_since(services: Services, since: str) -> tuple[list[Message], dict[int, Counter[str]]]:
    """Messages that ended after an event and that the ledger has otherwise, and how many it never heard of."""
    since_ms = str(stream_order(since)[0])  # an id begins with its milliseconds
    record, changed = MessageRecord, select(MessageEvent.message_id).where(MessageEvent.event_id >= since_ms)
    statement = select(record).where(
        record.status.not_in([one.value for one in OPEN_STATUSES]), record.message_id.in_(changed)
    )
    uncounted: dict[int, Counter[str]] = defaultdict(Counter)
    with services.database.reading() as session:
        messages = [to_message(row) for row in session.scalars(statement)]
    found = _statuses(services, messages)
    for message in messages:
        # What was accepted before was counted here, also where its entry's life is over by now.
        if message.message_id not in found and message.accepted_at_ms >= stream_order(since)[0]:
            uncounted[message.cliente_id][_counter_of(message.status)] += 1
    return [message for message in messages if message.message_id in found], uncounted


def _ended_and_waiting(services: Services) -> tuple[list[Message], dict[int, Counter[str]]]:
    """Messages that ended and that a ledger which nothing was recorded of has waiting, and what else it has to count.

    It came up empty, or is a copy of one that had, made while that was put right: what waited in it may have gone out.
    """
    waiting, messages = services.ledger.entries.not_ended(), list[Message]()
    for begin in range(0, len(waiting), _CHUNK):
        known = recorded_by_id(services.database, waiting[begin : begin + _CHUNK])
        messages += [message for message in known.values() if message.status not in OPEN_STATUSES]
    uncounted = _final_counts(services)
    for message in messages:  # restoring it counts it
        uncounted[message.cliente_id][_counter_of(message.status)] -= 1
    return messages, uncounted


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
            name = _counter_of(status)
            if name in FINAL:
                found[cliente_id][name] += number
    return found


def _counter_of(status: str) -> str:
    return MessageStatus.SENT.value if status in OUT_STATUSES else str(status)

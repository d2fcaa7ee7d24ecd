"""Bulk sends: every entry is accepted or refused by itself, in the same way as a single message."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import redis
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from hub_api.accounts.tenants.profiles import profile_of
from hub_api.bulk.models import Bulk
from hub_api.messages import history
from hub_api.messages.service import send_text
from hub_api.sending.bodies import MediaBody, SendBody
from hub_api.sending.taking import request_of
from hub_api.services import Services
from hub_api.web.answers import entry_failed
from hub_api.web.fields import canonical, group_id
from hub_api.web.inputs import rejected, tags_of
from shared.errors import (
    AcceptUnknown,
    IdempotencyConflict,
    InvalidClienteId,
    InvalidTo,
    LeadMasterError,
    NotFound,
    SessionManagerUnreachable,
    ValidationFailed,
)
from shared.instant import to_iso
from shared.ledger.message import Message, new_message_id
from shared.logs import get_logger
from shared.recipient_key import recipient_key
from shared.transitions.message import OPEN_STATUSES, Lane, MessageStatus

_log = get_logger(__name__)

_KEY_LIVES_MS = 24 * 3_600_000
_BROKEN = (SessionManagerUnreachable, redis.RedisError, SQLAlchemyError)
_MAX_BREAKS = 2  # entries in a row that Redis did not take: the others are not tried, for each may take seconds


def send(services: Services, cliente_id: int, entries: Sequence[Any], key: str | None, now_ms: int) -> dict[str, Any]:
    """Accepts what can be accepted and returns the answer: `bulk_id` and one entry each.

    key: the call's idempotency key; a repeated call finishes what the first one began and answers the same ids.
    Where Redis goes away, each entry that it keeps from being accepted says so, and whether that is certain.
    Raises IdempotencyConflict; SessionManagerUnreachable and sqlalchemy.exc.SQLAlchemyError where it is certain that
    nothing was accepted.
    """
    profile = profile_of(services, cliente_id)
    comparable = [_comparable(entry, profile.country) for entry in entries]
    digest = hashlib.sha256(json.dumps(comparable, sort_keys=True).encode()).hexdigest()
    bulk_id = _bulk_id(cliente_id, key, now_ms)
    first = Bulk(bulk_id=bulk_id, cliente_id=cliente_id, created_at=now_ms, body_digest=digest)
    planned, repeated = _begin(services, first, [new_message_id() for _ in entries])
    known = _known(services, planned) if repeated else {}
    items: list[dict[str, Any]] = []
    outcome: list[str | None] = []
    breaks = 0  # in a row
    for index, (entry, message_id) in enumerate(zip(entries, planned, strict=True)):
        if message_id in known:
            items.append({"ok": True, "index": index, "message_id": message_id, "status": known[message_id]})
            outcome.append(message_id)
            continue
        try:
            if breaks >= _MAX_BREAKS:
                raise _not_tried()
            message = _send_one(services, cliente_id, entry, message_id, bulk_id, now_ms)
        except _BROKEN as error:
            breaks += 1
            failure = error if isinstance(error, LeadMasterError) else _not_accepted(error)
            items.append({**entry_failed(failure, profile.language), "index": index})
            outcome.append(message_id if isinstance(error, AcceptUnknown) else None)
        except LeadMasterError as error:
            items.append({**entry_failed(error, profile.language), "index": index})
            outcome.append(None)
        else:
            breaks = 0
            items.append({"ok": True, "index": index, "message_id": message.message_id, "status": message.status.value})
            outcome.append(message.message_id)
    if breaks == len(items) and not any(outcome):
        raise _not_tried()
    if outcome != planned:
        _finish(services, bulk_id, outcome)
    accepted = sum(bool(item["ok"]) for item in items)
    return {
        "bulk_id": bulk_id,
        "total": len(items),
        "accepted": accepted,
        "refused": len(items) - accepted,
        "items": items,
    }


def progress(services: Services, cliente_id: int, bulk_id: str) -> dict[str, Any]:
    """How many of a bulk's messages stand where. Raises NotFound."""
    with services.database.reading() as session:
        row = session.get(Bulk, bulk_id)
        if row is None or row.cliente_id != cliente_id:
            raise NotFound()
        message_ids: list[str | None] = json.loads(row.message_ids)
        created_at = row.created_at
    ids = [message_id for message_id in message_ids if message_id is not None]
    known = _statuses(services, ids)
    counts = Counter(known[message_id] for message_id in ids if message_id in known)
    still_open = sum(counts[status.value] for status in OPEN_STATUSES)
    return {
        "bulk_id": bulk_id,
        "cliente_id": cliente_id,
        "created_at": to_iso(created_at),
        "total": len(message_ids),
        "refused": len(message_ids) - counts.total(),
        "done": counts.total() - still_open,
        "counts": dict(counts),
    }


def _send_one(services: Services, cliente_id: int, entry: Any, message_id: str, bulk_id: str, now_ms: int) -> Message:
    try:
        body = SendBody.model_validate(entry).root
    except ValidationError as error:
        raise rejected(error, tags_of(SendBody)) from None
    if body.cliente_id not in (None, cliente_id):
        raise InvalidClienteId(details={"cliente_id": "URL and entry disagree"})
    if isinstance(body, MediaBody) and body.media.url is not None:  # a thousand of them would take hours
        raise ValidationFailed(details={"media.url": "not in a bulk: have it fetched once by POST …/media"})
    asked = request_of(services, cliente_id, body, now_ms)
    request = replace(asked, lane=Lane.BULK, bulk_id=bulk_id, message_id=message_id)
    return send_text(services, cliente_id, request, now_ms).message


def _comparable(entry: Any, country: str) -> Any:
    """An entry as repeated calls are compared: the same phone in another spelling is the same."""
    to = entry.get("to") if isinstance(entry, dict) else None
    if not isinstance(to, str) or group_id(to) is not None:
        return entry
    try:
        return entry | {"to": recipient_key(canonical(to, country))}
    except InvalidTo:
        return entry


def _bulk_id(cliente_id: int, key: str | None, now_ms: int) -> str:
    if key is None:
        return new_message_id()
    return "K" + hashlib.sha256(f"{cliente_id}\x00{key}".encode()).hexdigest()[:31]


def _not_accepted(error: Exception) -> SessionManagerUnreachable:
    return SessionManagerUnreachable(details={"reason": type(error).__name__, "certain": True}, retry_after_s=5)


def _not_tried() -> SessionManagerUnreachable:
    return SessionManagerUnreachable(details={"reason": "not tried", "certain": True}, retry_after_s=5)


def _begin(services: Services, bulk: Bulk, planned: list[str]) -> tuple[list[str], bool]:
    """Keeps the plan before anything is accepted, so that a call cut short can still be followed.

    Returns each entry's message id, which its acceptance is known by, and whether the call was made before.
    """
    with services.database.writing() as session:
        first = session.get(Bulk, bulk.bulk_id)
        if first is not None and bulk.created_at - first.created_at < _KEY_LIVES_MS:
            if first.body_digest != bulk.body_digest:
                raise IdempotencyConflict(details={"field": "idempotency_key"})
            before: list[str | None] = json.loads(first.message_ids)
            return [old or new for old, new in zip(before, planned, strict=True)], True
        bulk.message_ids = json.dumps(planned)
        session.merge(bulk)
        return planned, False


def _finish(services: Services, bulk_id: str, outcome: list[str | None]) -> None:
    try:
        with services.database.writing() as session:
            row = session.get(Bulk, bulk_id)
            if row is not None:
                row.message_ids = json.dumps(outcome)
    except SQLAlchemyError as error:  # they are accepted, and progress finds them by the plan
        _log.error("bulk.not_finished", bulk_id=bulk_id, reason=type(error).__name__)


def _known(services: Services, ids: list[str]) -> dict[str, str]:
    """The status of each that an earlier call had accepted, also where Redis lost it since.

    What a hub remembers and neither store knows may have left: the hub has it taken as uncertain.
    """
    known = _statuses(services, ids)
    unknown = [message_id for message_id in ids if message_id not in known]
    lost = services.accepted_lately.among(unknown) if unknown else set()
    return known | dict.fromkeys(lost, MessageStatus.UNCERTAIN.value)


def _statuses(services: Services, ids: list[str]) -> dict[str, str]:
    """The status of each that is known: from the ledger, else from the records."""
    live = {message_id: status.value for message_id, status in services.ledger.entries.statuses(ids).items()}
    gone = [message_id for message_id in ids if message_id not in live]
    recorded = history.recorded_by_id(services.database, gone) if gone else {}
    return live | {message_id: message.status.value for message_id, message in recorded.items()}

"""What idempotency keys do with events: the key of each accepted message is kept for as long as Redis keeps it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import delete, tuple_
from sqlalchemy.orm import Session

from hub_api.idempotency.models import IdempotencyKey
from hub_api.recording.rows import among, insert_rows
from hub_api.services import Services
from hub_api.storable import storable
from shared.ledger.script import IDEMPOTENCY_MS
from shared.protocol.events import Event, MessageEnded, MessageQueued

_DIGESTS = re.compile(r"([0-9a-f]{64}):([0-9a-f]{64})")


class KeyRecorder:
    """Takes `message.queued` of calls that had a key, and the ends that free one."""

    def __init__(self, services: Services) -> None:
        """services: not needed, every handler gets them."""

    def known(self, session: Session, events: Sequence[Event]) -> set[str]:
        """None: the history of messages knows which events were recorded."""
        return set()

    def apply(self, session: Session, events: Sequence[Event]) -> None:
        """Keeps keys, forgets those that were freed and, with each that it keeps, those that are too old."""
        kept: dict[tuple[int, str], dict[str, object]] = {}
        freed: set[str] = set()
        for event in events:
            match event.body:
                case MessageQueued(idempotency=both) if digests := _DIGESTS.fullmatch(both):
                    key = (event.cliente_id, digests[1])
                    row = {"body_digest": digests[2], "message_id": storable(event.message_id, 64), "at": event.at}
                    kept[key] = {"cliente_id": key[0], "key_digest": key[1]} | row
                case MessageEnded(frees_key=True):
                    freed.add(event.message_id)
        if freed:
            session.execute(delete(IdempotencyKey).where(among(session, IdempotencyKey.message_id, freed)))
        if kept:
            before = max(event.at for event in events) - IDEMPOTENCY_MS
            session.execute(delete(IdempotencyKey).where(IdempotencyKey.at < before))
            same = tuple_(IdempotencyKey.cliente_id, IdempotencyKey.key_digest).in_(kept)
            session.execute(delete(IdempotencyKey).where(same))
        if rows := [row for row in kept.values() if row["message_id"] not in freed]:
            insert_rows(session, IdempotencyKey, rows)

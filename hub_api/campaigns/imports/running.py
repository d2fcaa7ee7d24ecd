"""The job of an import: batches of rows, each in one transaction with how far it is.

Whoever is killed leaves the last batch whole: the next one goes on behind it, in whichever process. Two at once do no
harm, for a batch goes in only where the import stands as it was read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, aliased

from hub_api.campaigns.imports import service, storing
from hub_api.campaigns.imports.service import TAKEN_MS
from hub_api.campaigns.imports.source import stored_entries
from hub_api.campaigns.imports.status import WAITING, ImportStatus
from hub_api.campaigns.models import CampaignImport, CampaignRecord
from hub_api.campaigns.recipients.entries import Row, RowError
from hub_api.campaigns.recipients.judging import judge, numbered
from hub_api.campaigns.recipients.sheet import MAX_ROWS
from hub_api.campaigns.recipients.template import parse_all, required_by
from hub_api.campaigns.tenants.service import rules
from hub_api.campaigns.transitions import EDITABLE
from hub_api.database import Database
from shared.instant import now_ms
from shared.logs import get_logger
from shared.settings import Settings

_log = get_logger(__name__)

BATCH = 1_000  # rows
_BUDGET_S = 20.0  # of one run of the task; the next one goes on
_MAX_ATTEMPTS = 5  # without a step
_UPLOAD_MS = 3_600_000  # a list that takes longer to come is given up

Progress = Callable[[int, int], None]  # rows done, rows in all


@dataclass(slots=True)
class _Taken:
    """An import as it stood when it was taken. done: rows."""

    key: int
    campaign: int
    kind: str
    keys: dict[str, str] | None
    country: str
    first_position: int
    done: int
    total: int


class _Gone(Exception):
    """The import ended while its list was read."""


class Imports:
    """Methods raise sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def run_due(self) -> int:
        """Goes on with what waits, the longest waiting first, for some seconds; returns how many imports ended."""
        deadline, ended = time.monotonic() + _BUDGET_S, 0
        self._give_up_uploads()
        while time.monotonic() < deadline and (taken := self._take(None)) is not None:
            ended += self._go_on(taken, deadline, None)
        return ended

    def run(self, campaign: int, own: str, progress: Progress | None = None) -> bool:
        """Goes on with a campaign's first import, to its end; False where there is none, or somebody else is at it.

        own: id of the import that is reserved for the caller.
        """
        taken = self._take(campaign, own)
        if taken is None:
            return False
        self._go_on(taken, float("inf"), progress)
        return True

    def _take(self, campaign: int | None, own: str = "") -> _Taken | None:
        """The next import that nobody is at, of all or of one campaign; a campaign's come in one after the other."""
        now, earlier = now_ms(), aliased(CampaignImport)
        statuses = [status.value for status in WAITING]
        before = select(earlier.id).where(
            earlier.campaign == CampaignImport.campaign, earlier.status.in_(statuses), earlier.id < CampaignImport.id
        )
        reserved = (CampaignImport.import_id == own) & (CampaignImport.status == ImportStatus.QUEUED.value)
        free = or_(CampaignImport.taken_until < now, reserved)
        due = CampaignImport.status.in_(statuses), free, ~before.exists()
        statement = select(CampaignImport.id).where(*due).order_by(CampaignImport.taken_until, CampaignImport.id)
        if campaign is not None:
            statement = statement.where(CampaignImport.campaign == campaign)
        with self._database.reading() as session:
            key = session.scalar(statement.limit(1))
        if key is None:
            return None
        with self._database.writing() as session:
            of_it = select(CampaignImport).where(CampaignImport.id == key, *due[:2])
            row = session.scalar(of_it.with_for_update())
            if row is None:
                return None
            if row.attempts >= _MAX_ATTEMPTS:
                _log.error("import.given_up", cliente_id=row.cliente_id, import_id=row.import_id, rows=row.rows)
                service.end(session, row, ImportStatus.FAILED, "INTERNAL_ERROR")
                return None
            of_campaign = session.get_one(CampaignRecord, row.campaign)
            row.attempts += 1
            row.status, row.taken_until = ImportStatus.RUNNING.value, now + TAKEN_MS
            row.started_at = row.started_at or now
            row.first_position = row.first_position or of_campaign.next_position
            keys = None if row.keys is None else json.loads(row.keys)
            country = rules(session, row.cliente_id, self._settings).country
            return _Taken(row.id, row.campaign, row.kind, keys, country, row.first_position, row.rows, row.total)

    def _go_on(self, taken: _Taken, deadline: float, progress: Progress | None) -> bool:
        """Brings rows in until the list or the time is up, or somebody else has a hand in it; True where it ended."""
        try:
            rows = stored_entries(taken.kind, taken.keys, self._pieces(taken.key)).rows
            for _ in islice(rows, taken.done):
                pass
            while time.monotonic() < deadline:
                ended = self._step(taken, list(islice(rows, BATCH)))
                if progress is not None:
                    progress(taken.done, max(taken.done, taken.total))
                if ended is not None:
                    return ended
        except _Gone:
            return False
        with self._database.writing() as session:
            row = _still(session, taken)
            if row is not None:
                row.taken_until = now_ms() - 1  # for the next run, behind those that nobody has looked at
        return False

    def _step(self, taken: _Taken, batch: list[Row | RowError]) -> bool | None:
        """One batch; an empty one ends the import. Returns whether it ended, or None to go on."""
        found = numbered(batch, taken.country)  # the most work of all, so outside of the transaction
        with self._database.writing() as session:
            campaign = session.get_one(CampaignRecord, taken.campaign, with_for_update=True)
            row = _still(session, taken)
            if row is None:
                return False
            if batch and (error := _refusal(campaign, row, len(batch))) is not None:
                _log.info("import.failed", cliente_id=row.cliente_id, import_id=row.import_id, reason=error)
                service.end(session, row, ImportStatus.FAILED, error)
                return True
            if not batch:
                row.total = row.rows
                campaign.import_done = campaign.import_total = row.added + row.known
                service.end(session, row, ImportStatus.DONE, None)
                counts = {"rows": row.rows, "added": row.added, "rejected": row.rejected}
                _log.info("import.done", cliente_id=row.cliente_id, import_id=row.import_id, **counts)
                return True
            keys = {one.key for _, one in found.rows}
            stored = storing.stored_among(session, campaign.id, keys, taken.first_position)
            storing.store(session, campaign, row, judge(found, _required(campaign), stored), len(batch))
            row.attempts, row.taken_until = 0, now_ms() + TAKEN_MS
            campaign.import_done, campaign.import_total = row.rows, max(row.total, row.rows)
            taken.done = row.rows
        return None

    def _pieces(self, key: int) -> Iterator[bytes]:
        number = 0
        while True:
            with self._database.reading() as session:
                data = storing.piece(session, key, number)
                row = session.get(CampaignImport, key) if data is None else None
            if data is None:
                if row is None or row.status != ImportStatus.RUNNING.value:
                    raise _Gone()
                return
            yield data
            number += 1

    def _give_up_uploads(self) -> None:
        old = CampaignImport.status == ImportStatus.UPLOADING.value, CampaignImport.created_at < now_ms() - _UPLOAD_MS
        with self._database.reading() as session:
            found = session.scalar(select(CampaignImport.id).where(*old).limit(1)) is not None
        if not found:
            return
        with self._database.writing() as session:
            for row in session.scalars(select(CampaignImport).where(*old).with_for_update()):
                service.end(session, row, ImportStatus.FAILED, "UPLOAD_INCOMPLETE")


def _still(session: Session, taken: _Taken) -> CampaignImport | None:
    """The import, locked, where it stands as it was taken or as the last step left it."""
    row = session.get(CampaignImport, taken.key, with_for_update=True)
    if row is None or row.status != ImportStatus.RUNNING.value or row.rows != taken.done:
        return None
    return row


def _refusal(campaign: CampaignRecord, row: CampaignImport, count: int) -> str | None:
    if campaign.state not in EDITABLE:
        return "INVALID_STATE"
    return "TOO_MANY_ROWS" if row.rows + count > MAX_ROWS else None


def _required(campaign: CampaignRecord) -> frozenset[str]:
    return required_by(parse_all(json.loads(campaign.templates), json.loads(campaign.columns)))

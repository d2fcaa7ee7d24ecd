"""Campaigns as kept: made, edited, started, paused, cancelled, put back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from hub_api.campaigns import audit, tenant
from hub_api.campaigns.models import CampaignRecord, RecipientRecord, ScheduleRecord
from hub_api.campaigns.recipients.template import NUMBER, Template, TemplateError, column_name, parse_all, required_by
from hub_api.campaigns.releasing.stop_versions import Epochs
from hub_api.campaigns.schedules import service as schedules
from hub_api.campaigns.transitions import CampaignState, RecipientState, ScheduleState, campaign_after
from hub_api.database import Database
from shared.errors import InvalidState, NotFound, ValidationFailed
from shared.instant import now_ms
from shared.ledger.ledger import Ledger
from shared.ledger.message import new_message_id
from shared.settings import Settings
from shared.transitions.message import MessageStatus

BY_PERSON = "person"  # the reason of a pause that somebody asked for
_EDITABLE = (CampaignState.PENDIENTE.value, CampaignState.PAUSADA.value)
_READ_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Wish:
    """What a caller wants of a campaign; None: as it is."""

    name: str | None = None
    templates: Sequence[str] | None = None
    columns: Sequence[str] | None = None
    schedule_id: str | None = None


class Campaigns:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, database: Database, epochs: Epochs, ledger: Ledger, settings: Settings) -> None:
        self._database = database
        self._epochs = epochs
        self._ledger = ledger
        self._settings = settings

    def create(self, cliente_id: int, wish: Wish, who: str) -> str:
        """Keeps a new campaign, `pendiente`, and returns its id. Raises ValidationFailed, NotFound."""
        columns = checked_columns(wish.columns or ())
        checked_templates(wish.templates or (), columns)
        with self._database.writing() as session:
            row = CampaignRecord(
                campaign_id=new_message_id(),
                cliente_id=cliente_id,
                name=wish.name or "",
                templates=json.dumps(list(wish.templates or ())),
                columns=json.dumps(columns),
                state=CampaignState.PENDIENTE.value,
                schedule=None if wish.schedule_id is None else _schedule(session, cliente_id, wish.schedule_id).id,
                take_back=False,
                import_done=0,
                import_total=0,
                created_at=now_ms(),
                created_by=who,
                released_at=0,
            )
            session.add(row)
            audit.note(session, who, "campaign.create", cliente_id, row.campaign_id)
            return row.campaign_id

    def edit(self, campaign_id: str, wish: Wish, who: str) -> None:
        """Changes a campaign that is not running. Raises InvalidState, ValidationFailed, NotFound."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            if row.state not in _EDITABLE:
                raise InvalidState(details={"state": row.state})
            columns = checked_columns([*json.loads(row.columns), *(wish.columns or ())])
            texts = list(wish.templates) if wish.templates is not None else json.loads(row.templates)
            templates = checked_templates(texts, columns)
            if wish.templates is not None:
                _check_recipients(session, row, templates)
            row.templates, row.columns = json.dumps(texts), json.dumps(columns)
            row.name = wish.name or row.name
            if wish.schedule_id is not None:
                row.schedule = _schedule(session, row.cliente_id, wish.schedule_id).id
            audit.note(session, who, "campaign.edit", row.cliente_id, campaign_id)

    def start(self, campaign_id: str, who: str) -> None:
        """Raises InvalidState where there is nobody to write to, no approved schedule, or the guard holds."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            self._require_startable(session, row)
            _move(session, row, "start", who)
            row.started_at = row.started_at or now_ms()

    def resume(self, campaign_id: str, who: str) -> None:
        """Raises InvalidState as `start`."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            self._require_startable(session, row)
            _move(session, row, "resume", who)
            row.reason = None

    def pause(self, campaign_id: str, who: str) -> None:
        """Stops at once and takes back what was released. Raises InvalidState."""
        self._stop(campaign_id, "pause", who)

    def cancel(self, campaign_id: str, who: str) -> None:
        """Stops for good and takes back what was released. Raises InvalidState."""
        self._stop(campaign_id, "cancel", who)

    def put_back(self, campaign_id: str, codes: Sequence[str] | None, who: str) -> int:
        """Failed recipients, certain to have got nothing, go back to pending. Returns how many. Raises InvalidState.

        codes: only those that failed so. A finished campaign can then be started again.
        """
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            if row.state == CampaignState.CANCELADA.value:
                raise InvalidState(details={"state": row.state})
            chosen = (RecipientRecord.campaign == row.id) & (RecipientRecord.state == RecipientState.FAILED)
            if codes is not None:
                chosen &= RecipientRecord.error.in_(codes)
            found = session.execute(
                update(RecipientRecord)
                .where(chosen)
                .values(state=RecipientState.PENDING, turn=RecipientRecord.turn + 1, error=None)
            )
            count = int(found.rowcount)  # type: ignore[attr-defined]
            if count and row.state == CampaignState.FINALIZADO.value:
                row.state, row.finished_at = CampaignState.PENDIENTE.value, None
            audit.note(session, who, "campaign.put_back", row.cliente_id, campaign_id, count=count)
            return count

    def take_back(self, stopped: Sequence[tuple[str, int]]) -> int:
        """Closes what these campaigns (id, cliente_id) have released and nobody has claimed; returns how many.

        A tenant has one campaign message in hand at most. The event of a closed one brings its recipient back.
        """
        closed = 0
        for campaign_id, cliente_id in stopped:
            message = self._ledger.entries.campaign_in_flight(cliente_id)
            if message is not None and message.campaign_id == campaign_id:
                code = "CAMPAIGN_STOPPED"
                answer = self._ledger.review.close(
                    cliente_id, message.message_id, MessageStatus.CANCELLED, code, now_ms()
                )
                closed += answer == "closed"
        return closed

    def _stop(self, campaign_id: str, action: str, who: str) -> None:
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            _move(session, row, action, who)
            row.reason = BY_PERSON
            row.take_back = True  # by the next tick as well: one may be accepting just now
            self._epochs.stop([campaign_id])  # before this is kept: nothing decided earlier is worth anything then
            cliente_id = row.cliente_id
        self.take_back([(campaign_id, cliente_id)])

    def _require_startable(self, session: Session, row: CampaignRecord) -> None:
        tenant.require_not_held(session, row.cliente_id, self._settings)
        schedule = None if row.schedule is None else session.get(ScheduleRecord, row.schedule)
        if schedule is None or schedule.state != ScheduleState.APROBADA.value:
            raise InvalidState(details={"schedule": "none" if schedule is None else schedule.state})
        if not json.loads(row.templates):
            raise InvalidState(details={"templates": "none"})
        waiting = select(RecipientRecord.id).where(
            RecipientRecord.campaign == row.id, RecipientRecord.state == RecipientState.PENDING
        )
        if session.scalar(waiting.limit(1)) is None:
            raise InvalidState(details={"recipients": "none is pending"})


def find(session: Session, campaign_id: str) -> CampaignRecord:
    """Raises NotFound."""
    row = session.scalar(select(CampaignRecord).where(CampaignRecord.campaign_id == campaign_id))
    if row is None:
        raise NotFound()
    return row


def locked(session: Session, campaign_id: str) -> CampaignRecord:
    """The same, locked until the transaction ends."""
    row = session.scalar(select(CampaignRecord).where(CampaignRecord.campaign_id == campaign_id).with_for_update())
    if row is None:
        raise NotFound()
    return row


def listed(
    database: Database, cliente_id: int, state: str | None, before: int | None, limit: int
) -> list[CampaignRecord]:
    """A tenant's campaigns, newest first, before a key."""
    statement = select(CampaignRecord).where(CampaignRecord.cliente_id == cliente_id)
    if state is not None:
        statement = statement.where(CampaignRecord.state == state)
    if before is not None:
        statement = statement.where(CampaignRecord.id < before)
    with database.reading() as session:
        return list(session.scalars(statement.order_by(CampaignRecord.id.desc()).limit(limit)))


def checked_columns(columns: Sequence[str]) -> list[str]:
    """Names of variables, once each. Raises ValidationFailed."""
    try:
        return list(dict.fromkeys(column_name(column) for column in columns))
    except TemplateError as error:
        raise ValidationFailed(details={"columns": str(error)}) from None


def checked_templates(texts: Sequence[str], columns: Sequence[str]) -> tuple[Template, ...]:
    """The variants, parsed. Raises ValidationFailed."""
    try:
        return parse_all(texts, columns)
    except TemplateError as error:
        raise ValidationFailed(details={"templates": str(error)}) from None


def count_recipients(session: Session, key: int) -> int:
    """How many a campaign has."""
    return session.scalar(select(func.count()).where(RecipientRecord.campaign == key)) or 0


def values_of(row: Any) -> dict[str, str]:
    """A recipient's variables."""
    return {**json.loads(row.values), NUMBER: row.number}


def _check_recipients(session: Session, row: CampaignRecord, templates: Sequence[Template]) -> None:
    required = required_by(templates) - {NUMBER}
    if not required:
        return
    statement = select(RecipientRecord.position, RecipientRecord.values).where(RecipientRecord.campaign == row.id)
    for position, values in session.execute(statement.execution_options(yield_per=_READ_AT_ONCE)):
        missing = required - json.loads(values).keys()
        if missing:
            name = sorted(missing)[0]
            text = f"recipient {position} has nothing for {{{name}}}; give it a fallback, e.g. {{{name}|…}}"
            raise ValidationFailed(details={"templates": text})


def _schedule(session: Session, cliente_id: int, schedule_id: str) -> ScheduleRecord:
    row = schedules.find(session, schedule_id)
    if row.cliente_id != cliente_id:
        raise NotFound()
    return row


def _move(session: Session, row: CampaignRecord, action: str, who: str) -> None:
    after = campaign_after(CampaignState(row.state), action)
    if after is None:
        raise InvalidState(details={"state": row.state, "action": action})
    row.state = after.value
    audit.note(session, who, f"campaign.{action}", row.cliente_id, row.campaign_id, state=after.value)

"""Campaigns as kept: made, edited, started, paused, cancelled, put back."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from hub_api.accounts.audit import trail as audit
from hub_api.campaigns.imports.service import is_open
from hub_api.campaigns.lookup import locked
from hub_api.campaigns.models import CampaignRecord, RecipientRecord, ScheduleRecord
from hub_api.campaigns.recipients.template import (
    NUMBER,
    Template,
    checked_columns,
    checked_templates,
    longest_of,
    required_by,
)
from hub_api.campaigns.releasing.revoking import revoke
from hub_api.campaigns.schedules import service as schedules
from hub_api.campaigns.showing import tell_state
from hub_api.campaigns.state_changes import move_campaign, move_recipients
from hub_api.campaigns.stop_versions import StopVersions
from hub_api.campaigns.tenants.service import require_not_held
from hub_api.campaigns.transitions import (
    EDITABLE,
    PUT_BACK_IN,
    CampaignAction,
    CampaignState,
    RecipientAction,
    RecipientState,
    ScheduleState,
)
from hub_api.services import Services
from shared.errors import InvalidState, NotFound, ValidationFailed
from shared.instant import now_ms
from shared.ledger.message import new_message_id
from shared.protocol.content import PLAIN, Content

_BY_PERSON = "person"  # the reason of a pause that somebody asked for
_READ_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class CampaignRequest:
    """What a caller asks a campaign to be; None: as it is."""

    name: str | None = None
    templates: Sequence[str] | None = None
    columns: Sequence[str] | None = None
    schedule_id: str | None = None
    content: Content | None = None  # PLAIN: no file any more


class Campaigns:
    """Methods raise redis.RedisError and sqlalchemy.exc.SQLAlchemyError."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._database = services.database
        self._stop_versions = StopVersions(services.client, services.keys)

    def create(self, cliente_id: int, request: CampaignRequest, who: str) -> str:
        """Keeps a new campaign, `pendiente`, and returns its id. Raises ValidationFailed, NotFound."""
        columns = checked_columns(request.columns or ())
        content = request.content or PLAIN
        checked_templates(request.templates or (), columns, longest_of(content.to_text()))
        with self._database.writing() as session:
            row = CampaignRecord(
                campaign_id=new_message_id(),
                cliente_id=cliente_id,
                name=request.name or "",
                templates=json.dumps(list(request.templates or ())),
                columns=json.dumps(columns),
                **_kept(content),
                state=CampaignState.PENDIENTE.value,
                schedule=None
                if request.schedule_id is None
                else _schedule(session, cliente_id, request.schedule_id).id,
                to_revoke=False,
                import_done=0,
                import_total=0,
                created_at=now_ms(),
                created_by=who,
                released_at=0,
            )
            session.add(row)
            audit.note(session, who, "campaign.create", cliente_id, row.campaign_id)
            return row.campaign_id

    def edit(self, campaign_id: str, request: CampaignRequest, who: str) -> None:
        """Changes a campaign that is not running. Raises InvalidState, ValidationFailed, NotFound."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            if row.state not in EDITABLE:
                raise InvalidState(details={"state": row.state})
            columns = checked_columns([*json.loads(row.columns), *(request.columns or ())])
            texts = list(request.templates) if request.templates is not None else json.loads(row.templates)
            if request.content is not None:
                for name, value in _kept(request.content).items():
                    setattr(row, name, value)
            templates = checked_templates(texts, columns, longest_of(row.content))
            if request.templates is not None:
                _check_recipients(session, row, templates)
            row.templates, row.columns = json.dumps(texts), json.dumps(columns)
            row.name = request.name or row.name
            if request.schedule_id is not None:
                row.schedule = _schedule(session, row.cliente_id, request.schedule_id).id
            audit.note(session, who, "campaign.edit", row.cliente_id, campaign_id)

    def start(self, campaign_id: str, who: str) -> None:
        """Raises InvalidState where there is nobody to write to, a list still comes in, no schedule is approved, or the
        guard holds."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            self._require_startable(session, row)
            _move(session, row, CampaignAction.START, who)
            row.started_at = row.started_at or now_ms()
            tell_state(self._services.settings, session, row)

    def resume(self, campaign_id: str, who: str) -> None:
        """Raises InvalidState as `start`."""
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            self._require_startable(session, row)
            _move(session, row, CampaignAction.RESUME, who)
            row.reason = None
            tell_state(self._services.settings, session, row)

    def pause(self, campaign_id: str, who: str) -> None:
        """Stops at once and revokes what was released. Raises InvalidState."""
        self._stop(campaign_id, CampaignAction.PAUSE, who)

    def cancel(self, campaign_id: str, who: str) -> None:
        """Stops for good and revokes what was released. Raises InvalidState."""
        self._stop(campaign_id, CampaignAction.CANCEL, who)

    def put_back(self, campaign_id: str, codes: Sequence[str] | None, who: str) -> int:
        """Failed recipients, certain to have got nothing, go back to pending. Returns how many. Raises InvalidState.

        codes: only those that failed so. A finished campaign can then be started again.
        """
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            if row.state not in PUT_BACK_IN:
                raise InvalidState(details={"state": row.state})
            chosen = RecipientRecord.campaign == row.id
            if codes is not None:
                chosen &= RecipientRecord.error.in_(codes)
            turn = RecipientRecord.turn + 1
            count = move_recipients(session, RecipientAction.PUT_BACK, chosen, turn=turn, error=None)
            if count and row.state == CampaignState.FINALIZADO.value:
                move_campaign(row, CampaignAction.PUT_BACK)
                row.finished_at = None
                tell_state(self._services.settings, session, row)
            audit.note(session, who, "campaign.put_back", row.cliente_id, campaign_id, count=count)
            return count

    def _stop(self, campaign_id: str, action: CampaignAction, who: str) -> None:
        with self._database.writing() as session:
            row = locked(session, campaign_id)
            _move(session, row, action, who)
            row.reason = _BY_PERSON
            row.to_revoke = True  # by the next tick as well: one may be accepting just now
            self._stop_versions.stop(
                [campaign_id]
            )  # before this is kept: then nothing decided earlier is worth anything
            tell_state(self._services.settings, session, row)
            cliente_id = row.cliente_id
        revoke(self._services, cliente_id, campaign_id)

    def _require_startable(self, session: Session, row: CampaignRecord) -> None:
        require_not_held(session, row.cliente_id, self._services.settings)
        schedule = None if row.schedule is None else session.get(ScheduleRecord, row.schedule)
        if schedule is None or schedule.state != ScheduleState.APROBADA.value:
            raise InvalidState(details={"schedule": "none" if schedule is None else schedule.state})
        if is_open(session, row.id):
            raise InvalidState(details={"recipients": "an import has not ended"})
        if not json.loads(row.templates):
            raise InvalidState(details={"templates": "none"})
        waiting = select(RecipientRecord.id).where(
            RecipientRecord.campaign == row.id, RecipientRecord.state == RecipientState.PENDING
        )
        if session.scalar(waiting.limit(1)) is None:
            raise InvalidState(details={"recipients": "none is pending"})


def _kept(content: Content) -> dict[str, Any]:
    """The columns of a campaign's file."""
    media = content.media
    return {
        "content": content.to_text() or None,
        "media_sha256": None if media is None else media.sha256,
        "media_size": None if media is None else media.size,
    }


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


def _move(session: Session, row: CampaignRecord, action: CampaignAction, who: str) -> None:
    after = move_campaign(row, action)
    audit.note(session, who, f"campaign.{action}", row.cliente_id, row.campaign_id, state=after.value)

"""What campaigns add to the hub. Nothing imports this but the list of subjects."""

from __future__ import annotations

import random
from collections.abc import Callable

from sqlalchemy import ColumnElement, select

from hub_api.campaigns.counting import Recount
from hub_api.campaigns.imports.file_import import import_file
from hub_api.campaigns.imports.running import Imports
from hub_api.campaigns.models import CampaignImport, CampaignRecord, RefusedRow
from hub_api.campaigns.optouts.answers import Answers
from hub_api.campaigns.optouts.mirror import mirror_once
from hub_api.campaigns.optouts.objects import OptOutChange
from hub_api.campaigns.optouts.unattributed import Unattributed
from hub_api.campaigns.releasing.outcomes import Outcomes
from hub_api.campaigns.releasing.restore import restore
from hub_api.campaigns.releasing.tick import Tick
from hub_api.campaigns.tenants.service import follow_profile
from hub_api.campaigns.transitions import CampaignState
from hub_api.registry import Expiring, NamedFiles, PeriodicTask, Subject
from hub_api.services import Services
from shared import names

_FILES = NamedFiles(  # one that was cancelled, for good, names none any more
    rows=select(CampaignRecord).where(
        CampaignRecord.media_sha256.is_not(None), CampaignRecord.state != CampaignState.CANCELADA.value
    ),
    cliente_id=CampaignRecord.cliente_id,
    sha256=CampaignRecord.media_sha256,
    size=CampaignRecord.media_size,
)


def _answers(services: Services) -> Callable[[], object]:
    return Answers(services).send_due


def _attribute(services: Services) -> Callable[[], object]:
    return Unattributed(services).attribute


def _tick(services: Services) -> Callable[[], object]:
    return Tick(services, random.SystemRandom()).run_slot


def _imports(services: Services) -> Callable[[], object]:
    return Imports(services.database, services.settings).run_due


def _is_old_import(before: int) -> ColumnElement[bool]:
    return CampaignImport.ended_at < before


def _recount(services: Services) -> Callable[[], object]:
    return Recount(services.database).run


SUBJECT = Subject(
    name="campaigns",
    views=(
        "hub_api.campaigns.lifecycle.views",
        "hub_api.campaigns.recipients.views",
        "hub_api.campaigns.imports.views",
        "hub_api.campaigns.tenants.views",
        "hub_api.campaigns.schedules.views",
        "hub_api.campaigns.optouts.views",
    ),
    schemas=(OptOutChange,),
    event_handlers=(Outcomes,),
    before_events=(mirror_once,),
    after_events=(_attribute, _answers),
    tenant_changed=(follow_profile,),
    restore=(restore,),
    named_files=(_FILES,),
    tasks=(
        PeriodicTask(names.TASK_CAMPAIGN_TICK, _tick),
        PeriodicTask(names.TASK_CAMPAIGN_IMPORTS, _imports),
        PeriodicTask(names.TASK_CAMPAIGN_RECOUNT, _recount),
    ),
    expiring=(Expiring("campaign_imports", CampaignImport.id, _is_old_import, together=(RefusedRow.of_import,)),),
    command_line={"campaign import": import_file},
)

"""What campaigns add to the hub. Nothing imports this but the list of subjects."""

from __future__ import annotations

import random
from collections.abc import Callable

from hub_api.campaigns.counting import Recount
from hub_api.campaigns.lifecycle import views as lifecycle_views
from hub_api.campaigns.optouts import views as optout_views
from hub_api.campaigns.optouts.answers import Answers
from hub_api.campaigns.optouts.mirror import mirror_once
from hub_api.campaigns.recipients import views as recipient_views
from hub_api.campaigns.recipients.file_import import import_file
from hub_api.campaigns.releasing.outcomes import Outcomes
from hub_api.campaigns.releasing.restore import restore
from hub_api.campaigns.releasing.tick import Tick
from hub_api.campaigns.schedules import views as schedule_views
from hub_api.campaigns.tenants import views as tenant_views
from hub_api.campaigns.tenants.service import follow_profile
from hub_api.registry import PeriodicTask, Subject
from hub_api.services import Services
from shared import names

_RECOUNT_EACH_S = 60.0  # one campaign at a time


def _answers(services: Services) -> Callable[[], object]:
    return Answers(services).send_due


def _tick(services: Services) -> Callable[[], object]:
    return Tick(services, random.SystemRandom()).run_slot


def _recount(services: Services) -> Callable[[], object]:
    return Recount(services.database).run


SUBJECT = Subject(
    name="campaigns",
    blueprints=(
        lifecycle_views.blueprint,
        recipient_views.blueprint,
        tenant_views.blueprint,
        schedule_views.blueprint,
        optout_views.blueprint,
    ),
    event_handlers=(Outcomes,),
    before_events=(mirror_once,),
    after_events=(_answers,),
    tenant_changed=(follow_profile,),
    restore=(restore,),
    tasks=(
        PeriodicTask(names.TASK_CAMPAIGN_TICK, lambda settings: settings.campaign_tick_seconds, _tick),
        PeriodicTask(names.TASK_CAMPAIGN_RECOUNT, lambda settings: _RECOUNT_EACH_S, _recount),
    ),
    command_line={"campaign import": import_file},
)

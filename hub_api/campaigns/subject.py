"""What campaigns register."""

from __future__ import annotations

import random
from collections.abc import Callable

from hub_api.campaigns import views
from hub_api.campaigns.optouts import views as optout_views
from hub_api.campaigns.optouts.answers import Answers
from hub_api.campaigns.optouts.service import OptOuts
from hub_api.campaigns.releasing.outcomes import Outcomes
from hub_api.campaigns.releasing.restore import restore
from hub_api.campaigns.releasing.stop_versions import Epochs
from hub_api.campaigns.releasing.tick import Tick
from hub_api.campaigns.schedules import views as schedule_views
from hub_api.campaigns.service import Campaigns
from hub_api.registry import PeriodicTask, Subject
from hub_api.services import Services
from shared import names


def _tick(s: Services) -> Callable[[], object]:
    epochs = Epochs(s.client, s.keys)
    campaigns = Campaigns(s.database, epochs, s.ledger, s.settings)
    return Tick(s, s.client, s.keys, campaigns, epochs, random.SystemRandom()).run_slot


def _outcomes(s: Services) -> Outcomes:
    return Outcomes(s.settings, Epochs(s.client, s.keys), OptOuts(s.database, s.client, s.keys))


def _restore(s: Services, now_ms: int) -> None:
    restore(s.database, s.client, s.keys, now_ms, round(s.settings.send_delay_max_seconds * 1000))


SUBJECT = Subject(
    "campaigns",
    blueprints=(views.blueprint, schedule_views.blueprint, optout_views.blueprint),
    event_handlers=(_outcomes,),
    after_events=(lambda services: Answers(services).send_due,),
    restore=(_restore,),
    tasks=(
        PeriodicTask(names.TASK_CAMPAIGN_TICK, every_s=lambda settings: settings.campaign_tick_seconds, make=_tick),
    ),
)

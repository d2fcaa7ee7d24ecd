"""What accounts register."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.accounts import views
from hub_api.accounts.tenants import mirror
from hub_api.registry import PeriodicTask, Subject
from hub_api.services import Services
from shared import names


def _mend(services: Services) -> Callable[[], object]:
    return lambda: mirror.mend(services)


SUBJECT = Subject(
    "accounts",
    blueprints=(views.blueprint,),
    restore=(mirror.restore,),
    tasks=(PeriodicTask(names.TASK_MIRROR_TENANTS, lambda settings: 10.0, _mend),),
)

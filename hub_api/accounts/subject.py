"""What accounts register."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.accounts import command_line, views
from hub_api.accounts.audit import views as audit_views
from hub_api.accounts.keys import views as key_views
from hub_api.accounts.tenants import mirror
from hub_api.accounts.tenants import views as tenant_views
from hub_api.accounts.tokens import views as token_views
from hub_api.accounts.users import own_views
from hub_api.accounts.users import views as user_views
from hub_api.registry import PeriodicTask, Subject
from hub_api.services import Services
from shared import names


def _mend(services: Services) -> Callable[[], object]:
    return lambda: mirror.mend(services)


SUBJECT = Subject(
    "accounts",
    blueprints=(
        views.blueprint,
        token_views.blueprint,
        own_views.blueprint,
        user_views.blueprint,
        key_views.blueprint,
        tenant_views.blueprint,
        audit_views.blueprint,
    ),
    command_line=command_line.COMMANDS,
    restore=(mirror.restore,),
    tasks=(PeriodicTask(names.TASK_MIRROR_TENANTS, lambda settings: 10.0, _mend),),
)

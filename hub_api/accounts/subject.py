"""What accounts register."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.accounts import command_line
from hub_api.accounts.tenants import mirror
from hub_api.registry import PeriodicTask, Subject
from hub_api.services import Services
from shared import names


def _mend(services: Services) -> Callable[[], object]:
    return lambda: mirror.mend(services)


SUBJECT = Subject(
    "accounts",
    views=(
        "hub_api.accounts.views",
        "hub_api.accounts.tokens.views",
        "hub_api.accounts.users.own_views",
        "hub_api.accounts.users.views",
        "hub_api.accounts.keys.views",
        "hub_api.accounts.tenants.views",
        "hub_api.accounts.audit.views",
    ),
    command_line=command_line.COMMANDS,
    restore=(mirror.restore,),
    tasks=(PeriodicTask(names.TASK_MIRROR_TENANTS, _mend),),
)

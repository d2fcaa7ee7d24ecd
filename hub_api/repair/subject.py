"""What repair adds to the hub: tasks that look for faults and mend them."""

from __future__ import annotations

from collections.abc import Callable

from hub_api.registry import PeriodicTask, Subject
from hub_api.repair import late_key, lost_wakeup
from hub_api.repair.lost_host import LostHosts
from hub_api.repair.lost_state import make_lost_state
from hub_api.repair.sweep import Sweep
from hub_api.repair.vanished_message import VanishedMessages
from hub_api.repair.wanted_mirror import WantedMirror
from hub_api.repair.wrong_counts import WrongCounts
from hub_api.services import Services
from shared import names
from shared.instant import now_ms


def _sweep(services: Services) -> Callable[[], object]:
    sweep = Sweep(services)
    return lambda: sweep.run(now_ms())


def _notify_waiting(services: Services) -> Callable[[], object]:
    mirror = WantedMirror(services)

    def run() -> None:
        mirror.mend()
        lost_wakeup.mend(services)

    return run


SUBJECT = Subject(
    name="repair",
    before_events=(lambda services: make_lost_state(services).mend,),
    late_keys=(late_key.mend,),
    in_hub=(lambda services: VanishedMessages(services).start,),
    tasks=(
        PeriodicTask(names.TASK_WAKE_WAITING, _notify_waiting),
        PeriodicTask(names.TASK_FIND_LOST_HOSTS, lambda services: LostHosts(services).mend),
        PeriodicTask(names.TASK_SWEEP, _sweep),
        PeriodicTask(names.TASK_CHECK_BALANCE, lambda services: WrongCounts(services).check),
    ),
)

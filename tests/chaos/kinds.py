"""Every kind of fault, one entry each: what is done, to whom, and for how long. A new one is a new entry of `KINDS`."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import psutil

from testing.waiting import until
from tests.chaos.plan import Fault, Kind
from tests.chaos.supervised import Supervised

T = TypeVar("T")
SOMEBODY_S = 3.0  # how long a process that is just being started again is waited for
LATENCY_MS = 400
REFUSALS = ("unknown", "463", "throw", "network")  # by the simulator; the last is no refusal, only no answer
# Three refusals among ten sends mean to us that WhatsApp restricts the number: bulk waits an hour.
REFUSALS_APART_S = 45.0
CLOCK_JUMPS_S = {"six hours forward": 6 * 3_600, "an hour back": -3_600}
# Each jump forward, and each way back from one behind, lets all leases run out: every session begins anew.
CLOCK_JUMPS_APART_S = 120.0


def phone(cliente_id: int) -> str:
    """The tenant's own phone."""
    return f"54911500000{cliente_id}"


# Processes of one tenant.


def _kill_worker(system: Supervised, fault: Fault) -> bool:
    return _kill([_worker(system, fault)])


def _stop_worker(system: Supervised, fault: Fault) -> bool:
    worker = _worker(system, fault)
    if worker is None:
        return False
    try:
        worker.suspend()
        time.sleep(fault.seconds)
        worker.resume()  # what its host has killed meanwhile is gone
    except psutil.NoSuchProcess:
        return True
    return True


def _kill_browser(system: Supervised, fault: Fault) -> bool:
    return _kill(_browsers(system, fault))


def _kill_renderer(system: Supervised, fault: Fault) -> bool:
    return _kill([one for browser in _browsers(system, fault) for one in _renderers(browser)])


def _kill_driver(system: Supervised, fault: Fault) -> bool:
    return _kill(_drivers(_worker(system, fault)))


# Services of all.


def _kill_service(name: str) -> Callable[[Supervised, Fault], bool]:
    def meet(system: Supervised, fault: Fault) -> bool:
        # Sometimes the children of the hub's server outlive it for a moment, sometimes all go at once.
        system.crash_service(name, fault.seconds, whole_tree=name == "hub" and fault.seconds < 1.5)
        return True

    return meet


def _restart_redis(system: Supervised, fault: Fault) -> bool:
    system.crash_redis(fault.seconds)
    return True


def _older_redis(system: Supervised, fault: Fault) -> bool:
    return system.age_redis(fault.seconds)


def _flush_redis(system: Supervised, fault: Fault) -> bool:
    return system.flush_redis()


def _fill_disk_of_redis(system: Supervised, fault: Fault) -> bool:
    return system.fill_disk_of_redis(fault.seconds)


def _fill_disk_of_sql(system: Supervised, fault: Fault) -> bool:
    return system.fill_disk_of("hub", "background", "webhooks", seconds=fault.seconds)


def _shift_clock(system: Supervised, fault: Fault) -> bool:
    system.shift_clock(CLOCK_JUMPS_S[fault.how], fault.seconds)
    return True


# Pages.


def _trouble(
    name: str, *, value: Callable[[Fault], int | str | None] = lambda fault: None, lasts: bool = False
) -> Callable[[Supervised, Fault], bool]:
    """A fault of the simulator's own, for one tenant's phone. lasts: the simulator ends it after its seconds."""

    def meet(system: Supervised, fault: Fault) -> bool:
        assert fault.cliente_id is not None
        system.simulator.add_fault(
            name,
            phone=phone(fault.cliente_id),
            value=value(fault),
            duration_ms=_milliseconds(fault) if lasts else None,
            count=fault.count or None,
        )
        return True

    return meet


def _milliseconds(fault: Fault) -> int:
    return round(fault.seconds * 1000)


KILL_WORKER = Kind("kill -9 worker", _kill_worker)
KILL_BROWSER = Kind("kill -9 browser", _kill_browser, ends_page=True)
KILL_RENDERER = Kind("kill -9 renderer", _kill_renderer, ends_page=True)
KILL_DRIVER = Kind("kill -9 browser driver", _kill_driver, ends_page=True)
KILL_HOST = Kind("kill -9 host", _kill_service("host-a"), whole=True, seconds=(0.0, 4.0))
KILL_HUB = Kind("kill -9 hub", _kill_service("hub"), whole=True, seconds=(0.0, 3.0), loses="new")
KILL_BACKGROUND = Kind("kill -9 background", _kill_service("background"), whole=True, seconds=(0.0, 5.0))
KILL_WEBHOOKS = Kind("kill -9 webhook worker", _kill_service("webhooks"), whole=True, seconds=(0.0, 5.0))
KILL_BEAT = Kind("kill -9 beat", _kill_service("beat"), whole=True, seconds=(0.0, 5.0))
STOP_WORKER = Kind("stop worker past its lease", _stop_worker, past_lease=True)
RESTART_REDIS = Kind("kill -9 redis", _restart_redis, whole=True, seconds=(0.0, 3.0))
OLDER_REDIS = Kind(
    "redis becomes its state of before",
    _older_redis,
    whole=True,
    seconds=(5.0, 60.0),
    loses="new",
    loses_state=True,
)
FLUSH_REDIS = Kind("flushall", _flush_redis, whole=True, loses="new", loses_state=True)
FULL_DISK_OF_REDIS = Kind("redis' disk is full", _fill_disk_of_redis, whole=True, seconds=(0.5, 3.0))
FULL_DISK_OF_SQL = Kind("sqlite's disk is full", _fill_disk_of_sql, whole=True, seconds=(2.0, 10.0))
SHIFT_CLOCK = Kind(
    "redis' clock jumps",
    _shift_clock,
    whole=True,
    seconds=(5.0, 30.0),
    hows=tuple(CLOCK_JUMPS_S),
    apart_s=CLOCK_JUMPS_APART_S,
)
DROP_ACKS = Kind("drop acks", _trouble("drop_acks"), counts=(1, 6))
OFFLINE = Kind("page offline", _trouble("offline", lasts=True), seconds=(1.0, 8.0))
HANG = Kind("page hangs", _trouble("hang_page", value=_milliseconds), seconds=(2.0, 20.0), ends_page=True)
WIPE = Kind("wipe local store", _trouble("wipe_local_store"), forgets_what_came=True)
REFUSE = Kind(
    "refuse sends",
    _trouble("refuse_sends", value=lambda fault: fault.how),
    counts=(1, 1),
    hows=REFUSALS,
    apart_s=REFUSALS_APART_S,
)
LATENCY = Kind("latency", _trouble("latency_ms", value=lambda fault: LATENCY_MS, lasts=True), seconds=(3.0, 8.0))
RELOAD = Kind("page reloads", _trouble("detach"))
FAIL_MEDIA = Kind("media can't be had", _trouble("fail_media", lasts=True), seconds=(1.0, 6.0))
FAIL_UPLOADS = Kind("uploads fail", _trouble("fail_uploads", lasts=True), seconds=(1.0, 6.0))
SLOW_UPLOADS = Kind(
    "uploads stand still", _trouble("slow_uploads", value=lambda fault: 0, lasts=True), seconds=(1.0, 8.0)
)
PHONE_SILENT = Kind("phone is silent", _trouble("phone_silent", lasts=True), seconds=(2.0, 10.0))

KINDS: tuple[Kind, ...] = (
    KILL_WORKER,
    KILL_BROWSER,
    KILL_RENDERER,
    KILL_DRIVER,
    KILL_HOST,
    KILL_HUB,
    KILL_BACKGROUND,
    KILL_WEBHOOKS,
    KILL_BEAT,
    STOP_WORKER,
    RESTART_REDIS,
    OLDER_REDIS,
    FLUSH_REDIS,
    FULL_DISK_OF_REDIS,
    FULL_DISK_OF_SQL,
    SHIFT_CLOCK,
    DROP_ACKS,
    OFFLINE,
    HANG,
    WIPE,
    REFUSE,
    LATENCY,
    RELOAD,
    FAIL_MEDIA,
    FAIL_UPLOADS,
    SLOW_UPLOADS,
    PHONE_SILENT,
)


def _worker(system: Supervised, fault: Fault) -> psutil.Process | None:
    cliente_id = fault.cliente_id
    assert cliente_id is not None
    return _soon(lambda: system.worker(cliente_id))


def _browsers(system: Supervised, fault: Fault) -> list[psutil.Process]:
    cliente_id = fault.cliente_id
    assert cliente_id is not None
    return _soon(lambda: system.browsers(cliente_id)) or []


def _soon(ask: Callable[[], T | None]) -> T | None:
    """Whom it finds, also where they are just being started again."""
    with contextlib.suppress(AssertionError):
        return until(ask, SOMEBODY_S)
    return None


def _renderers(browser: psutil.Process) -> list[psutil.Process]:
    try:
        return [child for child in browser.children(recursive=True) if "--type=renderer" in child.cmdline()]
    except psutil.NoSuchProcess:
        return []


def _drivers(worker: psutil.Process | None) -> list[psutil.Process]:
    try:
        children = [] if worker is None else worker.children()
        return [child for child in children if "".join(child.cmdline()[:1]).endswith("/node")]  # Playwright's own
    except psutil.NoSuchProcess:
        return []


def _kill(processes: Sequence[psutil.Process | None]) -> bool:
    killed = 0
    for process in processes:
        if process is None:
            continue
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
        killed += 1
    return killed > 0

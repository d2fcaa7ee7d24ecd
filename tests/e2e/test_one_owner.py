"""A session never gets lost and never has two owners: crashes, hangs and outages of every part, seen from outside."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from support.browser_watch import BrowserWatch
from support.waiting import until
from testing.caller import Caller
from testing.separate_services import SeparateServices

pytestmark = pytest.mark.browser

PHONE = "5491150000051"
LEAD = "5491133330001"


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeparateServices]:
    # given a short lease, so that waiting for its end is short too
    settings = {"SESSION_LEASE_SECONDS": "4", "SHUTDOWN_GRACE_SECONDS": "10"}
    with SeparateServices(tmp_path_factory.mktemp("lm"), settings) as made:
        yield made


@pytest.fixture(scope="module")
def caller(system: SeparateServices) -> Caller:
    return system.add_caller("agencia_a", 51)


@pytest.fixture
def ready(system: SeparateServices, caller: Caller) -> Iterator[Caller]:
    """A READY session, watched: at no moment do two browsers run on its profile."""
    if not running_hosts(system):
        system.start_service("host-a", "host")
    with BrowserWatch(system, [51]) as watch:
        if caller.status()["status"] != "READY" or caller.status()["stale"]:
            system.pair(caller, PHONE)
        yield caller
        sends(caller)
    assert watch.most[51] == 1


def sends(caller: Caller) -> None:
    """However it was broken: it is READY again without a code, and a message goes out."""
    assert caller.until_status("READY")["qr_attempts"] == 0

    def accepted() -> str:
        answer = caller.send(LEAD, "sigo aquí")
        return str(answer.json()["message_id"]) if answer.status_code == 202 else ""

    caller.until_sent(until(accepted, 90, "a send to be accepted"))


def running_hosts(system: SeparateServices) -> list[str]:
    return [name for name in system.services.names() if name.startswith("host")]


def new_owner(system: SeparateServices, before: int) -> None:
    """Waits until another process holds the lease."""
    until(lambda: system.owner_pid(51) not in (None, before), 90, "another owner")


def test_six_connects_at_once_against_two_hosts(system: SeparateServices, caller: Caller) -> None:
    system.start_service("host-b", "host")
    with BrowserWatch(system, [51]) as watch, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: caller.connect().status_code, range(6)))
        system.pair(caller, PHONE)
    assert answers == [202] * 6
    assert watch.most[51] == 1
    assert len(system.workers(51)) == 1


def test_a_stopped_host_hands_its_session_over(system: SeparateServices, ready: Caller) -> None:
    # given two hosts, when the one that holds the session is stopped, then the other takes over unasked
    worker = system.worker(51)
    assert worker is not None
    holder = next(name for name in ("host-a", "host-b") if system.services.process(name).pid == worker.ppid())
    assert system.stop_service(holder) == 0
    new_owner(system, worker.pid)


def test_workers_outlive_a_killed_host_and_are_adopted(system: SeparateServices, ready: Caller) -> None:
    [name] = running_hosts(system)
    worker = system.worker(51)
    assert worker is not None
    since = ready.status()["since"]
    system.services.kill(name)
    sends(ready)
    assert ready.status()["since"] == since  # it never noticed
    system.start_service("host-a", "host")
    until(lambda: "worker.adopted" in system.services.log("host-a"), 90, "the new host to adopt it")
    assert system.worker(51) == worker
    # and the new host restarts it when it dies
    worker.send_signal(signal.SIGKILL)
    new_owner(system, worker.pid)


def test_kill_9_of_a_renderer(system: SeparateServices, ready: Caller) -> None:
    [browser] = system.browsers(51)
    since = ready.status()["since"]
    renderers = [child for child in browser.children(recursive=True) if "--type=renderer" in child.cmdline()]
    assert renderers
    for renderer in renderers:
        renderer.kill()
    ready.until_ready_since(since)


def test_a_stopped_worker_is_ended_with_its_browser(system: SeparateServices, ready: Caller) -> None:
    worker = system.worker(51)
    assert worker is not None
    [browser] = system.browsers(51)
    worker.suspend()
    # while it stands still, nobody answers for it, and its state is said to be old
    answer = ready.http.post(ready.path("status"))
    assert (answer.status_code, answer.json().get("error")) in ((504, "SESSION_MANAGER_TIMEOUT"), (200, None))
    new_owner(system, worker.pid)
    assert not psutil.pid_exists(browser.pid) or browser.status() == psutil.STATUS_ZOMBIE


def test_an_overwritten_lease_ends_the_old_owner(system: SeparateServices, ready: Caller) -> None:
    worker = system.worker(51)
    assert worker is not None
    system.overwrite_lease(51)
    until(lambda: not psutil.pid_exists(worker.pid) or system.worker(51) != worker, 90, "the old owner's end")
    new_owner(system, worker.pid)


def test_redis_restarted(system: SeparateServices, ready: Caller) -> None:
    worker = system.worker(51)
    system.stop_redis()
    system.start_redis()
    sends(ready)
    assert system.worker(51) == worker


def test_redis_away_for_longer_than_the_lease(system: SeparateServices, ready: Caller) -> None:
    worker = system.worker(51)
    assert worker is not None
    system.stop_redis()
    answer = ready.http.get(ready.path("status"))
    assert (answer.status_code, answer.json()["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    # an owner that can't renew ends its browser and itself before anyone else could own the session
    system.until_ended(51)
    system.start_redis()
    new_owner(system, worker.pid)


def test_redis_that_comes_back_empty(system: SeparateServices, ready: Caller) -> None:
    system.stop_redis()
    system.start_redis(empty=True)
    # what SQL knows comes back: the session is still wanted, and its login still stands
    sends(ready)


def test_sigterm_during_a_send_finishes_it(system: SeparateServices, ready: Caller) -> None:
    system.simulator.add_fault("latency_ms", phone=PHONE, value=800)
    message_id = ready.send(LEAD, "en vuelo").json()["message_id"]
    until(lambda: ready.message(message_id)["status"] == "sending", 90, "the send to begin")
    worker = system.worker(51)
    assert worker is not None
    worker.send_signal(signal.SIGTERM)
    new_owner(system, worker.pid)
    system.simulator.lift_faults()
    ready.until_sent(message_id)
    rows = [row for row in system.simulator.messages(PHONE) if row["body"] == "en vuelo"]
    assert [(row["copies"], row["recipient_copies"]) for row in rows] == [(1, 1)]


def test_status_is_answered_while_sends_take_long(system: SeparateServices, ready: Caller) -> None:
    system.simulator.add_fault("latency_ms", phone=PHONE, value=5_000)
    ids = [ready.send(f"54911333400{n:02d}", "largo").json()["message_id"] for n in range(3)]
    until(lambda: ready.message(ids[0])["status"] == "sending", 90, "a send to begin")
    with ThreadPoolExecutor(4) as pool:
        answers: list[httpx.Response] = list(pool.map(lambda _: ready.http.post(ready.path("status")), range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["status"] for answer in answers} == {"READY"}
    system.simulator.lift_faults()


def test_status_without_an_owner_is_answered_at_once(system: SeparateServices, caller: Caller) -> None:
    caller.http.post(caller.path("disconnect"))
    until(lambda: system.worker(51) is None, 90, "the worker's end")
    answer = caller.http.post(caller.path("status"))
    assert (answer.status_code, answer.json()["status"]) == (200, "DISCONNECTED")

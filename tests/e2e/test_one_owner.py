"""A session never gets lost and never has two owners: crashes, hangs and outages of every part, seen from outside."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import psutil
import pytest

from tests.e2e.parts import BrowserWatch, PartsStack
from tests.e2e.stack import Caller, Stack, wait_for

PHONE = "5491150000051"
LEAD = "5491133330001"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PartsStack]:
    # given a short lease, so that waiting for its end is short too
    made = PartsStack(tmp_path_factory.mktemp("lm"), SESSION_LEASE_SECONDS="4", SHUTDOWN_GRACE_SECONDS="10")
    made.start_simulator()
    try:
        made.start_up()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def caller(stack: PartsStack) -> Caller:
    stack.add_user("agencia_a", 51)
    return stack.log_in("agencia_a", 51)


@pytest.fixture
def ready(stack: PartsStack, caller: Caller) -> Iterator[Caller]:
    """A READY session, watched: at no moment do two browsers run on its profile."""
    if "host-a" not in stack.parts and "host-b" not in stack.parts:
        stack.start_part("host-a", "host")
    with BrowserWatch(stack, [51]) as watch:
        if caller.status()["status"] != "READY" or caller.status()["stale"]:
            stack.pair(caller, PHONE)
        yield caller
        sends(caller)
    assert watch.most[51] == 1


def sends(caller: Caller) -> None:
    """However it was broken: it is READY again without a code, and a message goes out."""
    assert caller.wait_status("READY")["qr_attempts"] == 0
    answer = wait_for("a send to be accepted", lambda: (r := caller.send(LEAD, "sigo aquí")).status_code == 202 and r)
    caller.wait_message(answer.json()["message_id"], "sent", "delivered", "read")


def new_owner(stack: PartsStack, before: int | None) -> int:
    """Waits until another process holds the lease."""

    def ask() -> int | None:
        pid = stack.owner_pid(51)
        return pid if pid not in (None, before) else None

    return wait_for("another owner", ask) or 0


def test_six_connects_at_once_against_two_hosts(stack: PartsStack, caller: Caller) -> None:
    stack.start_part("host-b", "host")
    with BrowserWatch(stack, [51]) as watch, ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: caller.connect().status_code, range(6)))
        stack.pair(caller, PHONE)
    assert answers == [202] * 6
    assert watch.most[51] == 1
    workers = [process for process in stack.processes() if "leadmaster session 51" in " ".join(process.cmdline())]
    assert len(workers) == 1


def test_a_stopped_host_hands_its_session_over(stack: PartsStack, ready: Caller) -> None:
    # given two hosts, when the one that holds the session is stopped, then the other takes over unasked
    worker = stack.worker(51)
    assert worker is not None
    holder = next(name for name in ("host-a", "host-b") if stack.parts[name].pid == worker.ppid())
    assert stack.stop_part(holder) == 0
    new_owner(stack, worker.pid)


def test_workers_outlive_a_killed_host_and_are_adopted(stack: PartsStack, ready: Caller) -> None:
    [name] = [name for name in stack.parts if name.startswith("host")]
    worker = stack.worker(51)
    assert worker is not None
    since = ready.status()["since"]
    stack.kill_part(name)
    sends(ready)
    assert ready.status()["since"] == since  # it never noticed
    stack.start_part("host-a", "host")
    wait_for("the new host to adopt it", lambda: "worker.adopted" in stack.log("host-a"))
    assert stack.worker(51) == worker
    # and the new host restarts it when it dies
    worker.send_signal(signal.SIGKILL)
    new_owner(stack, worker.pid)


def test_kill_9_of_a_renderer(stack: PartsStack, ready: Caller) -> None:
    [browser] = stack.browsers(51)
    since = ready.status()["since"]
    renderers = [child for child in browser.children(recursive=True) if "--type=renderer" in child.cmdline()]
    assert renderers
    for renderer in renderers:
        renderer.kill()
    wait_for("a new READY", lambda: (s := ready.status())["status"] == "READY" and s["since"] != since)


def test_a_stopped_worker_is_ended_with_its_browser(stack: PartsStack, ready: Caller) -> None:
    worker = stack.worker(51)
    assert worker is not None
    [browser] = stack.browsers(51)
    worker.suspend()
    # while it stands still, nobody answers for it, and its state is said to be old
    answer = ready.http.post(ready.path("status"))
    assert (answer.status_code, answer.json().get("error")) in ((504, "SESSION_MANAGER_TIMEOUT"), (200, None))
    new_owner(stack, worker.pid)
    assert not psutil.pid_exists(browser.pid) or browser.status() == psutil.STATUS_ZOMBIE


def test_an_overwritten_lease_ends_the_old_owner(stack: PartsStack, ready: Caller) -> None:
    worker = stack.worker(51)
    assert worker is not None
    stack.overwrite_lease(51)
    wait_for("the old owner's end", lambda: not psutil.pid_exists(worker.pid) or stack.worker(51) != worker)
    new_owner(stack, worker.pid)


def test_redis_restarted(stack: PartsStack, ready: Caller) -> None:
    worker = stack.worker(51)
    stack.stop_redis()
    stack.start_redis()
    sends(ready)
    assert stack.worker(51) == worker


def test_redis_away_for_longer_than_the_lease(stack: PartsStack, ready: Caller) -> None:
    worker = stack.worker(51)
    assert worker is not None
    stack.stop_redis()
    answer = ready.http.get(ready.path("status"))
    assert (answer.status_code, answer.json()["error"]) == (503, "SESSION_MANAGER_UNREACHABLE")
    # an owner that can't renew ends its browser and itself before anyone else could own the session
    wait_for("the owner's end", lambda: stack.worker(51) is None and not stack.browsers(51))
    stack.start_redis()
    new_owner(stack, worker.pid)


def test_redis_that_comes_back_empty(stack: PartsStack, ready: Caller) -> None:
    stack.stop_redis()
    stack.start_redis(empty=True)
    # what SQL knows comes back: the session is still wanted, and its login still stands
    sends(ready)


def test_sigterm_during_a_send_finishes_it(stack: PartsStack, ready: Caller) -> None:
    stack.simulator.add_fault("latency_ms", phone=PHONE, value=800)
    message_id = ready.send(LEAD, "en vuelo").json()["message_id"]
    wait_for("the send to begin", lambda: ready.message(message_id)["status"] == "sending")
    worker = stack.worker(51)
    assert worker is not None
    worker.send_signal(signal.SIGTERM)
    new_owner(stack, worker.pid)
    stack.simulator.lift_faults()
    ready.wait_message(message_id, "sent", "delivered", "read")
    rows = [row for row in stack.simulator.messages(PHONE) if row["body"] == "en vuelo"]
    assert [(row["copies"], row["recipient_copies"]) for row in rows] == [(1, 1)]


def test_status_is_answered_while_sends_take_long(stack: PartsStack, ready: Caller) -> None:
    stack.simulator.add_fault("latency_ms", phone=PHONE, value=5_000)
    ids = [ready.send(f"54911333400{n:02d}", "largo").json()["message_id"] for n in range(3)]
    wait_for("a send to begin", lambda: ready.message(ids[0])["status"] == "sending")
    with ThreadPoolExecutor(4) as pool:
        answers: list[httpx.Response] = list(pool.map(lambda _: ready.http.post(ready.path("status")), range(100)))
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.json()["status"] for answer in answers} == {"READY"}
    stack.simulator.lift_faults()


def test_status_without_an_owner_is_answered_at_once(stack: Stack, caller: Caller) -> None:
    caller.http.post(caller.path("disconnect"))
    wait_for("the worker's end", lambda: stack.worker(51) is None)
    answer = caller.http.post(caller.path("status"))
    assert (answer.status_code, answer.json()["status"]) == (200, "DISCONNECTED")

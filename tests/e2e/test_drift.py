"""WhatsApp Web changes under five tenants: one meets the new build first, no message fails, all of it goes out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from testing.caller import Caller
from testing.system import System
from testing.waiting import until

pytestmark = pytest.mark.browser

TENANTS = list(range(91, 96))
CANARY, CRASHES = 92, 95
LEAD = "5491133330091"
WHOLE, BAD, GOOD = "2.3000.1044822804", "2.3000.1045000001", "2.3000.1045000002"
SEND = "WAWebSendMsgChatAction.addAndSendMsgToChat"


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {
        "BUILD_CHECK_SECONDS": "1",
        "BUILD_ADOPT_SECONDS": "0",
        "CANARY_CLIENTE_ID": str(CANARY),
        "SESSION_START_LIMIT": "3",
    }


@pytest.fixture(scope="module")
def callers(system: System) -> dict[int, Caller]:
    """Five tenants, READY on the same build."""
    system.simulator.put_settings(web_version=WHOLE)
    made = {cliente_id: system.add_caller(f"agencia_{cliente_id}", cliente_id) for cliente_id in TENANTS}
    for caller in made.values():
        assert caller.connect().status_code == 202
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda caller: system.pair(caller, phone(caller.cliente_id)), made.values()))
    return made


def on_build(system: System, version: str) -> set[int]:
    """The tenants whose open page is of this build, as WhatsApp's server knows them."""
    phones = {device["phone"] for device in system.simulator.devices() if device["web_version"] == version}
    return {cliente_id for cliente_id in TENANTS if phone(cliente_id) in phones}


def until_held(caller: Caller) -> dict[str, Any]:
    def ask() -> dict[str, Any] | None:
        seen = caller.status()
        return seen if (seen["status"], seen["last_error_code"]) == ("ERROR", "WHATSAPP_CHANGED") else None

    return until(ask, 90, f"session {caller.cliente_id} held")


@pytest.fixture(scope="module")
def admin(system: System) -> httpx.Client:
    system.add_user("jefa", None)
    return system.log_in("jefa", 0).http


def builds_of(admin: httpx.Client) -> str:
    return str(admin.get("/ready").json()["parts"]["whatsapp"]["detail"])


def test_a_build_that_cannot_send_stops_at_the_canary_and_loses_nothing(
    system: System, admin: httpx.Client, callers: dict[int, Caller]
) -> None:
    sent = [caller.accepted(LEAD, f"antes {caller.cliente_id}") for caller in callers.values()]
    for caller, message_id in zip(callers.values(), sent, strict=True):
        caller.until_sent(message_id)

    # given a build without the function that sends
    system.simulator.put_settings(web_version=BAD, missing={BAD: [SEND]})
    held = until_held(callers[CANARY])

    # then the canary says what to do, takes what may wait, and refuses what may not
    assert held["recommended_action"] == held["last_error_message"] != "WHATSAPP_CHANGED"
    assert held["is_recoverable"]
    refused = callers[CANARY].send(LEAD, "no puede esperar")
    assert (refused.status_code, refused.json()["message"]) == (503, held["last_error_message"])
    waiting = [callers[CANARY].accepted(LEAD, f"espera {n}", on_not_ready="queue") for n in range(3)]
    # and the others stay where they are, and send
    until(lambda: f"{BAD}+" in builds_of(admin), 30, "the verdict in /ready")
    assert f"{BAD}+4.6.0 degraded: send (1 of 1 sessions)" in builds_of(admin)
    others = set(TENANTS) - {CANARY}
    assert on_build(system, WHOLE) == others
    for cliente_id in others:
        callers[cliente_id].until_sent(callers[cliente_id].accepted(LEAD, f"durante {cliente_id}"))
    # and one whose browser dies has no choice: it is held as well
    before = callers[CRASHES].accepted(LEAD, "antes de la caída")
    callers[CRASHES].until_sent(before)
    system.simulator.add_fault("crash_page", phone=phone(CRASHES))
    until_held(callers[CRASHES])
    waiting_too = callers[CRASHES].accepted(LEAD, "después de la caída", on_not_ready="queue")
    assert on_build(system, WHOLE) == others - {CRASHES}
    assert [callers[CANARY].message(one)["status"] for one in waiting] == ["queued"] * 3
    assert [callers[CANARY].message(one)["attempts"] for one in waiting] == [0] * 3

    # when a later build has it again
    system.simulator.put_settings(web_version=GOOD)

    # then all of them come back, and everything goes out once
    for one in waiting:
        callers[CANARY].until_sent(one, seconds=120)
    callers[CRASHES].until_sent(waiting_too, seconds=120)
    until(lambda: on_build(system, GOOD) == set(TENANTS), 120, "everybody on the good build")
    for cliente_id in TENANTS:
        callers[cliente_id].until_status("READY")
        record = system.simulator.messages(phone(cliente_id), to=LEAD)
        assert [one["copies"] for one in record] == [1] * len(record)
        report = callers[cliente_id].http.get(callers[cliente_id].path("report")).json()
        assert (report["failed"], report["uncertain"], report["open"]) == (0, 0, 0)
    texts = [one["body"] for one in system.simulator.messages(phone(CANARY), to=LEAD)]
    assert texts == [f"antes {CANARY}", "espera 0", "espera 1", "espera 2"]


def test_a_version_that_whatsapp_refuses_is_left_with_its_cause(system: System, callers: dict[int, Caller]) -> None:
    caller = callers[CANARY]
    until(lambda: on_build(system, GOOD) == set(TENANTS), 120, "everybody on the good build")
    caller.until_status("READY")
    fault = system.simulator.add_fault("deprecated_version", phone=phone(CANARY))

    seen = caller.until_status("ERROR")
    until(lambda: not system.browsers(CANARY), 90, "the browser's end")
    waiting = caller.accepted(LEAD, "cuando vuelva", on_not_ready="queue")
    reloads = system.service_log("host").count('"event": "page.reloaded"')

    assert seen["last_error_code"] == "VERSION_REFUSED"
    assert seen["recommended_action"] == seen["last_error_message"] != "VERSION_REFUSED"
    assert reloads <= 3
    system.simulator.lift_faults(fault)
    assert caller.connect().status_code == 202
    caller.until_sent(waiting, seconds=120)

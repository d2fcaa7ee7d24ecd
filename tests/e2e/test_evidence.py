"""What the page does decides, not hope: each way a page can fail leads to its state and its recovery."""

from __future__ import annotations

from typing import Any

import pytest

from support.waiting import until
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

TENANTS = {name: 61 + n for n, name in enumerate(["offline", "hang", "crash", "takeover", "ban", "version", "lost"])}
LEAD = "5491133330001"


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {"SESSION_START_LIMIT": "3"}


@pytest.fixture(scope="module")
def callers(system: System) -> dict[str, Caller]:
    """All of them READY, at the same time."""
    made = {}
    for name, cliente_id in TENANTS.items():
        made[name] = system.add_caller(name, cliente_id)
        assert made[name].connect().status_code == 202
    for caller in made.values():
        system.pair(caller, phone(caller.cliente_id))
    return made


@pytest.fixture(scope="module")
def broken(system: System, callers: dict[str, Caller]) -> dict[str, str]:
    """Breaks all of them at once. Returns since when each had been READY."""
    since = {name: caller.status()["since"] for name, caller in callers.items()}
    faults: dict[str, tuple[str, Any]] = {
        "offline": ("offline", None),
        "hang": ("hang_page", None),
        "crash": ("crash_page", None),
        "takeover": ("takeover", None),
        "ban": ("ban", "tos"),
        "version": ("deprecated_version", None),
        "lost": ("lose_device", None),
    }
    for name, (kind, value) in faults.items():
        system.simulator.add_fault(kind, phone=phone(TENANTS[name]), value=value)
    return since


def works(caller: Caller) -> None:
    caller.until_sent(caller.accepted(LEAD, "otra vez"))


def test_a_lost_connection_heals_on_the_same_page(
    system: System, callers: dict[str, Caller], broken: dict[str, str]
) -> None:
    caller = callers["offline"]
    seen = caller.until_status("DISCONNECTED")
    assert seen["recommended_action"] == "Reconnecting, wait"
    assert caller.send(LEAD, "ahora no").json()["error"] == "SESSION_NOT_READY"
    [browser] = system.browsers(caller.cliente_id)
    for fault in system.simulator.faults():
        if fault["kind"] == "offline":
            system.simulator.lift_faults(fault["id"])
    caller.until_ready_since(broken["offline"], 120)
    assert system.browsers(caller.cliente_id) == [browser]
    works(caller)


@pytest.mark.parametrize("name", ["crash", "takeover", "hang"])
def test_a_page_that_dies_is_replaced_with_the_same_login(
    system: System, callers: dict[str, Caller], broken: dict[str, str], name: str
) -> None:
    callers[name].until_ready_since(broken[name], 120)
    assert callers[name].status()["qr_attempts"] == 0
    works(callers[name])


@pytest.mark.parametrize(
    ("name", "code", "recoverable"), [("ban", "ACCOUNT_BANNED", False), ("version", "VERSION_REFUSED", True)]
)
def test_what_needs_a_person_says_so_and_is_left_alone(
    system: System, callers: dict[str, Caller], broken: dict[str, str], name: str, code: str, recoverable: bool
) -> None:
    seen = callers[name].until_status("ERROR")
    assert seen["last_error_code"] == code
    assert seen["recommended_action"] == seen["last_error_message"] != code
    assert seen["is_recoverable"] is recoverable  # a version that WhatsApp refuses is tried again by itself, slowly
    until(lambda: not system.browsers(callers[name].cliente_id), 90, "the browser's end")
    refused = callers[name].send(LEAD, "no")
    assert (refused.status_code, refused.json()["message"]) == (503, seen["last_error_message"])
    assert callers[name].http.get(callers[name].path("qr")).json()["error"] == "QR_GENERATION_FAILED"


def test_a_device_that_whatsapp_forgot_asks_for_a_code(
    system: System, callers: dict[str, Caller], broken: dict[str, str]
) -> None:
    caller = callers["lost"]
    seen = caller.until_status("QR_REQUIRED")
    assert (seen["phone_number"], seen["needs_qr"]) == (None, True)
    system.pair(caller, phone(caller.cliente_id))
    works(caller)


def test_the_events_tell_each_transition_and_its_cause(system: System, callers: dict[str, Caller]) -> None:
    # kept in the worker's log as well, for an operator
    log = system.service_log("host")
    for cause in ("TAKEN_OVER", "ACCOUNT_BANNED", "VERSION_REFUSED", "LOGGED_OUT"):
        assert f'"cause": "{cause}"' in log, cause

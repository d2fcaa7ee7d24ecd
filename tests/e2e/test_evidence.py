"""What the page does decides, not hope: each way a page can fail leads to its state and its recovery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.stack import Caller, Stack, wait_for

TENANTS = {name: 61 + n for n, name in enumerate(["offline", "hang", "crash", "takeover", "ban", "version", "lost"])}
LEAD = "5491133330001"


def phone(cliente_id: int) -> str:
    return f"54911500000{cliente_id}"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("lm"), SESSION_START_LIMIT="3")
    made.start_simulator()
    try:
        made.start_up()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def callers(stack: Stack) -> dict[str, Caller]:
    """All of them READY, at the same time."""
    made = {}
    for name, cliente_id in TENANTS.items():
        stack.add_user(name, cliente_id)
        made[name] = stack.log_in(name, cliente_id)
        assert made[name].connect().status_code == 202
    for caller in made.values():
        stack.pair(caller, phone(caller.cliente_id))
    return made


@pytest.fixture(scope="module")
def broken(stack: Stack, callers: dict[str, Caller]) -> dict[str, str]:
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
        stack.simulator.add_fault(kind, phone=phone(TENANTS[name]), value=value)
    return since


def works(stack: Stack, caller: Caller) -> None:
    answer = caller.send(LEAD, "otra vez")
    assert answer.status_code == 202, answer.text
    caller.wait_message(answer.json()["message_id"], "sent", "delivered", "read")


def ready_again(caller: Caller, before: str) -> None:
    def ask() -> bool:
        seen = caller.status()
        return seen["status"] == "READY" and seen["since"] != before

    wait_for("READY again", ask, 120)


def test_a_lost_connection_heals_on_the_same_page(
    stack: Stack, callers: dict[str, Caller], broken: dict[str, str]
) -> None:
    caller = callers["offline"]
    seen = caller.wait_status("DISCONNECTED")
    assert seen["recommended_action"] == "Reconnecting, wait"
    assert caller.send(LEAD, "ahora no").json()["error"] == "SESSION_NOT_READY"
    [browser] = stack.browsers(caller.cliente_id)
    for fault in stack.simulator.faults():
        if fault["kind"] == "offline":
            stack.simulator.lift_faults(fault["id"])
    ready_again(caller, broken["offline"])
    assert stack.browsers(caller.cliente_id) == [browser]
    works(stack, caller)


@pytest.mark.parametrize("name", ["crash", "takeover", "hang"])
def test_a_page_that_dies_is_replaced_with_the_same_login(
    stack: Stack, callers: dict[str, Caller], broken: dict[str, str], name: str
) -> None:
    ready_again(callers[name], broken[name])
    assert callers[name].status()["qr_attempts"] == 0
    works(stack, callers[name])


@pytest.mark.parametrize(("name", "code"), [("ban", "ACCOUNT_BANNED"), ("version", "VERSION_UNSUPPORTED")])
def test_what_needs_a_person_says_so_and_is_left_alone(
    stack: Stack, callers: dict[str, Caller], broken: dict[str, str], name: str, code: str
) -> None:
    seen = callers[name].wait_status("ERROR")
    assert seen["last_error_code"] == code
    assert seen["recommended_action"] == seen["last_error_message"] != code
    assert not seen["is_recoverable"]
    wait_for("the browser's end", lambda: not stack.browsers(callers[name].cliente_id))
    refused = callers[name].send(LEAD, "no")
    assert (refused.status_code, refused.json()["message"]) == (503, seen["last_error_message"])
    assert callers[name].http.get(callers[name].path("qr")).json()["error"] == "QR_GENERATION_FAILED"


def test_a_device_that_whatsapp_forgot_asks_for_a_code(
    stack: Stack, callers: dict[str, Caller], broken: dict[str, str]
) -> None:
    caller = callers["lost"]
    seen = caller.wait_status("QR_REQUIRED")
    assert (seen["phone_number"], seen["needs_qr"]) == (None, True)
    stack.pair(caller, phone(caller.cliente_id))
    works(stack, caller)


def test_the_events_tell_each_transition_and_its_cause(stack: Stack, callers: dict[str, Caller]) -> None:
    # kept in the worker's log as well, for an operator
    log = stack.part_log("host")
    for cause in ("TAKEN_OVER", "ACCOUNT_BANNED", "VERSION_UNSUPPORTED", "LOGGED_OUT"):
        assert f'"cause": "{cause}"' in log, cause

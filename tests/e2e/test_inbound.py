"""What contacts write is recorded once and in order, whatever becomes of page, browser and worker meanwhile."""

from __future__ import annotations

import signal

import pytest

from support.waiting import until
from testing.caller import Caller
from testing.system import System

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PHONE = "5491150000071"
ANA, LEO = "5491133330001", "5491133330002"


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {"INBOUND_CATCH_UP_SECONDS": "5"}


@pytest.fixture(scope="module")
def caller(system: System) -> Caller:
    made = system.add_caller("inés", 71)
    system.pair(made, PHONE)
    return made


def write(system: System, sender: str, *texts: str) -> None:
    for text in texts:
        system.simulator.inbound(PHONE, sender, text)


def recorded(caller: Caller, sender: str) -> list[str]:
    """What the hub has of a contact, oldest first."""
    items = caller.http.get(caller.path("inbound"), params={"from_number": sender, "limit": 200}).json()["items"]
    assert len({item["whatsapp_id"] for item in items}) == len(items)
    return [item["message"] for item in reversed(items)]


def until_recorded(caller: Caller, sender: str, *texts: str) -> None:
    """Waits until the hub has all of these, and fails where it has them otherwise than once and in this order."""

    def ask() -> list[str]:
        found = recorded(caller, sender)
        return found if found[-1:] == [texts[-1]] and len(found) >= len(texts) else []

    found = until(ask, 90, f"{texts} of {sender}")
    assert found[-len(texts) :] == list(texts)
    assert len(set(found)) == len(found)


def test_while_no_browser_runs(system: System, caller: Caller) -> None:
    assert caller.http.post(caller.path("disconnect")).status_code in (200, 202)
    system.until_ended(caller.cliente_id)
    write(system, ANA, "uno", "dos")
    write(system, LEO, "hola")
    write(system, ANA, "tres")
    caller.connect()
    caller.until_status("READY")
    until_recorded(caller, ANA, "uno", "dos", "tres")
    until_recorded(caller, LEO, "hola")


@pytest.mark.parametrize("victim", ["browser", "worker"])
def test_while_one_is_killed(system: System, caller: Caller, victim: str) -> None:
    before = caller.until_status("READY")["since"]
    texts = [f"{victim} {n}" for n in range(6)]
    write(system, ANA, *texts[:2])
    [browser] = system.browsers(caller.cliente_id)
    worker = system.worker(caller.cliente_id)
    assert worker is not None
    (browser if victim == "browser" else worker).send_signal(signal.SIGKILL)
    write(system, ANA, *texts[2:4])
    caller.until_ready_since(before)
    write(system, ANA, *texts[4:])
    until_recorded(caller, ANA, *texts)

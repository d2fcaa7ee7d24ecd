"""What contacts write is recorded once and in order, whatever becomes of page, browser and worker meanwhile."""

from __future__ import annotations

import signal

import psutil
import pytest

from support.waiting import until
from testing.caller import Caller
from testing.processes import descendants, that_run
from testing.system import System

pytestmark = pytest.mark.browser

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


def servers(system: System) -> list[psutil.Process]:
    """The embedded Valkey, which names itself."""
    ours = {process.pid for process in descendants(system.services.process("up").pid)}
    return that_run(lambda process: process.pid in ours and process.name().startswith("valkey"))


def test_while_redis_is_killed(system: System, caller: Caller) -> None:
    caller.until_status("READY")
    [server] = servers(system)
    write(system, ANA, "antes de redis")
    server.kill()
    write(system, ANA, "sin redis", "sin redis todavía")
    until(lambda: [one for one in servers(system) if one != server], 60, "another server")
    write(system, ANA, "con redis otra vez")
    until_recorded(caller, ANA, "antes de redis", "sin redis", "sin redis todavía", "con redis otra vez")


def test_the_page_reloads_itself_as_too_much_is_waiting(system: System, caller: Caller) -> None:
    # given a page that lost its connection, and more messages than it takes in without a reload
    since = caller.until_status("READY")["since"]
    [browser] = system.browsers(caller.cliente_id)
    system.simulator.put_settings(reload_above=6)
    fault = system.simulator.add_fault("offline", phone=PHONE)
    caller.until_status("DISCONNECTED")
    texts = [f"mientras {n}" for n in range(7)]
    write(system, ANA, *texts)
    # when it comes back
    system.simulator.lift_faults(fault)
    # then all of them are there, though no event told any, and the browser is the same one
    until_recorded(caller, ANA, *texts)
    caller.until_ready_since(since)
    assert system.browsers(caller.cliente_id) == [browser]


def test_a_lead_from_an_ad(system: System, caller: Caller) -> None:
    system.simulator.lead(PHONE, "5491133330003", "vi el anuncio")
    until_recorded(caller, "5491133330003", "vi el anuncio")


def test_an_answer_shows_nobody_that_we_read(system: System, caller: Caller) -> None:
    write(system, LEO, "¿precio?")
    until_recorded(caller, LEO, "¿precio?")
    caller.until_sent(caller.accepted(LEO, "10.000"))
    heard = [one for one in system.simulator.messages(PHONE) if one["direction"] == "in"]
    assert {one["from"] for one in heard} >= {ANA, LEO}
    assert [one for one in heard if one["read_at"] is not None] == []
    phone = system.simulator.phone(PHONE)
    assert (phone["shown_online"], phone["times_online"]) == (False, 0)


def test_all_that_whatsapp_delivered_is_on_record(system: System, caller: Caller) -> None:
    heard = [one["key"] for one in system.simulator.messages(PHONE) if one["direction"] == "in"]
    items = caller.http.get(caller.path("inbound"), params={"limit": 200}).json()["items"]
    assert sorted(item["whatsapp_id"] for item in items) == sorted(heard)

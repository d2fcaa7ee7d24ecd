"""All types of messages, and what becomes of them, are recorded once though the worker dies and no event tells them."""

from __future__ import annotations

import signal
from typing import Any

import pytest

from support.waiting import until
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

PHONE = "5491150000072"
ANA, LEO = "5491133330011", "5491133330012"
GROUP = "120363000000000072@g.us"
KINDS = {
    "chat": "text",
    "image": "image",
    "ptt": "voice",
    "document": "document",
    "location": "location",
    "vcard": "contact",
    "poll_creation": "poll",
    "buttons_response": "button",
    "list_response": "list",
    "call_log": "call",
    "hologram": "unknown",
}


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {"INBOUND_CATCH_UP_SECONDS": "2"}


@pytest.fixture(scope="module")
def caller(system: System) -> Caller:
    made = system.add_caller("inés", 72)
    system.pair(made, PHONE)
    return made


def recorded(caller: Caller) -> dict[str, dict[str, Any]]:
    """What the hub has, by WhatsApp's key."""
    items = caller.http.get(caller.path("inbound"), params={"limit": 200}).raise_for_status().json()["items"]
    assert len({item["whatsapp_id"] for item in items}) == len(items)
    return {item["whatsapp_id"]: item for item in items}


def until_recorded(caller: Caller, *keys: str) -> dict[str, dict[str, Any]]:
    """Waits until the hub has all of these."""
    return until(lambda: found if {*keys} <= {*(found := recorded(caller))} else None, 90, f"{len(keys)} messages")


def test_all_of_it_while_the_worker_is_dead(system: System, caller: Caller) -> None:
    phone = system.simulator
    # given a message that we sent, and three that came in
    before = caller.until_status("READY")["since"]
    ours = str(caller.until_sent(caller.accepted(ANA, "¿lo quiere?"))["whatsapp_id"])
    edited, deleted, poll = (str(phone.receive(PHONE, ANA, kind)["key"]) for kind in ("chat", "chat", "poll_creation"))
    until_recorded(caller, edited, deleted, poll)
    worker = system.worker(caller.cliente_id)
    assert worker is not None
    # when everything happens while nobody listens
    worker.send_signal(signal.SIGKILL)
    keys = {str(phone.receive(PHONE, ANA, kind, quotes=ours)["key"]): kind for kind in KINDS}
    in_group = str(phone.receive(PHONE, LEO, text="hola a todos", group=GROUP)["key"])
    by_owner = str(phone.receive(PHONE, ANA, text="lo escribí en el teléfono", from_me=True)["key"])
    reaction = str(phone.react(PHONE, ours, "👍")["key"])
    phone.vote(PHONE, poll, ["Martes"])
    phone.edit(PHONE, edited, "quise decir chau")
    phone.revoke(PHONE, deleted)
    caller.until_ready_since(before)
    # then all of it is on record, each once, in the order in which it came
    found = until_recorded(caller, *keys, in_group, by_owner, reaction)
    assert {key: found[key]["type"] for key in keys} == {key: KINDS[kind] for key, kind in keys.items()}
    assert {found[key]["reply_to"] for key in keys} == {ours}
    assert found[in_group]["author"] == LEO
    assert found[by_owner]["direction"] == "out"
    assert found[reaction]["reaction"] == {"emoji": "👍", "to": ours}
    until(lambda: recorded(caller)[edited]["edited_at"], 60, "the edit")
    until(lambda: recorded(caller)[deleted]["revoked_at"], 60, "the deletion")
    assert recorded(caller)[edited]["message"] == "quise decir chau"
    votes = [item for item in recorded(caller).values() if item["type"] == "poll_vote"]
    assert [(vote["vote"], vote["from"]) for vote in votes] == [({"poll": poll, "options": ["Martes"]}, ANA)]
    assert ours not in recorded(caller)


def test_what_no_event_tells_is_found(system: System, caller: Caller) -> None:
    phone = system.simulator
    caller.until_status("READY")
    told = str(phone.receive(PHONE, LEO, text="con aviso")["key"])
    until_recorded(caller, told)
    silent = str(phone.receive(PHONE, LEO, "image", "sin aviso", silent=True)["key"])
    reaction = str(phone.react(PHONE, told, "😮", silent=True)["key"])
    phone.edit(PHONE, told, "otra cosa", silent=True)

    found = until_recorded(caller, silent, reaction)

    assert (found[silent]["type"], found[silent]["message"]) == ("image", "sin aviso")
    until(lambda: recorded(caller)[told]["message"] == "otra cosa", 60, "the edit")

"""The life of a code: shown, renewed, gone idle, asked for again, given up; and pairing without one."""

from __future__ import annotations

from typing import Any

import pytest

from shared.recipient_key import forms
from support.waiting import until
from testing.caller import Caller
from testing.simulator_process import SimulatorSettings
from testing.system import System

pytestmark = pytest.mark.browser

PHONE = "5491150000071"


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {"QR_WAIT_LIMIT_SECONDS": "15"}


@pytest.fixture(scope="module")
def simulator_settings() -> SimulatorSettings:
    return {"qr_first_ms": 2_000, "qr_next_ms": 1_000, "qr_count": 3}


@pytest.fixture(scope="module")
def caller(system: System) -> Caller:
    return system.add_caller("agencia", 71)


def test_codes_change_and_then_rest_until_someone_asks(system: System, caller: Caller) -> None:
    # given a session nobody scans: codes follow one another
    caller.connect()
    first = until(lambda: caller.status()["qr_string"], 90, "a code")
    second = until(lambda: (code := caller.status()["qr_string"]) != first and code, 90, "another code")
    assert second != first
    # when WhatsApp stops showing them
    seen = until(lambda: (s := caller.status())["qr_status"] == "expired" and s, 90, "expired")
    assert (seen["status"], seen["qr_string"]) == ("QR_REQUIRED", None)
    assert seen["qr_attempts"] >= 2
    # then asking for one brings it back
    answer = caller.http.get(caller.path("qr"), params={"wait": 20})
    assert answer.status_code == 200
    assert answer.json()["qr_string"] not in (first, second)


def test_nobody_scans_and_the_browser_is_closed(system: System, caller: Caller) -> None:
    seen = caller.until_status("DISCONNECTED")
    assert seen["last_error_code"] == "QR_NOT_SCANNED"
    system.until_ended(71)
    # and nobody starts it again unasked
    assert caller.status()["recommended_action"] == "Connect the session"


def test_pairing_by_a_code_typed_into_the_phone(system: System, caller: Caller) -> None:
    system.simulator.put_settings(qr_first_ms=60_000, qr_next_ms=20_000)
    caller.connect()
    caller.until_status("QR_REQUIRED")
    system.simulator.put_phone(PHONE)
    answer = caller.http.post(caller.path("pairing-code"), json={"phone_number": PHONE})
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_at"]
    system.simulator.enter_pairing_code(PHONE, answer.json()["code"])
    assert caller.until_status("READY")["phone_number"] == PHONE


def test_a_contact_is_checked(system: System, caller: Caller) -> None:
    for form in forms("5491144440000"):
        system.simulator.put_number(form, exists=False)
    answers = {
        number: caller.http.get(caller.path(f"contacts/{number}")).json()
        for number in ("5491133330001", "5491144440000")
    }
    assert answers == {
        "5491133330001": {"ok": True, "number": "5491133330001", "exists": True, "chat_id": "5491133330001@c.us"},
        "5491144440000": {"ok": True, "number": "5491144440000", "exists": False, "chat_id": None},
    }


def test_a_restart_keeps_the_login(system: System, caller: Caller) -> None:
    since = caller.status()["since"]
    [browser] = system.browsers(71)
    assert caller.http.post(caller.path("restart")).status_code == 202
    caller.until_ready_since(since)
    assert system.browsers(71) != [browser]
    assert caller.status()["qr_attempts"] == 0


def test_a_damaged_profile_ends_in_a_session_or_says_what_is_wrong(system: System, caller: Caller) -> None:
    # given a login whose stored files are garbage
    caller.http.post(caller.path("disconnect"))
    system.until_ended(71)
    damaged = [path for path in system.profile(71).rglob("*") if path.is_file() and "IndexedDB" in str(path)]
    assert damaged
    for path in damaged:
        path.write_bytes(b"\x00garbage" * 50)
    # when it is connected
    assert caller.connect().status_code == 202

    def outcome() -> str:
        seen = caller.status()
        return seen["status"] if seen["status"] in ("QR_REQUIRED", "READY", "ERROR") else ""

    # then it does not hang: a new code is asked for (or a cause is named), and pairing anew works
    assert until(outcome, 90, "an outcome") in ("QR_REQUIRED", "ERROR")
    system.pair(caller, PHONE)


def test_a_lock_left_by_another_host_name_blocks_nothing(system: System, caller: Caller) -> None:
    caller.http.post(caller.path("disconnect"))
    system.until_ended(71)
    lock = system.profile(71) / "SingletonLock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("another-host-4242")
    assert caller.connect().status_code == 202
    assert caller.until_status("READY")["qr_attempts"] == 0


def test_receipts_that_came_while_nobody_listened_are_found(system: System, caller: Caller) -> None:
    # given a message that is sent, and not delivered yet when the session ends
    system.simulator.put_settings(delivered_ms=3_000, read_ms=100)
    message_id = caller.send("5491133330001", "para después").json()["message_id"]
    caller.until_message(message_id, "sent")
    caller.http.post(caller.path("disconnect"))
    until(lambda: system.worker(71) is None, 90, "the worker's end")

    def read_ones() -> list[dict[str, Any]]:
        rows = system.simulator.messages(PHONE)
        return [row for row in rows if row["body"] == "para después" and row["read_at"]]

    assert len(until(read_ones, 90, "the recipient to read it")) == 1
    assert caller.message(message_id)["status"] == "sent"
    # when it comes back
    caller.connect()
    # then the receipts are read off the page
    assert caller.until_message(message_id, "read")["read_at"]
    system.simulator.put_settings(delivered_ms=50, read_ms=150)


def test_what_waits_when_another_phone_is_paired_is_held(system: System, caller: Caller) -> None:
    caller.until_status("READY")
    caller.http.post(caller.path("disconnect"), json={"logout": True})
    until(lambda: system.worker(71) is None, 90, "the worker's end")
    held = caller.send("5491133330001", "del otro teléfono", on_not_ready="queue").json()["message_id"]
    system.pair(caller, "5491150000072")
    seen = until(lambda: (m := caller.message(held))["error"] and m, 90, "it to be held")
    assert (seen["status"], seen["error"], seen["certain"]) == ("queued", "HELD_NUMBER_CHANGED", True)
    # and what is accepted now goes out through the new phone
    fresh = caller.send("5491133330001", "del nuevo").json()["message_id"]
    caller.until_sent(fresh)
    assert [row["body"] for row in system.simulator.messages("5491150000072")] == ["del nuevo"]
    assert caller.http.post(caller.path(f"messages/{held}/cancel")).status_code == 200


def test_a_restricted_number_answers_but_starts_nothing(system: System, caller: Caller) -> None:
    caller.until_status("READY")
    phone = str(caller.status()["phone_number"])
    # given WhatsApp that refuses three sends in a row, as it does for a number it restricts
    system.simulator.add_fault("refuse_sends", phone=phone, value="463", count=3)
    for n in range(3):
        refused = caller.send(f"549113333010{n}", "no pasa").json()["message_id"]
        assert caller.until_message(refused, "failed")["error"] == "REFUSED_BY_WHATSAPP"
    # then a bulk waits, though its turn has come
    bulk = caller.http.post(
        caller.path("messages/bulk"), json={"messages": [{"to": "5491133330200", "message": "oferta"}]}
    )
    assert bulk.status_code == 202
    waiting = bulk.json()["items"][0]["message_id"]
    # and an answer to someone goes out
    answer = caller.send("5491133330001", "respuesta").json()["message_id"]
    caller.until_sent(answer)
    assert caller.message(waiting)["status"] == "queued"
    # and a new browser does not forget it
    caller.http.post(caller.path("restart"))
    again = caller.send("5491133330001", "otra respuesta", on_not_ready="queue").json()["message_id"]
    caller.until_sent(again)
    assert caller.message(waiting)["status"] == "queued"

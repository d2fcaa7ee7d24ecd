"""The life of a code: shown, renewed, gone idle, asked for again, given up; and pairing without one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.stack import Caller, Stack, wait_for

PHONE = "5491150000071"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    made = Stack(tmp_path_factory.mktemp("lm"), QR_WAIT_LIMIT_SECONDS="15")
    made.start_simulator()
    made.simulator.put_settings(qr_first_ms=2_000, qr_next_ms=1_000, qr_count=3)
    try:
        made.start_up()
        yield made
    finally:
        made.stop()


@pytest.fixture(scope="module")
def caller(stack: Stack) -> Caller:
    stack.add_user("agencia", 71)
    return stack.log_in("agencia", 71)


def test_codes_change_and_then_rest_until_someone_asks(stack: Stack, caller: Caller) -> None:
    # given a session nobody scans: codes follow one another
    caller.connect()
    first = wait_for("a code", lambda: caller.status()["qr_string"])
    second = wait_for("another code", lambda: (code := caller.status()["qr_string"]) != first and code)
    assert second != first
    # when WhatsApp stops showing them
    seen = wait_for("expired", lambda: (s := caller.status())["qr_status"] == "expired" and s)
    assert (seen["status"], seen["qr_string"]) == ("QR_REQUIRED", None)
    assert seen["qr_attempts"] >= 2
    # then asking for one brings it back
    answer = caller.http.get(caller.path("qr"), params={"wait": 20})
    assert answer.status_code == 200
    assert answer.json()["qr_string"] not in (first, second)


def test_nobody_scans_and_the_browser_is_closed(stack: Stack, caller: Caller) -> None:
    seen = caller.wait_status("DISCONNECTED")
    assert seen["last_error_code"] == "QR_NOT_SCANNED"
    wait_for("the worker's end", lambda: stack.worker(71) is None and not stack.browsers(71))
    # and nobody starts it again unasked
    assert caller.status()["recommended_action"] == "Connect the session"


def test_pairing_by_a_code_typed_into_the_phone(stack: Stack, caller: Caller) -> None:
    stack.simulator.put_settings(qr_first_ms=60_000, qr_next_ms=20_000)
    caller.connect()
    caller.wait_status("QR_REQUIRED")
    stack.simulator.put_phone(PHONE)
    answer = caller.http.post(caller.path("pairing-code"), json={"phone_number": PHONE})
    assert answer.status_code == 200, answer.text
    assert answer.json()["expires_at"]
    stack.simulator.enter_pairing_code(PHONE, answer.json()["code"])
    assert caller.wait_status("READY")["phone_number"] == PHONE


def test_a_contact_is_checked(stack: Stack, caller: Caller) -> None:
    stack.simulator.put_number("5491144440000", exists=False)
    answers = {
        number: caller.http.get(caller.path(f"contacts/{number}")).json()["exists"]
        for number in ("5491133330001", "5491144440000")
    }
    assert answers == {"5491133330001": True, "5491144440000": False}


def test_a_restart_keeps_the_login(stack: Stack, caller: Caller) -> None:
    since = caller.status()["since"]
    [browser] = stack.browsers(71)
    assert caller.http.post(caller.path("restart")).status_code == 202
    wait_for("a new READY", lambda: (s := caller.status())["status"] == "READY" and s["since"] != since)
    assert stack.browsers(71) != [browser]
    assert caller.status()["qr_attempts"] == 0


def test_a_damaged_profile_ends_in_a_session_or_says_what_is_wrong(stack: Stack, caller: Caller) -> None:
    # given a login whose stored files are garbage
    caller.http.post(caller.path("disconnect"))
    wait_for("the worker's end", lambda: stack.worker(71) is None and not stack.browsers(71))
    profile = stack.data / "sessions" / "cliente_71"
    damaged = [path for path in profile.rglob("*") if path.is_file() and "IndexedDB" in str(path)]
    assert damaged
    for path in damaged:
        path.write_bytes(b"\x00garbage" * 50)
    # when it is connected
    assert caller.connect().status_code == 202

    def outcome() -> str:
        seen = caller.status()
        return seen["status"] if seen["status"] in ("QR_REQUIRED", "READY", "ERROR") else ""

    # then it does not hang: a new code is asked for (or a cause is named), and pairing anew works
    assert wait_for("an outcome", outcome) in ("QR_REQUIRED", "ERROR")
    stack.pair(caller, PHONE)


def test_a_lock_left_by_another_host_name_blocks_nothing(stack: Stack, caller: Caller) -> None:
    caller.http.post(caller.path("disconnect"))
    wait_for("the worker's end", lambda: stack.worker(71) is None and not stack.browsers(71))
    lock = stack.data / "sessions" / "cliente_71" / "SingletonLock"
    lock.unlink(missing_ok=True)
    lock.symlink_to("another-host-4242")
    assert caller.connect().status_code == 202
    assert caller.wait_status("READY")["qr_attempts"] == 0


def test_receipts_that_came_while_nobody_listened_are_found(stack: Stack, caller: Caller) -> None:
    # given a message that is sent, and not delivered yet when the session ends
    stack.simulator.put_settings(delivered_ms=3_000, read_ms=100)
    message_id = caller.send("5491133330001", "para después").json()["message_id"]
    caller.wait_message(message_id, "sent")
    caller.http.post(caller.path("disconnect"))
    wait_for("the worker's end", lambda: stack.worker(71) is None)
    rows = wait_for(
        "the recipient to read it",
        lambda: [row for row in stack.simulator.messages(PHONE) if row["body"] == "para después" and row["read_at"]],
    )
    assert len(rows) == 1
    assert caller.message(message_id)["status"] == "sent"
    # when it comes back
    caller.connect()
    # then the receipts are read off the page
    assert caller.wait_message(message_id, "read")["read_at"]
    stack.simulator.put_settings(delivered_ms=50, read_ms=150)


def test_what_waits_when_another_phone_is_paired_is_held(stack: Stack, caller: Caller) -> None:
    caller.wait_status("READY")
    caller.http.post(caller.path("disconnect"), json={"logout": True})
    wait_for("the worker's end", lambda: stack.worker(71) is None)
    held = caller.send("5491133330001", "del otro teléfono", on_not_ready="queue").json()["message_id"]
    stack.pair(caller, "5491150000072")
    seen = wait_for("it to be held", lambda: (m := caller.message(held))["error"] and m)
    assert (seen["status"], seen["error"], seen["certain"]) == ("queued", "HELD_NUMBER_CHANGED", True)
    # and what is accepted now goes out through the new phone
    fresh = caller.send("5491133330001", "del nuevo").json()["message_id"]
    caller.wait_message(fresh, "sent", "delivered", "read")
    assert [row["body"] for row in stack.simulator.messages("5491150000072")] == ["del nuevo"]
    assert caller.http.post(caller.path(f"messages/{held}/cancel")).status_code == 200


def test_a_restricted_number_answers_but_starts_nothing(stack: Stack, caller: Caller) -> None:
    caller.wait_status("READY")
    phone = str(caller.status()["phone_number"])
    # given WhatsApp that refuses three sends in a row, as it does for a number it restricts
    stack.simulator.add_fault("refuse_sends", phone=phone, value="463", count=3)
    for n in range(3):
        refused = caller.send(f"549113333010{n}", "no pasa").json()["message_id"]
        assert caller.wait_message(refused, "failed")["error"] == "REFUSED_BY_WHATSAPP"
    # then a bulk waits, though its turn has come
    bulk = caller.http.post(
        caller.path("messages/bulk"), json={"messages": [{"to": "5491133330200", "message": "oferta"}]}
    )
    assert bulk.status_code == 202
    waiting = (
        bulk.json()["items"][0]["message_id"] if "items" in bulk.json() else bulk.json()["messages"][0]["message_id"]
    )
    # and an answer to someone goes out
    answer = caller.send("5491133330001", "respuesta").json()["message_id"]
    caller.wait_message(answer, "sent", "delivered", "read")
    assert caller.message(waiting)["status"] == "queued"
    # and a new browser does not forget it
    caller.http.post(caller.path("restart"))
    again = caller.send("5491133330001", "otra respuesta", on_not_ready="queue").json()["message_id"]
    caller.wait_message(again, "sent", "delivered", "read")
    assert caller.message(waiting)["status"] == "queued"

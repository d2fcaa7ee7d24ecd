"""The main job, end to end: two tenants, each with its own process, profile and phone, at the same time."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import httpx
import psutil
import pytest

from shared.recipient_key import forms
from support.waiting import until
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

PHONES = {51: "5491150000051", 52: "5491150000052"}
LEAD = "5491133330001"


@pytest.fixture(scope="module")
def callers(system: System) -> dict[int, Caller]:
    return {51: system.add_caller("agencia_a", 51), 52: system.add_caller("agencia_b", 52)}


@pytest.fixture(scope="module")
def paired(system: System, callers: dict[int, Caller]) -> dict[int, Caller]:
    for caller in callers.values():
        assert caller.connect().status_code == 202  # both start at the same time
    for cliente_id, caller in callers.items():
        system.pair(caller, PHONES[cliente_id])
    return callers


@pytest.fixture
def a(paired: dict[int, Caller]) -> Caller:
    return paired[51]


@pytest.fixture
def b(paired: dict[int, Caller]) -> Caller:
    return paired[52]


@pytest.fixture(autouse=True)
def no_faults(system: System) -> Iterator[None]:
    yield
    system.simulator.lift_faults()


def bodies(system: System, cliente_id: int) -> list[str]:
    """What WhatsApp's server has from this tenant's phone, in its order."""
    return [row["body"] for row in system.simulator.messages(PHONES[cliente_id]) if row["direction"] == "out"]


class TestBeforeAnyPhone:
    def test_a_known_tenant_has_an_object_and_no_browser(self, system: System, callers: dict[int, Caller]) -> None:
        # given nobody connected, when the status is read, then nothing is started by it
        seen = callers[51].status()
        assert (seen["status"], seen["stale"], seen["qr_string"]) == ("DISCONNECTED", False, None)
        assert system.worker(51) is None

    def test_a_refused_send_starts_nothing(self, system: System, callers: dict[int, Caller]) -> None:
        answer = callers[51].send(LEAD, "hola")
        assert (answer.status_code, answer.json()["error"]) == (503, "SESSION_NOT_READY")
        assert answer.json()["message"] == "WhatsApp desconectado, reconecta"
        assert system.worker(51) is None

    def test_a_queued_send_starts_the_session_and_waits_for_the_phone(
        self, system: System, callers: dict[int, Caller]
    ) -> None:
        message_id = callers[52].accepted(LEAD, "antes de vincular", on_not_ready="queue")
        callers[52].until_status("QR_REQUIRED")
        assert callers[52].message(message_id)["status"] == "queued"
        system.pair(callers[52], PHONES[52])
        assert callers[52].until_sent(message_id)["certain"]

    def test_the_code_in_every_form(self, callers: dict[int, Caller]) -> None:
        caller = callers[51]

        def code() -> httpx.Response | None:
            answer = caller.http.get(caller.path("qr"), params={"wait": 25})
            return answer if answer.status_code == 200 else None

        answer = until(code, 90, "a code")
        assert answer.json()["qr"].startswith("data:image/png;base64,")
        picture = caller.http.get(caller.path("qr"), headers={"Accept": "image/png"})
        assert picture.content.startswith(b"\x89PNG")
        drawn = caller.http.get(caller.path("qr"), headers={"Accept": "text/plain"})
        assert "█" in drawn.text or "▄" in drawn.text
        seen = caller.status()
        assert (seen["status"], seen["qr_status"], seen["needs_qr"]) == ("QR_REQUIRED", "generated", True)


class TestTwoTenants:
    def test_each_has_its_own_process_profile_and_phone(self, system: System, a: Caller, b: Caller) -> None:
        workers = {system.worker(51), system.worker(52)}
        assert len(workers) == 2
        assert None not in workers
        assert len(system.browsers(51)) == len(system.browsers(52)) == 1
        assert (a.status()["phone_number"], b.status()["phone_number"]) == (PHONES[51], PHONES[52])

    def test_both_send_at_once_and_each_through_its_own_phone(self, system: System, a: Caller, b: Caller) -> None:
        ids = {
            caller.cliente_id: [caller.accepted(f"549113334{n:04d}", f"{caller.cliente_id}-{n}") for n in range(20)]
            for caller in (a, b)
        }
        for caller in (a, b):
            for message_id in ids[caller.cliente_id]:
                seen = caller.until_message(message_id, "read")
                assert seen["whatsapp_id"].startswith("true_")
                assert seen["sent_at"] <= seen["delivered_at"] <= seen["read_at"]
            sent = [body for body in bodies(system, caller.cliente_id) if body.startswith(f"{caller.cliente_id}-")]
            assert sent == [f"{caller.cliente_id}-{n}" for n in range(20)]  # all of them, once, in order

    def test_neither_sees_anything_of_the_other(self, a: Caller, b: Caller) -> None:
        theirs = b.accepted(LEAD, "privado")
        for method, path in [
            ("GET", "status"), ("POST", "status"), ("GET", "qr"), ("POST", "connect"), ("POST", "disconnect"),
            ("GET", f"messages/{theirs}"), ("GET", "messages"), ("GET", "inbound"),
        ]:  # fmt: skip
            answer = a.http.request(method, f"/api/whatsapp/52/{path}")
            assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), path
            assert "privado" not in answer.text
        assert a.http.get(a.path(f"messages/{theirs}")).status_code == 404
        assert [item["cliente_id"] for item in a.http.get("/api/sessions").json()["items"]] == [51]

    def test_waiting_for_the_acknowledgement(self, a: Caller) -> None:
        answer = a.http.post(a.path("messages"), params={"wait": 20}, json={"to": LEAD, "message": "con espera"})
        assert answer.status_code == 200
        assert answer.json()["status"] in ("sent", "delivered", "read")

    def test_an_answer_comes_in(self, system: System, a: Caller) -> None:
        system.simulator.inbound(PHONES[51], LEAD, "¡Gracias! ñ€😀")

        def received() -> list[dict[str, object]]:
            items = a.http.get(a.path("inbound")).json()["items"]
            return [item for item in items if item["message"] == "¡Gracias! ñ€😀"]

        assert until(received, 90, "the answer")[0]["from"] == LEAD

    def test_a_number_that_is_not_on_whatsapp(self, system: System, a: Caller) -> None:
        for form in forms("5491144440000"):
            system.simulator.put_number(form, exists=False)
        seen = a.until_message(a.accepted("5491144440000", "¿hola?"), "failed")
        assert (seen["error"], seen["certain"]) == ("NOT_ON_WHATSAPP", True)
        assert "¿hola?" not in bodies(system, 51)

    def test_a_send_that_whatsapp_refuses(self, system: System, a: Caller) -> None:
        system.simulator.add_fault("refuse_sends", phone=PHONES[51], value="unknown")
        seen = a.until_message(a.accepted(LEAD, "rechazado"), "failed")
        assert (seen["error"], seen["sent_at"]) == ("REFUSED_BY_WHATSAPP", None)

    def test_the_worker_answers_while_a_send_runs(self, system: System, a: Caller) -> None:
        system.simulator.add_fault("latency_ms", phone=PHONES[51], value=2_000)
        message_id = a.accepted("5491133339999", "lento")
        for _ in range(10):
            answer = a.http.post(a.path("status"))
            assert (answer.status_code, answer.json()["status"]) == (200, "READY")
        system.simulator.lift_faults()
        a.until_sent(message_id)


class TestCrashes:
    def test_kill_9_of_one_worker(self, system: System, a: Caller, b: Caller) -> None:
        worker, other = system.worker(51), system.worker(52)
        assert worker is not None
        worker.send_signal(signal.SIGKILL)
        until(lambda: (found := system.worker(51)) is not None and found.pid != worker.pid, 90, "another worker")
        # then it comes back without a new code, and the other tenant never noticed
        assert a.until_status("READY")["qr_attempts"] == 0
        assert system.worker(52) == other
        assert len(system.browsers(51)) == 1
        a.until_message(a.accepted(LEAD, "sobrevivo"), "read")

    def test_kill_9_of_the_browser(self, system: System, a: Caller) -> None:
        before = a.status()["since"]
        [browser] = system.browsers(51)
        browser.send_signal(signal.SIGKILL)
        a.until_ready_since(before)
        a.until_message(a.accepted(LEAD, "navegador nuevo"), "read")

    def test_kill_9_during_sends_loses_and_doubles_nothing(self, system: System, a: Caller) -> None:
        ids = [a.accepted(f"549113335{n:04d}", f"k9-{n}") for n in range(30)]
        until(lambda: a.message(ids[5])["status"] != "queued", 90, "some to be sent")
        worker = system.worker(51)
        assert worker is not None
        worker.send_signal(signal.SIGKILL)
        for message_id in ids:
            a.until_sent(message_id, seconds=90)
        rows = [row for row in system.simulator.messages(PHONES[51]) if row["body"].startswith("k9-")]
        assert [row["body"] for row in rows] == [f"k9-{n}" for n in range(30)]
        assert all(row["recipient_copies"] == 1 for row in rows)

    def test_restart_of_everything_asks_for_no_code(self, system: System, a: Caller, b: Caller) -> None:
        pids = {process.pid for process in system.processes()} - {os.getpid()}
        assert system.stop() == 0, system.said()[-4000:]
        simulators = {process.pid for process in system.processes()}
        assert len(simulators) == 1, "only the simulator is left"
        assert not any(psutil.pid_exists(pid) for pid in pids - simulators)
        system.start()
        for caller in (a, b):
            assert caller.until_status("READY")["qr_attempts"] == 0
        a.until_message(a.accepted(LEAD, "después"), "read")


class TestEndOfASession:
    def test_disconnect_ends_the_browser_and_keeps_the_login(self, system: System, a: Caller) -> None:
        assert a.http.post(a.path("disconnect")).status_code == 202
        system.until_ended(51)
        seen = a.status()
        assert (seen["status"], seen["stale"]) == ("DISCONNECTED", False)
        assert a.http.post(a.path("disconnect")).status_code == 200  # nothing runs
        assert a.connect().status_code == 202
        assert a.until_status("READY")["qr_attempts"] == 0
        assert a.connect().json()["already_connected"] is True

    def test_logout_from_the_phone_asks_for_a_code(self, system: System, a: Caller) -> None:
        system.simulator.log_out(PHONES[51])
        seen = a.until_status("QR_REQUIRED")
        assert seen["phone_number"] is None
        system.pair(a, PHONES[51])

    def test_logout_by_the_caller_unlinks_the_phone(self, system: System, a: Caller) -> None:
        assert a.http.post(a.path("disconnect"), json={"logout": True}).status_code == 202
        until(lambda: system.worker(51) is None, 90, "the worker's end")
        linked = [device for device in system.simulator.devices() if device["phone"] == PHONES[51]]
        assert linked == []


def test_flower_shows_workers_by_tenant_behind_a_password(system: System, b: Caller) -> None:
    url = f"http://127.0.0.1:{system.flower_port}"
    assert httpx.get(f"{url}/api/workers").status_code == 401
    [secret] = system.data.rglob("flower_password")
    assert secret.stat().st_mode & 0o077 == 0
    auth = ("leadmaster", secret.read_text().strip())

    def shown() -> bool:
        return "sender_52@leadmaster" in httpx.get(f"{url}/workers", auth=auth, follow_redirects=True).text

    until(shown, 90, "Flower to show the session")

"""What goes wrong on demand, and how it heals, seen through the unmodified wa-js."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Playwright

from simulator.client import SimulatorClient
from support.waiting import until
from support.web_page import USER_AGENT, WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"


def test_the_connection_is_lost_and_heals(shared: WebPage, client: SimulatorClient) -> None:
    client.add_fault("offline", phone=shared.number, duration_ms=400)
    shared.until("() => window.seen.some(([name, online]) => name === 'conn.online' && online === 'false')")
    shared.until_ready()
    assert shared.events("conn.online")[-1] == "true"


@pytest.mark.parametrize(
    ("variant", "result", "ack", "code"),
    [
        ("unknown", "ERROR_UNKNOWN", -1, None),
        ("421", "ERROR_UNKNOWN", -1, 421),
        ("463", "ERROR_UNKNOWN", -1, 463),
        ("475", "ERROR_UNKNOWN", -1, 475),
        ("network", "ERROR_NETWORK", 0, None),
    ],
)
def test_sends_are_refused(
    shared: WebPage, client: SimulatorClient, lead: str, variant: str, result: str, ack: int, code: int | None
) -> None:
    client.add_fault("refuse_sends", phone=shared.number, value=variant, count=1)
    sent = shared.send(lead, "hola")
    assert (sent["sendMsgResult"]["messageSendResult"], sent["ack"]) == (result, ack)
    assert sent["sendMsgResult"].get("ackErrorCode") == code
    stored = shared.row(sent["key"])
    assert (stored["ack"], stored["isSendFailure"]) == (ack, True)
    capped = "UserReachedMaxMonthlyLimitForNewMessages" if variant == "475" else None
    assert stored.get("errorCode") == capped
    assert client.messages(shared.number, to=lead) == []
    assert shared.send(lead, "otra")["ack"] == 1


def test_a_send_throws(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    client.add_fault("refuse_sends", phone=shared.number, value="throw", count=1)
    assert shared.send(lead, "hola")["ok"] is False
    assert client.messages(shared.number, to=lead) == []


def test_answers_come_late(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    assert shared.send(lead, "primero")["ack"] == 1
    client.add_fault("latency_ms", phone=shared.number, value=1000)
    key = shared.send(lead, "tarde", wait=False)["key"]
    until(lambda: len(client.messages(shared.number, to=lead)) == 2, 15, "the server to accept it")
    assert shared.ack(key) == 0
    client.lift_faults()
    shared.until_ack(key, 3)


def test_dropped_receipts_come_when_the_fault_is_lifted(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    fault = client.add_fault("drop_receipts", phone=shared.number)
    key = shared.send(lead, "hola")["key"]
    until(lambda: client.messages(shared.number, to=lead)[0]["ack"] == 3, 15, "the recipient to read")
    assert shared.ack(key) == 1
    client.lift_faults(fault)
    shared.until_ack(key, 3)


def test_another_window_takes_over(shared: WebPage, client: SimulatorClient) -> None:
    client.add_fault("takeover", phone=shared.number)
    shared.until_state(mode="CONFLICT", state="CONFLICT")
    shared.run("() => require('WAWebSocketModel').Socket.takeover()")
    shared.until_ready()


@pytest.mark.parametrize(("kind", "mode"), [("ban", "TOS_BLOCK"), ("proxyblock", "PROXYBLOCK")])
def test_the_account_or_version_is_blocked(
    shared: WebPage, client: SimulatorClient, lead: str, kind: str, mode: str
) -> None:
    fault = client.add_fault(kind, phone=shared.number)
    shared.until_state(mode=mode, state=mode)
    if kind == "ban":
        assert "account_temporarily_banned" in shared.events("conn.backend_event")
    key = shared.send(lead, "hola", wait=False)["key"]
    assert shared.ack(key) == 0
    client.lift_faults(fault)
    shared.until_ready()
    shared.until_ack(key, 3)


def test_the_page_hangs_reloads_forgets_and_crashes(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.add_fault("storage_initialization_error", phone=number)
    linked.until(
        "() => window.seen.some(([name, what]) => name === 'conn.backend_event' && what.startsWith('storage_init'))"
    )
    client.lift_faults()
    key = linked.send(LEAD, "hola")["key"]
    client.add_fault("wipe_local_store", phone=number)
    until(lambda: linked.ack(key) == "msg_not_found", 15, "the page to forget")
    assert linked.state()["registered"]

    client.add_fault("hang_page", phone=number, value=700)
    before = linked.run("() => performance.now()")
    assert linked.run("() => performance.now()") >= before
    linked.until_ready()

    linked.run("() => { window.before = true; }")
    client.add_fault("detach", phone=number)
    linked.until("() => window.before === undefined && window.WPP !== undefined")
    linked.until_ready()

    crashed: list[bool] = []
    linked.page.on("crash", lambda _: crashed.append(True))
    client.add_fault("crash_page", phone=number)

    def has_crashed() -> bool:
        linked.page.context.cookies()
        return bool(crashed)

    until(has_crashed, 15, "the renderer to crash")


def test_the_page_is_as_heavy_as_asked(shared: WebPage, client: SimulatorClient) -> None:
    count = "() => Object.keys(require('__debug').modulesMap).length"
    light = shared.run(count)
    client.put_settings(modules=40, heap_mb=2)
    shared.page.reload()
    shared.until_ready()
    assert shared.run(count) == light + 40
    assert shared.run("() => require('SimBallast').held.length") > 0


def test_the_server_forgets_the_device(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.add_fault("lose_device", phone=number)
    linked.until("() => location.search.includes('post_logout=1')")
    assert client.phone(number)["devices"] == []


def test_a_browser_that_says_it_is_headless_is_turned_away(playwright: Playwright, simulator: Any, wa_js: Any) -> None:
    request = playwright.request.new_context(user_agent=USER_AGENT.replace("Chrome/", "HeadlessChrome/"))
    try:
        answer = request.get(simulator.url)
        assert "Navegador no compatible" in answer.text()
        assert "<script" not in answer.text()
    finally:
        request.dispose()

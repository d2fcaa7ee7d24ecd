"""What comes in with an event and what without one, leads from ads, and what their senders see of it."""

from __future__ import annotations

import time

import pytest

from simulator.client import SimulatorClient
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"

TEXTS = """async () => {
  const rows = await WPP.indexdb.getMessagesFromRowId({ minRowId: 1e9, limit: -1 });
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById(rows.map(({ id }) => id));
  return messages.map(({ body }) => body);
}"""
BUS = """() => {
  const { BackendEventBus } = WPP.whatsapp;
  return [BackendEventBus.isMainStreamReadyMd, BackendEventBus.isOfflineDeliveryEnd];
}"""
ANSWER = """async ({ to, text }) => {
  const sent = await WPP.chat.sendTextMessage(to, text, { markIsRead: false, waitForAck: true });
  return sent.ack;
}"""
ASK = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  const utils = WPP.loader.loadModule('WAWebNonMessageDataRequestPlaceholderMessageResendUtils');
  utils.handlePlaceholderMsgsSeen(messages, true);
}"""


HOLD_STORING = """() => {
  const { messageTable } = require('SimMessageTable');
  const { find } = messageTable;
  const released = new Promise((resolve) => { window.release = resolve; });
  messageTable.find = async (keys) => { await released; return find.call(messageTable, keys); };
}"""


def rows_on_page(page: WebPage) -> list[str]:
    """The texts of what came in or was sent, in the page's order."""
    texts: list[str] = page.run(TEXTS)
    return texts


def test_what_waited_is_stored_without_an_event(linked: WebPage, client: SimulatorClient, number: str) -> None:
    assert linked.run(BUS) == [True, True]
    linked.close()
    for text in ("uno", "dos", "tres"):
        client.inbound(number, LEAD, text)
    linked.open().until_ready()
    assert linked.run(BUS) == [True, True]
    assert rows_on_page(linked) == ["uno", "dos", "tres"]
    until(lambda: all(row["delivered_at"] for row in client.messages(number)), 15, "the receipts")
    client.inbound(number, LEAD, "cuatro")
    linked.until("() => window.seen.some(([name]) => name === 'chat.new_message')")
    assert linked.events("chat.new_message") == ["cuatro"]


def test_what_is_not_stored_yet_is_not_delivered_by_the_answer_to_a_send(
    linked: WebPage, client: SimulatorClient, number: str
) -> None:
    # given a message that has come to the page and that it has not stored yet
    linked.run(HOLD_STORING)
    client.inbound(number, LEAD, "uno")
    # when a message of its own is accepted meanwhile, a later change than that
    linked.run(ANSWER, {"to": f"{LEAD}@c.us", "text": "dos"})
    # then the page does not say that it had stored everything so far, not even once the contact has read the later one
    until(lambda: any(row["read_at"] for row in client.messages(number)), 15, "the contact's reading")
    linked.run("(wid) => WPP.contact.queryExists(wid)", f"{LEAD}@c.us")  # whatever the page said has come before this
    [held] = [row for row in client.messages(number) if row["direction"] == "in"]
    assert held["delivered_at"] is None
    linked.run("() => window.release()")
    until(lambda: all(row["delivered_at"] for row in client.messages(number)), 15, "the receipt")
    assert "uno" in rows_on_page(linked)


def test_the_other_way_what_waited_is_told(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.put_settings(startup_events=True)
    linked.close()
    client.inbound(number, LEAD, "uno")
    linked.open().until_ready()
    assert linked.events("chat.new_message") == ["uno"]


def test_what_waited_for_an_open_page_is_told(linked: WebPage, client: SimulatorClient, number: str) -> None:
    fault = client.add_fault("offline", phone=number)
    linked.until_state(online=False)
    assert linked.run(BUS) == [True, False]
    client.inbound(number, LEAD, "uno")
    client.lift_faults(fault)
    linked.until("() => window.seen.some(([name, text]) => name === 'chat.new_message' && text === 'uno')")
    linked.until_ready()
    assert linked.events("conn.backend_event")[-2:] == ["offline_delivery_state_reset", "offline_delivery_end"]


def test_with_many_waiting_the_page_reloads_itself(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.put_settings(reload_above=4)
    fault = client.add_fault("offline", phone=number)
    linked.until_state(online=False)
    linked.run("() => { window.before = true; }")
    for index in range(5):
        client.inbound(number, LEAD, f"n {index}")
    client.lift_faults(fault)
    linked.until("() => window.before === undefined && window.WPP !== undefined")
    linked.until_ready()
    assert rows_on_page(linked) == [f"n {index}" for index in range(5)]
    assert linked.events("chat.new_message") == []


def test_the_page_reloads_on_its_own_order(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run("() => { window.before = true; }")
    client.add_fault("self_reload", phone=number)
    linked.until("() => window.before === undefined && window.WPP !== undefined")
    linked.until_ready()


def test_a_lead_from_an_ad_is_empty_until_asked(linked: WebPage, client: SimulatorClient, number: str) -> None:
    lead = client.lead(number, LEAD, "Vi el anuncio", {"title": "Oferta", "conversionData": "x"})
    linked.until("() => window.seen.some(([name]) => name === 'chat.new_message')")
    before = linked.row(lead["key"])
    assert (before["type"], before.get("ctwaContext")) == ("ciphertext", None)
    linked.run("() => { WPP.on('chat.new_message', (message) => { window.lead = message.ctwaContext; }); }")
    linked.run(ASK, lead["key"])
    linked.until("() => window.seen.filter(([name]) => name === 'chat.new_message').length === 2")
    assert linked.events("chat.new_message")[-1] == "Vi el anuncio"
    assert linked.run("() => window.lead.title") == "Oferta"
    after = linked.row(lead["key"])
    assert (after["type"], after["rowId"]) == ("chat", before["rowId"])
    assert after["ctwaContext"] == {"title": "Oferta", "conversionData": "x"}


def test_a_lead_that_came_while_away_is_asked_for_later(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.close()
    lead = client.lead(number, LEAD, "Vi el anuncio")
    linked.open().until_ready()
    silent = client.add_fault("phone_silent", phone=number)
    linked.run(ASK, lead["key"])
    linked.page.reload()
    linked.until_ready()
    assert linked.row(lead["key"])["type"] == "ciphertext"
    client.lift_faults(silent)
    linked.run(ASK, lead["key"])
    until(lambda: linked.row(lead["key"])["type"] == "chat", 15, "the phone to send it again")
    assert rows_on_page(linked) == ["Vi el anuncio"]


def test_an_answer_is_seen_while_somebody_is_there(linked: WebPage, client: SimulatorClient, number: str) -> None:
    until(lambda: client.phone(number)["shown_online"], 15, "the account to be online")
    linked.run("() => WPP.conn.markAvailable(false)")
    until(lambda: not client.phone(number)["shown_online"], 15, "the account to be offline")
    client.inbound(number, LEAD, "¿precio?")
    linked.until("() => window.seen.some(([name]) => name === 'chat.new_message')")
    assert linked.run(ANSWER, {"to": f"{LEAD}@c.us", "text": "100"}) == 1
    assert client.counts()[number]["inbound_read"] == 0
    linked.run("() => WPP.conn.markAvailable(true)")
    until(lambda: client.counts()[number]["inbound_read"] == 1, 15, "blue ticks")
    client.inbound(number, LEAD, "¿y envío?")
    linked.until("() => window.seen.some(([name, text]) => name === 'chat.new_message' && text === '¿y envío?')")
    assert linked.run(ANSWER, {"to": f"{LEAD}@c.us", "text": "20"}) == 1
    until(lambda: client.counts()[number]["inbound_read"] == 2, 15, "blue ticks")
    assert client.phone(number)["times_online"] == 2


def test_limits_are_asked_and_hold(linked: WebPage, client: SimulatorClient, number: str) -> None:
    ask_lock = "() => WPP.loader.loadModule('WAWebMexFetchReachoutTimelockJob').mexFetchReachoutTimelock()"
    ask_cap = "() => WPP.loader.loadModule('WAWebMexFetchNewChatMessageCappingInfoJob').mexFetchNewChatMessageCapping()"
    assert linked.run(ask_lock)["is_active"] is False
    assert linked.run(ask_cap)["total_quota"] == "-1"
    assert linked.send(LEAD, "hola")["ack"] == 1
    ends = int(time.time()) + 3600
    client.put_limits(number, time_lock_ends=ends, enforcement_type="BIZ_QUALITY")
    lock = linked.run(ask_lock)
    assert lock == {"is_active": True, "enforcement_type": "BIZ_QUALITY", "time_enforcement_ends": str(ends)}
    assert linked.send("5491100010001", "hola")["sendMsgResult"]["ackErrorCode"] == 463
    assert linked.send(LEAD, "otra")["ack"] == 1
    client.put_limits(number, time_lock_ends=None, total_quota=2, used_quota=1, cycle_ends=ends)
    assert linked.send("5491100010001", "hola")["ack"] == 1
    assert linked.send("5491100010002", "hola")["sendMsgResult"]["ackErrorCode"] == 475
    cap = linked.run(ask_cap)
    assert (cap["total_quota"], cap["used_quota"], cap["cycle_end_timestamp"]) == ("2", "2", str(ends))
    assert linked.send(LEAD, "y otra")["ack"] == 1

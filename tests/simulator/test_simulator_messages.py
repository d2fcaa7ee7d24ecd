"""Messages both ways and their acks, seen through the unmodified wa-js and in the server's record."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from simulator.client import SimulatorClient
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"
FLOOD = """async ({ to, count }) => {
  const chat = await WPP.chat.find(to);
  const keys = [];
  for (let start = 0; start < count; start += 500) {
    await Promise.all(Array.from({ length: 500 }, async (_, index) => {
      const key = (await WPP.chat.generateMessageID(chat)).toString();
      keys[start + index] = key;
      await WPP.chat.sendTextMessage(chat.id, `n ${start + index}`, { messageId: key, linkPreview: false });
    }));
  }
  return keys;
}"""


def test_acks_one_two_three(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    sent = shared.send(lead, "hola")
    assert sent["ack"] == 1
    assert sent["sendMsgResult"]["messageSendResult"] == "OK"
    shared.until_ack(sent["key"], 3)
    assert shared.events("chat.msg_ack_change")[-3:] == [1, 2, 3]
    (row,) = client.messages(shared.number, to=lead)
    assert (row["key"], row["to"], row["body"], row["ack"], row["copies"]) == (sent["key"], lead, "hola", 3, 1)
    assert row["accepted_at"] <= row["delivered_at"] <= row["read_at"]


def test_the_recipient_reads_when_told_to(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    client.put_settings(auto_read=False)
    key = shared.send(lead, "hola")["key"]
    shared.until_ack(key, 2)
    assert client.read(shared.number, lead) == 1
    shared.until_ack(key, 3)


def test_inbound_now_and_while_away(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.inbound(number, LEAD, "uno")
    client.own(number, LEAD, "desde el teléfono")
    linked.until("() => window.seen.filter(([name]) => name === 'chat.new_message').length === 2")
    linked.close()
    missed = client.inbound(number, LEAD, "dos")
    key = client.own(number, LEAD, "otra del teléfono")["key"]
    linked.open().until_ready()
    assert linked.ack(missed["key"]) == 1
    linked.until_ack(key, 3)
    assert client.counts()[number]["inbound"] == 2


def test_receipts_that_came_while_away(linked: WebPage, client: SimulatorClient) -> None:
    client.put_settings(delivered_ms=600, read_ms=700)
    key = linked.send(LEAD, "hola")["key"]
    linked.close()
    linked.open().until_ready()
    linked.until_ack(key, 3)


def test_numbers_that_are_not_on_whatsapp(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    client.put_number("5491100000404", exists=False)
    ask = "(wid) => WPP.contact.queryExists(wid).then((found) => found && found.wid.toString())"
    assert shared.run(ask, "5491100000404@c.us") is None
    assert shared.run(ask, f"{lead}@c.us") == f"{lead}@c.us"


def test_the_lid_trap(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.put_phone(number, lid=True)
    linked.until("() => require('SimAccount').account.login.lid_migrated")
    trapped = linked.send(f"{LEAD}@c.us", "hola", key=f"true_{LEAD}@c.us_3EB0AAAA")
    assert trapped["code"] == "message_key_remote_id_is_not_same_of_chat"
    sent = linked.send(f"{LEAD}@c.us", "hola")
    assert sent["chat"].endswith("@lid")
    linked.until_ack(sent["key"], 3)
    (row,) = client.messages(number)
    assert (row["to"], row["key"]) == (LEAD, sent["key"])


def test_ten_thousand_messages(new_page: Callable[[], WebPage], client: SimulatorClient, number: str) -> None:
    client.put_settings(ack_ms=0)
    page = new_page()
    client.scan(number, page.until_code())
    page.until_ready()
    keys = page.run(FLOOD, {"to": LEAD, "count": 10_000})
    assert client.counts()[number]["accepted"] == 10_000
    page.close()
    page.open().until_ready()
    assert page.is_acknowledged(keys[0])
    assert page.is_acknowledged(keys[-1])
    assert len(client.messages(number, after_seq=0, limit=20_000)) == 10_000

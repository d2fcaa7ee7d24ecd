"""Own messages between the page's database and the server: what stands where when something is lost."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.client import ControlError, SimulatorClient
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"

HAND_OVER = """async ({ to, key, text, late }) => {
  const chat = await WPP.chat.find(to);
  const raw = await WPP.chat.prepareRawMessage(chat, { type: 'chat', body: text }, { messageId: key });
  const data = late ? Promise.resolve(raw) : raw;
  const steps = [];
  const before = () => { steps.push('beforeSend'); };
  const [added, outcome] = WPP.whatsapp.functions.addAndSendMsgToChat(chat, data, before);
  outcome.catch(() => undefined);
  try {
    await added;
    return { added: true, steps, outcome: (await outcome).messageSendResult };
  } catch (error) {
    return { added: error.name, outcome: await outcome.then((one) => one, (other) => other.name) };
  }
}"""
READ = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return messages.map((message) => ({
    id: String(message.id), body: message.body, ack: message.ack, type: message.type,
    failed: Boolean(message.isSendFailure), was: message.protocolMessageKey && String(message.protocolMessageKey),
  }));
}"""
RESEND = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return WPP.loader.loadModule('WAWebResendMsgAction').resendMsg(messages[0]);
}"""


def new_key(page: WebPage, lead: str) -> str:
    """A key of a message to the lead, made the usual way."""
    script = "async (to) => (await WPP.chat.generateMessageID(await WPP.chat.find(to))).toString()"
    return str(page.run(script, f"{lead}@c.us"))


def test_rows_are_numbered_in_order_over_all_chats(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.send(LEAD, "uno")
    client.inbound(number, "5491122220000", "dos")
    linked.until("() => window.seen.some(([name, body]) => name === 'chat.new_message' && body === 'dos')")
    linked.send("5491122221111", "tres")
    rows: list[dict[str, Any]] = linked.run("() => WPP.indexdb.getMessagesFromRowId({ minRowId: 1e9 })")
    assert [row["rowId"] for row in rows] == [1_000_000_001, 1_000_000_002, 1_000_000_003]
    assert [row["id"].startswith("true_") for row in rows] == [True, False, True]
    assert "uno" not in str(rows)
    assert not any("body" in row for row in rows)


def test_the_number_of_a_deleted_row_is_given_again(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.send(LEAD, "uno")
    deleted = linked.send(LEAD, "dos")["key"]
    linked.run(
        """(key) => {
          const message = WPP.whatsapp.MsgStore.get(key);
          const chat = WPP.whatsapp.ChatStore.get(message.id.remote);
          WPP.whatsapp.Cmd.sendDeleteMsgs(chat, { type: 'message', list: [message] }, true);
        }""",
        deleted,
    )
    until(lambda: linked.row(deleted) == {}, 15, "the row to be gone")
    assert linked.row(linked.send(LEAD, "tres")["key"])["rowId"] == 1_000_000_002


def test_history_lies_below_in_its_order(new_page: Any, client: SimulatorClient, number: str) -> None:
    for text in ("uno", "dos", "tres"):
        client.own(number, LEAD, text)
    page = new_page()
    client.scan(number, page.until_code())
    page.until_ready()
    rows = page.run("() => WPP.indexdb.getMessagesFromRowId({ minRowId: 0 })")
    assert [row["rowId"] for row in rows] == [999_999_997, 999_999_998, 999_999_999]
    keys = [row["key"] for row in client.messages(number)]
    assert [row["id"] for row in rows] == keys
    assert [page.run(READ, key)[0]["body"] for key in keys] == ["uno", "dos", "tres"]


def test_added_then_before_send_then_the_outcome(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    key = new_key(shared, lead)
    done = shared.run(HAND_OVER, {"to": f"{lead}@c.us", "key": key, "text": "hola", "late": True})
    assert done == {"added": True, "steps": ["beforeSend"], "outcome": "OK"}
    assert [row["key"] for row in client.messages(shared.number, to=lead)] == [key]


def test_a_known_key_is_refused_and_nothing_is_sent(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = linked.send(LEAD, "hola")["key"]
    linked.until_ack(key, 3)
    again = {"to": f"{LEAD}@c.us", "key": key, "text": "otra", "late": False}
    refused = {"added": "DuplicateMessageError", "outcome": "DuplicateMessageError"}
    assert linked.run(HAND_OVER, again) == refused
    linked.page.reload()
    linked.until_ready()
    assert linked.run(HAND_OVER, again) == refused
    (message,) = linked.run(READ, key)
    assert (message["body"], message["ack"]) == ("hola", 3)
    (row,) = client.messages(number)
    assert row["copies"] == 1


def test_offline_it_stays_pending_and_leaves_in_order(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.add_fault("offline", phone=number)
    linked.until_state(online=False, info="OFFLINE")
    keys = [linked.send(LEAD, text, wait=False)["key"] for text in ("uno", "dos", "tres")]
    assert [linked.row(key)["ack"] for key in keys] == [0, 0, 0]
    assert linked.run("(to) => WPP.contact.queryExists(to)", "5491100009999@c.us") is None
    client.lift_faults()
    linked.until_ack(keys[2], 3)
    assert [row["key"] for row in client.messages(number)] == keys


def test_nobody_sends_again_after_the_page_is_gone(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.add_fault("offline", phone=number)
    linked.until_state(online=False, info="OFFLINE")
    key = linked.send(LEAD, "sin red", wait=False)["key"]
    linked.kill()
    client.lift_faults()
    linked.open().until_ready()
    assert linked.send(LEAD, "otra")["ack"] == 1
    assert [row["body"] for row in client.messages(number)] == ["otra"]
    assert linked.run(READ, key) == [
        {"id": key, "body": "sin red", "ack": 0, "type": "chat", "failed": True, "was": None}
    ]
    assert linked.run(RESEND, key) == "OK"
    linked.until_ack(key, 3)
    assert linked.run(RESEND, key) is None
    assert [row["key"] for row in client.messages(number)][1:] == [key]


def test_the_other_way_the_page_sends_again_by_itself(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.put_settings(page_resends=True)
    client.add_fault("offline", phone=number)
    linked.until_state(online=False, info="OFFLINE")
    key = linked.send(LEAD, "sin red", wait=False)["key"]
    linked.kill()
    client.lift_faults()
    linked.open().until_ready()
    linked.until_ack(key, 3)
    assert [row["key"] for row in client.messages(number)] == [key]


def test_a_dropped_ack_is_pending_until_the_socket_is_new(
    linked: WebPage, client: SimulatorClient, number: str
) -> None:
    client.add_fault("drop_acks", phone=number, count=1)
    key = linked.send(LEAD, "hola", wait=False)["key"]
    until(lambda: client.messages(number), 15, "the server to accept it")
    assert linked.send(LEAD, "otra")["ack"] == 1
    assert linked.ack(key) == 0
    client.add_fault("offline", phone=number, duration_ms=200)
    linked.until_ack(key, 3)
    assert [(row["copies"], row["recipient_copies"]) for row in client.messages(number)] == [(2, 1), (1, 1)]


def test_a_dropped_ack_before_a_reload_stays_in_doubt(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.add_fault("drop_acks", phone=number, count=1)
    key = linked.send(LEAD, "hola", wait=False)["key"]
    until(lambda: client.messages(number)[0]["ack"] == 3 if client.messages(number) else False, 15, "it to be read")
    linked.page.reload()
    linked.until_ready()
    assert [(one["ack"], one["failed"]) for one in linked.run(READ, key)] == [(0, True)]
    assert linked.run(RESEND, key) == "OK"
    linked.until_ack(key, 3)
    (row,) = client.messages(number)
    assert (row["copies"], row["recipient_copies"]) == (2, 1)


def test_without_dedupe_the_recipient_gets_it_twice(linked: WebPage, client: SimulatorClient, number: str) -> None:
    client.put_settings(dedupe=False)
    client.add_fault("drop_acks", phone=number, count=1)
    key = linked.send(LEAD, "hola", wait=False)["key"]
    until(lambda: client.messages(number), 15, "the server to accept it")
    client.add_fault("offline", phone=number, duration_ms=200)
    linked.until_ack(key, 3)
    (row,) = client.messages(number)
    assert (row["copies"], row["recipient_copies"]) == (2, 2)
    counts = client.counts()[number]
    assert counts["recipient_copies"] == counts["accepted"] + 1


def test_a_row_may_lie_under_the_other_address(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run("(to) => WPP.contact.queryExists(to)", f"{LEAD}@c.us")
    key = linked.send(LEAD, "antes")["key"]
    client.put_phone(number, lid=True)
    client.add_fault("migrate_to_lid", phone=number)
    until(lambda: linked.run(READ, key) == [], 15, "the page to move its chats")
    twin = linked.run(
        """(key) => {
          const { getAlternateMsgKey } = WPP.loader.loadModule('WAWebLidMigrationUtils');
          return String(getAlternateMsgKey(WPP.whatsapp.MsgKey.fromString(key)));
        }""",
        key,
    )
    assert twin.split("_")[1].endswith("@lid")
    assert [one["body"] for one in linked.run(READ, twin)] == ["antes"]
    linked.until_ack(twin, 3)


def test_deleted_for_everyone_while_the_page_looks(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = linked.send(LEAD, "ups")["key"]
    linked.run(
        """(key) => WPP.whatsapp.MsgStore.get(key).on('change:msgKey', ({ newKey, oldKey }) => {
          window.seen.push(['rekeyed', `${oldKey} ${newKey}`]);
        })""",
        key,
    )
    deletion = client.revoke(number, key)["key"]
    linked.until("() => window.seen.some(([name]) => name === 'rekeyed')")
    assert linked.events("rekeyed") == [f"{key} {deletion}"]
    assert linked.run(READ, key) == []
    assert [(one["type"], one["was"]) for one in linked.run(READ, deletion)] == [("revoked", key)]
    with pytest.raises(ControlError) as unknown:
        client.revoke(number, f"true_{LEAD}@c.us_3EB0")
    assert unknown.value.status == 404


def test_deleted_for_everyone_while_the_page_is_down(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = linked.send(LEAD, "ups")["key"]
    number_of_row = linked.row(key)["rowId"]
    linked.close()
    deletion = client.revoke(number, key)["key"]
    linked.open().until_ready()
    assert linked.row(key) == {}
    row = linked.row(deletion)
    assert (row["type"], row["protocolMessageKey"], row["rowId"]) == ("revoked", key, number_of_row)
    assert [message["revoked"] for message in client.messages(number)] == [True]

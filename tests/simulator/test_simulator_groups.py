"""Groups on the stand-in page: who is in them, writing to them, who of them has got it."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Error

from simulator.client import SimulatorClient
from support.sending_page import png, send, upload
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

ANA, BRUNO, CARLA = "5491122220001", "5491122220002", "5491122220003"

ALL = """async () => {
  const groups = await WPP.group.getAllGroups();
  return groups.map(({ id, name }) => [String(id), name]);
}"""
METADATA = """async (id) => {
  const chat = await WPP.chat.find(id);
  const { subject, desc, announce, isLidAddressingMode, owner, participants } = chat.groupMetadata;
  const members = (await WPP.group.getParticipants(id)).map(({ id: member, isAdmin }) => [String(member), isAdmin]);
  return { subject, desc, announce, lid: isLidAddressingMode, owner: owner && String(owner), members,
    amAdmin: await WPP.group.iAmAdmin(id) };
}"""
SEND_AS = """async ({ id, text, own }) => {
  const chat = await WPP.chat.find(id);
  const made = await WPP.chat.generateMessageID(chat);
  const { getMaybeMePnUser, getMaybeMeLidUser } = WPP.whatsapp.UserPrefs;
  const participant = own === 'lid' ? getMaybeMeLidUser() : getMaybeMePnUser();
  const key = new WPP.whatsapp.MsgKey({ fromMe: true, remote: chat.id, id: made.id, participant });
  window.acks = [];
  WPP.on('chat.msg_ack_change', ({ ack, ids, sender }) => window.acks.push([ack, String(ids[0]), String(sender)]));
  const raw = await WPP.chat.prepareRawMessage(chat, { type: 'chat', body: text }, { messageId: key });
  const [added, outcome] = WPP.whatsapp.functions.addAndSendMsgToChat(chat, raw);
  await added;
  return { key: String(key), mentions: (raw.mentionedJidList ?? []).map(String), ...(await outcome) };
}"""


@pytest.fixture
def group(client: SimulatorClient, linked: WebPage) -> str:
    """A group of this test's own, by phone numbers; the phone is its admin."""
    members = {linked.number: "superadmin", ANA: "member", BRUNO: "admin"}
    return str(client.add_group("Pedidos", members, description="Solo pedidos")["id"])


def test_a_group_is_told_before_its_first_message(linked: WebPage, client: SimulatorClient) -> None:
    frames: list[str] = []
    linked.page.on("websocket", lambda wire: wire.on("framereceived", lambda frame: frames.append(str(frame))))
    linked.page.reload()
    linked.until_ready()
    id_ = "120363000000070001@g.us"
    key = client.receive(linked.number, ANA, text="hola", group=id_)["key"]
    until(lambda: linked.row(key) != {}, 15, "the row")
    told = [("groups" if key not in frame else "message") for frame in frames if id_ in frame]
    assert told[:2] == ["groups", "message"]


def test_all_groups_and_who_is_in_them(linked: WebPage, client: SimulatorClient, group: str) -> None:
    client.add_group("De otros", [ANA, BRUNO])
    assert linked.run(ALL) == [[group, "Pedidos"]]
    own = f"{linked.number}@c.us"
    shown = linked.run(METADATA, group)
    assert shown == {
        "subject": "Pedidos",
        "desc": "Solo pedidos",
        "announce": False,
        "lid": False,
        "owner": own,
        "members": [[own, True], [f"{ANA}@c.us", False], [f"{BRUNO}@c.us", True]],
        "amAdmin": True,
    }
    client.change_group(group, subject="Ventas", members=[linked.number, CARLA], lid=True)
    linked.until(f"() => importNamespace('WAWebGroupMetadataCollection').default.get('{group}').subject === 'Ventas'")
    changed = linked.run(METADATA, group)
    assert (changed["lid"], changed["amAdmin"], len(changed["members"])) == (True, False, 2)
    assert all(member.endswith("@lid") for member, _ in changed["members"])
    linked.page.reload()
    linked.until_ready()
    assert linked.run(METADATA, group) == changed
    client.change_group(group, members=[ANA])
    until(lambda: linked.run(ALL) == [], 15, "the group to be gone")
    with pytest.raises(Error):
        linked.run(METADATA, group)


def test_each_member_says_that_it_has_it(linked: WebPage, client: SimulatorClient, group: str) -> None:
    client.put_settings(auto_read=False)
    done = linked.run(SEND_AS, {"id": group, "text": f"hola @{ANA}", "own": "pn"})
    assert (done["messageSendResult"], done["mentions"]) == ("OK", [f"{ANA}@c.us"])
    linked.until("() => window.acks.length === 3")
    id_ = done["key"].split("_")[2]
    delivered = [[2, f"true_{group}_{id_}_{who}@c.us", f"{who}@c.us"] for who in (ANA, BRUNO)]
    assert linked.run("() => window.acks") == [[1, done["key"], "undefined"], *delivered]
    linked.until_ack(done["key"], 2)
    client.read(linked.number, group, reader=ANA)
    linked.until("() => window.acks.length === 4")
    assert linked.ack(done["key"]) == 2
    (row,) = client.messages(linked.number, to=group)
    assert (row["ack"], row["members"], row["mentions"]) == (2, {ANA: 3, BRUNO: 2}, [ANA])
    client.read(linked.number, group)
    linked.until_ack(done["key"], 3)
    info = linked.run("(key) => WPP.chat.getMessageACK(key)", done["key"])
    assert (info["ack"], info["readRemaining"], len(info["participants"])) == (3, 0, 2)


def test_the_wrong_addressing_is_refused(linked: WebPage, client: SimulatorClient, group: str) -> None:
    refused = linked.run(SEND_AS, {"id": group, "text": "hola", "own": "lid"})
    assert (refused["messageSendResult"], refused["ackErrorCode"]) == ("ERROR_UNKNOWN", 421)
    client.change_group(group, lid=True)
    assert linked.run(SEND_AS, {"id": group, "text": "hola", "own": "pn"})["ackErrorCode"] == 421
    assert linked.run(SEND_AS, {"id": group, "text": "hola", "own": "lid"})["messageSendResult"] == "OK"
    client.change_group(group, announce=True, members={linked.number: "member", ANA: "admin"})
    assert linked.run(SEND_AS, {"id": group, "text": "hola", "own": "lid"})["messageSendResult"] == "ERROR_UNKNOWN"
    assert [row["body"] for row in client.messages(linked.number, to=group)] == ["hola"]


def test_media_and_answers_in_a_group(linked: WebPage, client: SimulatorClient) -> None:
    group = str(client.add_group("Fotos", [linked.number, ANA], lid=True)["id"])
    question = client.receive(linked.number, ANA, text="¿foto?", group=group)["key"]
    until(lambda: linked.row(question) != {}, 15, "the question")
    given: dict[str, Any] = upload(linked, png(16, 16), "image/png", "image")
    done = send(linked, group, {**given, "caption": "aquí"}, quotedMsg=question)
    assert done["messageSendResult"] == "OK"
    row = client.messages(linked.number, to=group)[-1]
    assert (row["key"], row["body"], row["quote"]["author"]) == (done["key"], "aquí", ANA)
    assert row["quote"]["text"] == "¿foto?"

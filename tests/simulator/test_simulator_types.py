"""Messages of every type as the unmodified wa-js shows them: by event, by row, and hydrated after a restart."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.client import SimulatorClient
from simulator.world.content.types import KINDS, THUMBNAIL
from simulator.world.numbers import lid_of
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"
OTHER = "5491144445555"
GROUP = "120363000000000001@g.us"

WATCH = """() => {
  window.came = [];
  WPP.on('chat.new_message', (message) => window.came.push(message));
}"""
CAME = """(names) => window.came.map((message) => Object.fromEntries(
  names.map((name) => [name, message[name]?._serialized ?? message[name]])))"""
HYDRATE = """async ({ key, names }) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return Object.fromEntries(names.map((name) => [name, messages[0]?.[name]?._serialized ?? messages[0]?.[name]]));
}"""
UNREAD = """async (filter) => {
  const chats = await WPP.chat.list({ ...filter, ignoreGroupMetadata: true });
  return Object.fromEntries(chats.map(({ id, unreadCount }) => [String(id), unreadCount]));
}"""
AWAY = {"notifyName", "pollOptions"}  # a name is the contact's; options come with their places


def hydrated(page: WebPage, key: str, *names: str) -> dict[str, Any]:
    """Fields of a message as the page's database gives them back."""
    answer: dict[str, Any] = page.run(HYDRATE, {"key": key, "names": names})
    return answer


def came(page: WebPage, *names: str) -> list[dict[str, Any]]:
    """Fields of what events told."""
    answer: list[dict[str, Any]] = page.run(CAME, names)
    return answer


def test_every_type_by_event_by_row_and_hydrated(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run(WATCH)
    keys = {type_: client.receive(number, LEAD, type_, "un texto")["key"] for type_ in KINDS}
    linked.until(f"() => window.came.length === {len(KINDS)}")
    assert [(one["id"], one["type"]) for one in came(linked, "id", "type")] == [(keys[type_], type_) for type_ in KINDS]
    linked.close()
    keys["hologram"] = client.receive(number, LEAD, "hologram", "un texto")["key"]
    linked.open().until_ready()
    for type_, key in keys.items():
        fields = next(row["fields"] for row in client.messages(number) if row["key"] == key)
        names = [name for name in fields if name not in AWAY and fields[name] not in (False, 0)]
        found = hydrated(linked, key, "type", "body", "caption", "t", "isMdHistoryMsg", *names)
        assert {name: found[name] for name in names} == {name: fields[name] for name in names}
        assert (found["type"], found["isMdHistoryMsg"]) == (type_, False)
        over_picture = type_ in KINDS and KINDS[type_].shows_thumbnail
        assert (found["body"], found["caption"]) == ((THUMBNAIL, "un texto") if over_picture else ("un texto", None))
        row = linked.row(key)
        assert row.keys().isdisjoint({"body", "caption", "lat", "lng", "loc", "pollName", "pollOptions", "notifyName"})
        assert (row["type"], row["from"], row["to"]) == (type_, f"{LEAD}@c.us", f"{number}@c.us")
    assert hydrated(linked, keys["poll_creation"], "pollOptions")["pollOptions"] == [
        {"name": "Lunes", "localId": 0},
        {"name": "Martes", "localId": 1},
    ]
    rows = linked.run("() => WPP.indexdb.getMessagesFromRowId({ minRowId: 1e9, limit: -1 })")
    assert [row["id"] for row in rows] == list(keys.values())


def test_a_quote_names_what_it_answers(linked: WebPage, client: SimulatorClient, number: str) -> None:
    sent = linked.send(LEAD, "¿lo quiere?")["key"]
    linked.run(WATCH)
    answer = client.receive(number, LEAD, "chat", "sí", quotes=sent)["key"]
    linked.until("() => window.came.length === 1")
    assert linked.run("() => String(WPP.chat.getQuotedMsgKey(window.came[0]))") == sent
    assert linked.run("() => window.came[0].quotedMsgId.toString()") == sent
    linked.page.reload()
    linked.until_ready()
    found = hydrated(linked, answer, "quotedStanzaID", "quotedParticipant", "quotedMsg")
    assert found == {
        "quotedStanzaID": sent.split("_")[2],
        "quotedParticipant": f"{number}@c.us",
        "quotedMsg": {"type": "chat", "body": "¿lo quiere?"},
    }
    assert linked.row(answer)["quotedMsg"] == {"type": "chat"}


def test_in_a_group_from_is_the_group(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run(WATCH)
    first = client.receive(number, OTHER, text="hola", group=GROUP, notifyName="Ana")["key"]
    own = client.receive(number, OTHER, text="va", group=GROUP, from_me=True)["key"]
    linked.until("() => window.came.length === 2")
    wanted = ("id", "from", "to", "author", "notifyName")
    assert came(linked, *wanted) == [
        {"id": first, "from": GROUP, "to": f"{number}@c.us", "author": f"{OTHER}@c.us", "notifyName": "Ana"},
        {"id": own, "from": f"{number}@c.us", "to": GROUP, "author": f"{number}@c.us", "notifyName": "Negocio"},
    ]
    assert linked.run("() => window.came[0].id.participant.toString()") == f"{OTHER}@c.us"
    assert linked.row(first)["author"] == f"{OTHER}@c.us"
    assert linked.run(UNREAD, {"onlyGroups": True}) == {GROUP: 1}


def test_typed_on_the_phone(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run(WATCH)
    key = client.receive(number, LEAD, "image", "la foto", from_me=True)["key"]
    linked.until("() => window.came.length === 1")
    (message,) = came(linked, "id", "local", "isNewMsg", "caption", "type")
    assert message == {"id": key, "local": False, "isNewMsg": True, "caption": "la foto", "type": "image"}
    linked.until_ack(key, 3)


def test_a_name_stays_with_the_contact(linked: WebPage, client: SimulatorClient, number: str) -> None:
    key = client.receive(number, LEAD, text="hola", notifyName="Ana")["key"]
    linked.until("() => window.seen.some(([name]) => name === 'chat.new_message')")
    linked.page.reload()
    linked.until_ready()
    assert hydrated(linked, key, "notifyName") == {"notifyName": ""}
    name = "(wid) => WPP.contact.get(wid).then((contact) => contact.pushname)"
    assert linked.run(name, f"{LEAD}@c.us") == "Ana"


def test_the_number_behind_a_lid_is_told_or_not(linked: WebPage, client: SimulatorClient, number: str) -> None:
    ask = "(lid) => String(WPP.whatsapp.lidPnCache.getPhoneNumber(WPP.whatsapp.WidFactory.createWid(lid)))"
    client.put_phone(number, lid=True)
    linked.until("() => require('SimAccount').account.login.lid_migrated")
    client.receive(number, LEAD, text="uno")
    client.receive(number, OTHER, text="dos", tells_number=True)
    linked.until("() => window.seen.filter(([name]) => name === 'chat.new_message').length === 2")
    for _ in range(2):
        assert linked.run(ask, f"{lid_of(LEAD)}@lid") == "null"
        assert linked.run(ask, f"{lid_of(OTHER)}@lid") == f"{OTHER}@c.us"
        linked.page.reload()
        linked.until_ready()


def test_an_ad_with_and_without_a_placeholder(linked: WebPage, client: SimulatorClient, number: str) -> None:
    ad = {"title": "Oferta", "sourceUrl": "https://fb.me/x", "sourceApp": "facebook"}
    plain = client.receive(number, LEAD, text="vi el anuncio", ctwaContext=ad)["key"]
    empty = client.receive(number, OTHER, "image", "este", placeholder=True, ctwaContext=ad)["key"]
    until(lambda: linked.row(empty) != {}, 15, "both")
    assert (linked.row(plain)["type"], linked.row(plain)["ctwaContext"]) == ("chat", ad)
    before = linked.row(empty)
    assert before["type"] == "ciphertext"
    assert before.keys().isdisjoint({"ctwaContext", "directPath", "msgRowOpaqueData"})
    linked.run(
        """async (key) => {
          const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
          WPP.loader.loadModule('WAWebNonMessageDataRequestPlaceholderMessageResendUtils')
            .handlePlaceholderMsgsSeen(messages, true);
        }""",
        empty,
    )
    until(lambda: linked.row(empty)["type"] == "image", 15, "the phone to send it again")
    assert linked.row(empty)["rowId"] == before["rowId"]
    found = hydrated(linked, empty, "caption", "ctwaContext", "size")
    assert found == {"caption": "este", "ctwaContext": ad, "size": 40_000}


def test_silent_it_is_stored_and_nothing_is_told(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run(WATCH)
    silent = client.receive(number, LEAD, text="en silencio", silent=True)["key"]
    loud = client.receive(number, LEAD, text="y esto no")["key"]
    linked.until("() => window.came.length === 1")
    assert [one["id"] for one in came(linked, "id")] == [loud]
    assert linked.row(silent)["rowId"] < linked.row(loud)["rowId"]
    assert hydrated(linked, silent, "body") == {"body": "en silencio"}
    until(lambda: all(row["delivered_at"] for row in client.messages(number)), 15, "the receipts")


def test_marked_as_read_the_senders_see_it(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run("() => WPP.conn.markAvailable(false)")
    client.receive(number, LEAD, text="uno")
    client.receive(number, LEAD, "image")
    client.receive(number, OTHER, text="dos", group=GROUP)
    linked.until("() => window.seen.filter(([name]) => name === 'chat.new_message').length === 3")
    assert linked.run(UNREAD, {"onlyWithUnreadMessage": True}) == {f"{LEAD}@c.us": 2, GROUP: 1}
    linked.run("(chat) => WPP.chat.markIsRead(chat)", f"{LEAD}@c.us")
    until(lambda: client.counts()[number]["inbound_read"] == 2, 15, "blue ticks")
    assert {chat["number"]: chat["unread"] for chat in client.chats(number)} == {LEAD: 0, GROUP: 1}
    linked.run("(chat) => WPP.chat.markIsRead(chat)", GROUP)
    until(lambda: client.counts()[number]["inbound_read"] == 3, 15, "blue ticks")
    assert linked.run(UNREAD, {"onlyWithUnreadMessage": True}) == {}

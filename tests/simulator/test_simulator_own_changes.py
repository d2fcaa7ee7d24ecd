"""What the owner does from the page: react, write anew, delete for everyone, type, read, ask about contacts."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.client import SimulatorClient
from support.sending_page import png, send, upload
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

REACT = """async ([key, emoji]) => {
  try {
    const { sendMsgResult } = await WPP.chat.sendReactionToMessage(key, emoji);
    const { reactionByMe } = await WPP.chat.getReactions(key);
    return [sendMsgResult.messageSendResult, reactionByMe?.reactionText ?? ''];
  } catch (error) {
    return error.message;
  }
}"""
EDIT = """async ([key, text]) => {
  try {
    await WPP.chat.editMessage(key, text);
  } catch (error) {
    return error.code;
  }
  const { messages: [message] } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return [message.caption ?? message.body, Boolean(message.isSendFailure), Boolean(message.latestEditMsgKey)];
}"""
REVOKE = """async (key) => {
  const { messages: [message] } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  const { sendRevoke } = WPP.loader.loadModule('WAWebRevokeMsgAction');
  return (await sendRevoke({ type: 'message', data: message }, { clearMedia: true })).messageSendResult;
}"""


def record(client: SimulatorClient, page: WebPage, key: str) -> dict[str, Any]:
    """A message as the server has it."""
    return next(row for row in client.messages(page.number) if row["key"] == key)


def opened(page: WebPage, to: str) -> None:
    """Have the page load a chat."""
    page.run("async (to) => void (await WPP.chat.find(to))", f"{to}@c.us")


def test_reacting_and_taking_it_back(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    key = client.inbound(shared.number, lead, "hola")["key"]
    until(lambda: shared.row(key) != {}, 15, "the message")
    opened(shared, lead)
    assert shared.run(REACT, [key, "👍"]) == ["OK", "👍"]
    assert shared.run(REACT, [key, "❤️"]) == ["OK", "❤️"]
    standing = [row for row in client.messages(shared.number, to=lead) if row["type"] == "reaction"]
    assert [(row["body"], row["superseded"], row["origin"]) for row in standing] == [
        ("👍", True, "device"),
        ("❤️", False, "device"),
    ]
    assert shared.run(REACT, [key, False]) == ["OK", ""]
    client.add_fault("refuse_sends", phone=shared.number, count=1)
    assert shared.run(REACT, [key, "👍"]) == "Reaction send error"


def test_writing_anew_within_the_time(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    key = shared.send(f"{lead}@c.us", "a las cinco")["key"]
    shared.until_ack(key, 3)  # an ack that comes later would take a failure back
    assert shared.run(EDIT, [key, "a las seis"]) == ["a las seis", False, True]
    assert record(client, shared, key)["body"] == "a las seis"
    given = upload(shared, png(10, 10), "image/png", "image")
    picture = send(shared, f"{lead}@c.us", {**given, "caption": "rojo"})["key"]
    assert shared.run(EDIT, [picture, "azul"]) == ["azul", False, True]
    assert record(client, shared, picture)["body"] == "azul"
    client.add_fault("refuse_sends", phone=shared.number, count=1)
    assert shared.run(EDIT, [key, "a las siete"]) == ["a las seis", True, True]
    shared.page.reload()
    shared.until_ready()
    opened(shared, lead)
    client.put_settings(edit_window_s=0)
    until(lambda: shared.run(EDIT, [picture, "verde"]) == "edit_message_error", 15, "the time to be over")
    client.put_settings(edit_window_s=1200)
    inbound = client.inbound(shared.number, lead, "hola")["key"]
    until(lambda: shared.row(inbound) != {}, 15, "the message")
    assert shared.run(EDIT, [inbound, "adiós"]) == "edit_message_error"


def test_deleting_for_everyone(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    key = shared.send(f"{lead}@c.us", "ups")["key"]
    shared.run(
        """(key) => {
          window.revoked = [];
          WPP.on('chat.msg_revoke', ({ refId }) => window.revoked.push(String(refId)));
        }"""
    )
    assert shared.run(REVOKE, key) == "OK"
    assert record(client, shared, key)["revoked"]
    assert shared.row(key) == {}
    deleted = record(client, shared, key)["revoke_key"]
    assert shared.row(deleted)["protocolMessageKey"] == key
    assert shared.run("() => window.revoked") == [key]
    other = shared.send(f"{lead}@c.us", "otra")["key"]
    client.add_fault("refuse_sends", phone=shared.number, count=1)
    assert shared.run(REVOKE, other) == "ERROR_UNKNOWN"
    client.put_settings(revoke_window_s=0)
    assert shared.run(REVOKE, other) == "ERROR_UNKNOWN"
    client.put_settings(revoke_window_s=216_000)
    assert not record(client, shared, other)["revoked"]
    done = shared.run("async ([to, key]) => WPP.chat.deleteMessage(to, key, true, true)", [f"{lead}@c.us", other])
    assert done["sendMsgResult"] == "OK"
    until(lambda: record(client, shared, other)["revoked"], 15, "wa-js' own way to delete")


def test_a_change_whose_answer_is_lost_is_done_once(linked: WebPage, client: SimulatorClient) -> None:
    lead = "5491122223333"
    key = linked.send(f"{lead}@c.us", "hola")["key"]
    client.add_fault("drop_acks", phone=linked.number, count=1)
    linked.run(f"([key, emoji]) => {{ window.outcome = ({REACT})([key, emoji]); }}", [key, "👍"])
    until(lambda: len(client.messages(linked.number)) == 2, 15, "the server to have it")
    client.add_fault("offline", phone=linked.number, duration_ms=200)
    assert linked.run("() => window.outcome") == ["OK", "👍"]
    assert len(client.messages(linked.number)) == 2


def test_typing_and_reading(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    client.inbound(shared.number, lead, "¿están?")
    until(lambda: shared.run("(to) => WPP.chat.get(to)?.unreadCount", f"{lead}@c.us") == 1, 15, "the message")
    shared.run("(to) => WPP.chat.markIsComposing(to, 100)", f"{lead}@c.us")
    shared.run("(to) => WPP.chat.markIsRecording(to)", f"{lead}@c.us")
    shared.run("(to) => WPP.chat.markIsPaused(to)", f"{lead}@c.us")

    def states() -> list[str]:
        told = client.phone(shared.number)["chat_states"]
        return [one["state"] for one in told if one["chat"] == lead]

    until(lambda: states() == ["composing", "paused", "recording", "paused"], 15, "all of it")
    shared.run("(to) => WPP.chat.markIsRead(to)", f"{lead}@c.us")
    until(lambda: client.messages(shared.number, to=lead)[0]["read_at"], 15, "the blue ticks")


def test_many_numbers_are_asked(shared: WebPage, client: SimulatorClient) -> None:
    numbers = [str(5491188800000 + place) for place in range(40)]
    for number in numbers[::2]:
        client.put_number(number, exists=False)
    client.put_number(numbers[1], business=True)
    before = client.phone(shared.number)["times_asked"]
    script = """async (numbers) => {
      const found = await Promise.all(numbers.map((number) => WPP.contact.queryExists(`${number}@c.us`)));
      return found.map((one) => one && [one.wid.user, one.biz]);
    }"""
    found = shared.run(script, numbers)
    assert found[::2] == [None] * 20
    assert found[1::2] == [[number, number == numbers[1]] for number in numbers[1::2]]
    assert client.phone(shared.number)["times_asked"] == before + 40


def test_names_and_pictures_of_contacts(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    media = client.put_media(png(64, 64), "image/png")["media"]
    client.put_number(lead, name="Marta", picture=media)
    script = "(wid) => WPP.contact.getProfilePictureUrl(wid)"
    url = shared.run(script, f"{lead}@c.us")
    assert shared.page.request.get(url).body() == png(64, 64)
    client.put_number(lead, hides_picture=True)
    assert shared.run(script, f"{lead}@c.us") is None
    assert shared.run(script, "5491100008888@c.us") is None
    opened(shared, lead)
    name = "(wid) => WPP.whatsapp.ContactStore.get(wid).pushname"
    assert shared.run(name, f"{lead}@c.us") == "Marta"

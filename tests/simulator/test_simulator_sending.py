"""What the unmodified wa-js sends besides text: uploaded first, of every type, on record with its bytes."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Error

from simulator.client import SimulatorClient
from support.sending_page import png, send, sha256, upload, wav
from support.waiting import until
from support.web_page import WebPage
from testing.real_media import FILM

pytestmark = pytest.mark.browser

CARD = "BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nTEL;type=CELL;waid=5491122223333:+54 9 11 2222-3333\nEND:VCARD"
WEBP = """() => new Promise((resolve) => {
  const canvas = document.createElement('canvas');
  canvas.width = canvas.height = 512;
  resolve(canvas.toDataURL('image/webp').split(',')[1]);
})"""


def recorded(client: SimulatorClient, page: WebPage, key: str) -> dict[str, Any]:
    """A message as the server has it."""
    return next(row for row in client.messages(page.number) if row["key"] == key)


def sent_media(
    page: WebPage, client: SimulatorClient, lead: str, content: bytes, mimetype: str, type: str, **options: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Upload and send; what the upload gave, and the record."""
    given = upload(page, content, mimetype, type, **options)
    done = send(page, f"{lead}@c.us", {**given, "caption": "mira", "filename": "archivo.bin"})
    assert done["messageSendResult"] == "OK"
    return given, recorded(client, page, done["key"])


def test_each_type_of_media_arrives_with_its_bytes(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    picture, sound = png(300, 200), wav(2)
    sticker, film = base64.b64decode(shared.run(WEBP)), base64.b64decode(shared.run(FILM, "video/webm"))
    for content, mimetype, type_, options in (
        (picture, "image/png", "image", {}),
        (film, "video/webm", "video", {}),
        (sound, "audio/wav", "audio", {}),
        (sound, "audio/wav", "ptt", {"isPtt": True}),
        (picture, "image/png", "document", {"asDocument": True}),
        (sticker, "image/webp", "sticker", {"asSticker": True}),
    ):
        given, row = sent_media(shared, client, lead, content, mimetype, type_, **options)
        assert (given["kind"], given["type"]) == ("success", type_)
        assert (row["type"], row["body"], row["mimetype"]) == (type_, "mira", mimetype)
        assert (row["size"], row["sha256"], row["filename"]) == (len(content), sha256(content), "archivo.bin")
        assert client.media_content(row["media"]) == content
    assert given["width"] == 512
    rows = client.messages(shared.number, to=lead)
    assert [row["fields"].get("width") for row in rows] == [300, 64, None, None, None, 512]
    assert [row["fields"].get("duration") for row in rows[2:4]] == [2, 2]
    assert rows[0]["fields"]["height"] == 200


def test_one_upload_serves_many(shared: WebPage, client: SimulatorClient) -> None:
    given = upload(shared, png(20, 20, 7), "image/png", "image")
    for to in ("5491166660001", "5491166660002"):
        done = send(shared, f"{to}@c.us", {**given, "caption": to})
        assert recorded(client, shared, done["key"])["sha256"] == sha256(png(20, 20, 7))
    rows = [client.messages(shared.number, to=to)[0] for to in ("5491166660001", "5491166660002")]
    assert rows[0]["media"] == rows[1]["media"]
    assert client.media(rows[0]["media"])["uploads"] == 1


def test_another_device_downloads_what_was_sent(linked: WebPage, new_page: Any, client: SimulatorClient) -> None:
    given = upload(linked, wav(1), "audio/wav", "audio")
    key = send(linked, "5491122223333@c.us", given)["key"]
    other = new_page()
    client.scan(linked.number, other.until_code())
    other.until_ready()
    until(lambda: other.row(key) != {}, 15, "the message on the other device")
    script = """async (key) => {
      await WPP.chat.find(key.split('_')[1]);
      const blob = await WPP.chat.downloadMedia(key);
      return [blob.type, blob.size];
    }"""
    assert other.run(script, key) == ["audio/wav", len(wav(1))]


def test_places_cards_polls_and_links(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    to = f"{lead}@c.us"
    cards = [{"displayName": "Ana", "vcard": CARD}, {"displayName": "Bruno", "vcard": CARD}]
    options = [{"name": "Lunes", "localId": 0}, {"name": "Martes", "localId": 1}]
    link = {
        "matchedText": "https://a.example/x",
        "canonicalUrl": "https://a.example/x",
        "title": "A",
        "description": "B",
    }
    raws: list[dict[str, Any]] = [
        {
            "type": "location",
            "lat": -34.6,
            "lng": 0,
            "loc": "Obelisco\nAv. 9 de Julio",
            "clientUrl": "https://a.example",
        },
        {"type": "vcard", "body": CARD, "vcardFormattedName": "Ana"},
        {"type": "multi_vcard", "vcardList": cards},
        {"type": "poll_creation", "pollName": "¿Qué día?", "pollOptions": options, "pollSelectableOptionsCount": 0},
        {"type": "chat", "body": "mira https://a.example/x", "subtype": "url", **link, "thumbnail": "AAAA"},
    ]
    for raw in raws:
        done = send(shared, to, raw)
        assert done["messageSendResult"] == "OK"
        row = recorded(client, shared, done["key"])
        assert row["type"] == raw["type"]
        assert row["body"] == raw.get("body", "")
        for name, value in raw.items():
            assert name in ("type", "body", "messageSecret") or row["fields"][name] == value
    shared.page.reload()
    shared.until_ready()
    script = """async (key) => {
      const { messages: [message] } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
      return [message.pollName, message.pollOptions.map(({ name }) => name), message.messageSecret.length];
    }"""
    poll = client.messages(shared.number, to=lead)[3]
    assert shared.run(script, poll["key"]) == ["¿Qué día?", ["Lunes", "Martes"], 32]


def test_an_answer_says_what_it_answers(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    to = f"{lead}@c.us"
    question = client.inbound(shared.number, lead, "¿tienen rojo?")["key"]
    until(lambda: shared.row(question) != {}, 15, "the question")
    row = recorded(client, shared, send(shared, to, {"type": "chat", "body": "sí"}, quotedMsg=question)["key"])
    assert row["quote"] == {"id": question.split("_")[2], "author": lead, "type": "chat", "text": "¿tienen rojo?"}
    own = row["key"]
    payload = json.dumps({"id": own, "type": "chat", "body": "sí", "ack": 1})
    given = upload(shared, png(30, 30), "image/png", "image")
    raw = {**given, "caption": "este"}
    row = recorded(client, shared, send(shared, to, raw, quotedMsgPayload=payload)["key"])
    assert row["quote"] == {"id": own.split("_")[2], "author": shared.number, "type": "chat", "text": "sí"}
    assert shared.row(row["key"])["quotedStanzaID"] == own.split("_")[2]
    with pytest.raises(Error):
        send(shared, to, {"type": "chat", "body": "no"}, quotedMsg=f"true_{to}_3EB0AA")


def test_what_the_page_can_not_prepare(shared: WebPage) -> None:
    for content, mimetype, options in (
        (b"", "application/pdf", {"asDocument": True}),
        (b"no picture", "image/png", {}),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "image/svg+xml", {}),
        (b"no sticker", "image/webp", {"asSticker": True}),
        (b"no film", "video/mp4", {}),
    ):
        with pytest.raises(Error):
            upload(shared, content, mimetype, "image", **options)


def test_what_the_server_knows_nothing_of_is_refused(shared: WebPage, client: SimulatorClient, lead: str) -> None:
    given = upload(shared, png(40, 40), "image/png", "image")
    for wrong in (
        {"directPath": given["directPath"].replace("_1_n", "_2_n")},
        {"directPath": None},
        {"mediaKey": "AAAA"},
        {"filehash": "AAAA"},
        {"size": 1},
        {"mediaKeyTimestamp": None},
    ):
        done = send(shared, f"{lead}@c.us", {**given, **wrong})
        assert done["messageSendResult"] == "ERROR_UNKNOWN"
        assert shared.row(done["key"])["ack"] == -1
    for raw in (
        {"type": "location", "lat": 91, "lng": 0},
        {"type": "vcard", "body": "Ana"},
        {"type": "multi_vcard", "vcardList": [{"displayName": "Ana", "vcard": CARD}]},
        {"type": "poll_creation", "pollName": "¿?", "pollOptions": [{"name": "a"}], "pollSelectableOptionsCount": 1},
        {"type": "hologram", "body": "x"},
        {"type": "chat", "body": ""},
    ):
        assert send(shared, f"{lead}@c.us", raw)["messageSendResult"] == "ERROR_UNKNOWN"
    assert client.messages(shared.number, to=lead) == []

"""Uploads that don't end, fail, are too large or lost, by the steps of one's own and by wa-js' own way of sending."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from playwright.sync_api import Error

from simulator.client import SimulatorClient
from support.sending_page import UPLOAD, png, send, sha256, upload
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"
LIBRARY = """async ({ to, file, key }) => {
  const chat = await WPP.chat.find(to);
  const bytes = Uint8Array.from(atob(file), (letter) => letter.charCodeAt(0));
  const messageId = key ?? (await WPP.chat.generateMessageID(chat)).toString();
  window.key = messageId;
  const options = { type: 'image', filename: 'foto.png', caption: 'mira', messageId, waitForAck: true };
  try {
    const done = await WPP.chat.sendFileMessage(chat.id, new File([bytes], 'foto.png', { type: 'image/png' }), options);
    return { key: messageId, ack: done.ack, outcome: done.sendMsgResult.messageSendResult };
  } catch (error) {
    return { key: messageId, code: error.code };
  }
}"""
RESEND = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return WPP.loader.loadModule('WAWebResendMsgAction').resendMsg(messages[0]);
}"""


def library(page: WebPage, content: bytes) -> dict[str, Any]:
    """Send a picture the library's own way."""
    asked = {"to": f"{LEAD}@c.us", "file": base64.b64encode(content).decode()}
    answer: dict[str, Any] = page.run(LIBRARY, asked)
    return answer


def begun(page: WebPage, script: str, asked: object) -> None:
    """Begin something whose outcome is asked for later."""
    page.run(f"(asked) => {{ window.outcome = ({script})(asked).catch((error) => error.name); }}", asked)


def picture(content: bytes) -> dict[str, Any]:
    """What `UPLOAD` is told of a picture."""
    return {"file": base64.b64encode(content).decode(), "mimetype": "image/png", "type": "image", "options": {}}


@pytest.fixture(autouse=True)
def no_limits(client: SimulatorClient) -> None:
    """As WhatsApp has it, whatever the test before has set."""
    client.put_settings(upload_limits={}, upload_in_worker=False, reencode_images=False)


def test_an_upload_that_does_not_end_blocks_nobody_else(linked: WebPage, client: SimulatorClient) -> None:
    client.add_fault("slow_uploads", phone=linked.number, value=0)
    begun(linked, UPLOAD, picture(png(50, 50)))
    assert linked.send(f"{LEAD}@c.us", "mientras")["ack"] == 1
    client.lift_faults()
    assert linked.run("() => window.outcome")["kind"] == "success"


def test_whatsapps_switch_into_the_worker(linked: WebPage, client: SimulatorClient) -> None:
    client.put_settings(upload_in_worker=True)
    linked.until("() => require('WAWebABProps').getABPropConfigValue('web_media_encrypt_upload_in_worker_enabled')")
    begun(linked, UPLOAD, picture(png(50, 50)))
    nothing = "() => Promise.race([window.outcome, new Promise((done) => setTimeout(done, 300, 'nothing'))])"
    assert linked.run(nothing) == "nothing"


def test_failing_uploads_say_so(linked: WebPage, client: SimulatorClient) -> None:
    client.add_fault("fail_uploads", phone=linked.number, value=500, count=1)
    begun(linked, UPLOAD, picture(png(50, 50)))
    assert linked.run("() => window.outcome") == "HttpStatusCodeError"
    client.put_settings(upload_limits={"image": 100})
    with pytest.raises(Error, match="status 413"):
        upload(linked, png(200, 200), "image/png", "image")
    assert library(linked, png(200, 200))["code"] == "file_too_large"
    client.add_fault("offline", phone=linked.number)
    linked.until_state(online=False, info="OFFLINE")
    with pytest.raises(Error):
        upload(linked, png(9, 9), "image/png", "image")


def test_media_whose_key_is_too_old(linked: WebPage, client: SimulatorClient) -> None:
    given = upload(linked, png(50, 50), "image/png", "image")
    client.add_fault("old_media_keys", phone=linked.number, value=3600)
    assert send(linked, f"{LEAD}@c.us", given)["messageSendResult"] == "OK"
    hours = {**given, "mediaKeyTimestamp": given["mediaKeyTimestamp"] - 7200}
    assert send(linked, f"{LEAD}@c.us", hours)["messageSendResult"] == "ERROR_UNKNOWN"
    client.lift_faults()
    (row,) = client.messages(linked.number)
    client.expire_media(row["media"])
    assert send(linked, f"{LEAD}@c.us", given)["messageSendResult"] == "ERROR_UNKNOWN"


def test_the_librarys_own_way(linked: WebPage, client: SimulatorClient) -> None:
    done = library(linked, png(60, 40))
    assert done["outcome"] == "OK"
    (row,) = client.messages(linked.number)
    assert (row["key"], row["sha256"], row["body"]) == (done["key"], sha256(png(60, 40)), "mira")
    client.add_fault("fail_uploads", phone=linked.number, count=1)
    failed = library(linked, png(61, 40))
    assert failed["outcome"] == "ERROR_UPLOAD"
    assert linked.row(failed["key"])["ack"] == -1
    assert linked.run(RESEND, failed["key"]) == "OK"
    assert client.messages(linked.number)[1]["sha256"] == sha256(png(61, 40))


def test_a_reload_during_the_librarys_upload_kills_its_key(linked: WebPage, client: SimulatorClient) -> None:
    client.add_fault("slow_uploads", phone=linked.number, value=0)
    file = base64.b64encode(png(60, 40)).decode()
    begun(linked, LIBRARY, {"to": f"{LEAD}@c.us", "file": file})
    linked.until("() => window.key && WPP.whatsapp.MsgStore.get(window.key)?.mediaData.mediaStage === 'UPLOADING'")
    key = linked.run("() => window.key")
    assert linked.row(key)["ack"] == 0
    linked.page.reload()
    client.lift_faults()
    linked.until_ready()
    row = linked.row(key)
    assert (row["ack"], row.get("directPath")) == (0, None)
    assert linked.run(RESEND, key) == "ERROR_UPLOAD"
    given = upload(linked, png(60, 40), "image/png", "image")
    again = """async ({ key, given }) => {
      const chat = await WPP.chat.find(key.split('_')[1]);
      const raw = await WPP.chat.prepareRawMessage(chat, given, { messageId: key });
      const [added, outcome] = WPP.whatsapp.functions.addAndSendMsgToChat(chat, raw);
      outcome.catch(() => undefined);
      return added.catch((error) => error.name);
    }"""
    assert linked.run(again, {"key": key, "given": given}) == "DuplicateMessageError"
    until(lambda: client.messages(linked.number) == [], 15, "nothing to have left")


def test_pictures_made_anew(linked: WebPage, client: SimulatorClient) -> None:
    client.put_settings(reencode_images=True)
    linked.until("() => require('SimSession').session.settings.reencode_images")
    given = upload(linked, png(3200, 1600), "image/png", "image")
    assert (given["mimetype"], given["width"], given["height"]) == ("image/jpeg", 1600, 800)
    assert send(linked, f"{LEAD}@c.us", given)["messageSendResult"] == "OK"
    (row,) = client.messages(linked.number)
    assert row["sha256"] != sha256(png(3200, 1600))
    assert client.media_content(row["media"])[:2] == b"\xff\xd8"


def test_a_large_document_is_streamed(linked: WebPage, client: SimulatorClient) -> None:
    script = """async (size) => {
      const { OpaqueData, MediaPrep, MediaObjectUtil, MediaBlobCache, functions } = WPP.whatsapp;
      const blob = new Blob([new Uint8Array(size)], { type: 'application/pdf' });
      const opaque = await OpaqueData.createFromData(blob);
      const data = await MediaPrep.prepRawMedia(opaque, { asDocument: true }).waitForPrep();
      const mediaObject = MediaObjectUtil.getOrCreateMediaObject(data.filehash);
      MediaBlobCache.put(data.filehash, blob);
      const asked = { mimetype: data.mimetype, mediaObject, mediaType: 'document' };
      const { mediaEntry } = await functions.uploadMedia(asked);
      const { directPath, mediaKey, mediaKeyTimestamp, encFilehash } = mediaEntry;
      const uploaded = { directPath, mediaKey, mediaKeyTimestamp, encFilehash };
      return { type: 'document', filehash: data.filehash, size: data.size, mimetype: data.mimetype, ...uploaded };
    }"""
    given = linked.run(script, 64 << 20)
    assert send(linked, f"{LEAD}@c.us", given)["messageSendResult"] == "OK"
    (row,) = client.messages(linked.number)
    assert (row["size"], row["sha256"]) == (64 << 20, sha256(bytes(64 << 20)))

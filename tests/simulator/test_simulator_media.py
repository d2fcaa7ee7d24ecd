"""Media that come in: downloaded by the unmodified wa-js and by stored fields, late, failing, gone."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.client import SimulatorClient
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"

HELPERS = """() => {
  window.sha256 = async (bytes) => [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0')).join('');
  window.fetchStored = async (row, changes = {}, signal = undefined) => {
    const downloadQpl = { addAnnotations() {}, addPoint() {} };
    const { downloadManager } = WPP.loader.loadModule('WAWebDownloadManager');
    try {
      const bytes = await downloadManager.downloadAndMaybeDecrypt({ ...row, ...changes, signal, downloadQpl });
      return [bytes.byteLength, await window.sha256(bytes)];
    } catch (error) {
      return error.name;
    }
  };
}"""
DOWNLOAD = """async (key) => {
  try {
    const blob = await WPP.chat.downloadMedia(key);
    return [blob.type, blob.size, await window.sha256(await blob.arrayBuffer())];
  } catch (error) {
    return error.code;
  }
}"""
STAGE = """async (key) => {
  const { messages } = await WPP.whatsapp.MsgStore.getMessagesById([key]);
  return messages[0].mediaData.mediaStage;
}"""
FORGET = "() => WPP.whatsapp.LruMediaStore.clear()"


@pytest.fixture
def page(linked: WebPage) -> WebPage:
    """The linked page, with what these tests call in it."""
    linked.run(HELPERS)
    return linked


def received(
    client: SimulatorClient, number: str, page: WebPage, **given: Any
) -> tuple[dict[str, Any], dict[str, Any]]:
    """A picture that came in: its record and its row on the page."""
    key = client.receive(number, LEAD, **{"type": "image", **given})["key"]
    until(lambda: page.row(key) != {}, 30, "the message")
    return next(row for row in client.messages(number) if row["key"] == key), page.row(key)


def test_downloaded_by_key_and_kept(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, _ = received(client, number, page, type="document", mimetype="application/pdf", size=300_001)
    wanted = ["application/pdf", 300_001, record["sha256"]]
    assert page.run(DOWNLOAD, record["key"]) == wanted
    assert page.run(STAGE, record["key"]) == "RESOLVED"
    page.page.reload()
    page.until_ready()
    page.run(HELPERS)
    assert page.run(DOWNLOAD, record["key"]) == wanted
    assert client.media(record["media"])["downloads"] == 1
    text = client.receive(number, LEAD, text="hola")["key"]
    until(lambda: page.row(text) != {}, 15, "the text")
    assert page.run(DOWNLOAD, text) == "message_not_contains_media"


def test_downloaded_from_stored_fields_alone(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, row = received(client, number, page, size=200_000)
    assert page.run("([row, changes]) => window.fetchStored(row, changes)", [row, {}]) == [200_000, record["sha256"]]
    page.run(FORGET)
    for wrong in (
        {"mediaKey": None},
        {"encFilehash": None},
        {"mediaKey": "AAAA"},
        {"directPath": row["directPath"].replace("_1_n", "_2_n")},
    ):
        expected = "MediaNotFoundError" if "directPath" in wrong else "MediaDecryptionError"
        assert page.run("([row, changes]) => window.fetchStored(row, changes)", [row, wrong]) == expected
    other = received(client, number, page, size=200_000)[1]
    mixed = {"filehash": other["filehash"]}
    assert page.run("([row, changes]) => window.fetchStored(row, changes)", [row, mixed]) == "MediaDecryptionError"


def test_a_hundred_megabytes(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, row = received(client, number, page, type="document", size=100 * 1024 * 1024)
    fetched = page.run("([row, changes]) => window.fetchStored(row, changes)", [row, {}])
    assert fetched == [100 * 1024 * 1024, record["sha256"]]


def test_slow_it_can_be_given_up(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, row = received(client, number, page, size=1_000_000)
    client.add_fault("slow_media", phone=number, value=0)
    page.run(
        """(row) => {
          window.stop = new AbortController();
          window.outcome = window.fetchStored(row, {}, window.stop.signal);
        }""",
        row,
    )
    until(lambda: client.media(record["media"])["downloads"] == 1, 15, "the download to begin")
    assert page.run("() => { window.stop.abort(); return window.outcome; }") == "AbortError"
    client.lift_faults()
    client.add_fault("slow_media", phone=number, value=2_000_000)
    assert page.run("([row, changes]) => window.fetchStored(row, changes)", [row, {}])[1] == record["sha256"]


def test_failing_twice(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, row = received(client, number, page)
    client.add_fault("fail_media", phone=number, value=500, count=2)
    script = "([row, changes]) => window.fetchStored(row, changes)"
    assert [page.run(script, [row, {}]) for _ in range(2)] == ["HttpStatusCodeError", "HttpStatusCodeError"]
    assert page.run(script, [row, {}])[1] == record["sha256"]
    client.add_fault("fail_media", phone=number, count=1)
    page.run(FORGET)
    assert page.run(DOWNLOAD, record["key"]) == "media_not_found"
    assert page.run(STAGE, record["key"]) == "NEED_POKE"


def test_what_whatsapp_lost_the_phone_gives_again(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, row = received(client, number, page)
    client.expire_media(record["media"])
    script = "([row, changes]) => window.fetchStored(row, changes)"
    assert page.run(script, [row, {}]) == "MediaNotFoundError"
    assert page.run(DOWNLOAD, record["key"])[2] == record["sha256"]
    moved = page.row(record["key"])
    assert moved["directPath"] != row["directPath"]
    page.run(FORGET)
    assert page.run(script, [row, {}]) == "MediaNotFoundError"
    assert page.run(script, [moved, {}])[1] == record["sha256"]
    assert client.media(record["media"])["uploads"] == 2


def test_what_the_phone_lost_too_is_missing(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, _ = received(client, number, page)
    client.expire_media(record["media"], on_phone=False)
    assert page.run(DOWNLOAD, record["key"]) == "media_not_found"
    assert page.run(STAGE, record["key"]) == "ERROR_MISSING"


def test_a_silent_phone_is_waited_for_until_it_uploads(page: WebPage, client: SimulatorClient, number: str) -> None:
    record, _ = received(client, number, page)
    client.expire_media(record["media"])
    client.add_fault("phone_silent", phone=number)
    page.run(f"(key) => {{ window.outcome = ({DOWNLOAD})(key); }}", record["key"])
    until(lambda: page.run(STAGE, record["key"]) == "REUPLOADING", 15, "the phone to be asked")
    client.upload_again(record["media"])
    assert page.run("() => window.outcome")[2] == record["sha256"]
    page.close()
    client.upload_again(record["media"])
    page.open().until_ready()
    assert "_3_n.enc" in page.row(record["key"])["directPath"]

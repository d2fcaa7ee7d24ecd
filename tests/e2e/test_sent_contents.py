"""Every type of content goes from the API to WhatsApp's record and the phone, with its own bytes, and once."""

from __future__ import annotations

import base64
import hashlib
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Playwright, expect, sync_playwright

from session_worker.engine.browser.executable import find_browser
from shared.protocol.content import ContentType
from support.sending_page import png
from support.waiting import until
from testing import real_media
from testing.caller import Caller
from testing.real_media import Sample
from testing.system import System

pytestmark = pytest.mark.browser

PHONE = "5491150000073"
ANA, LEO, MIA = "5491133330021", "5491133330022", "5491133330023"
CAPTIONED = (ContentType.IMAGE, ContentType.VIDEO, ContentType.DOCUMENT)
ON_RECORD = {"image": "image", "video": "video", "audio": "audio", "voice": "ptt", "document": "document"}
ON_RECORD |= {"sticker": "sticker"}
OTHERS: dict[str, dict[str, Any]] = {
    "location": {"latitude": -34.6037, "longitude": -58.3816, "name": "Obelisco", "address": "Av. 9 de Julio"},
    "contact": {"name": "Ana Pérez", "phone_number": "+54 9 11 2222-3333"},
    "poll": {"question": "¿Qué día?", "options": ["Lunes", "Martes", "Miércoles"], "multiple": True},
}
Samples = dict[ContentType, Sample]
Row = dict[str, Any]


@pytest.fixture(scope="module")
def settings() -> dict[str, str]:
    return {
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",
        "SEND_DELAY_MIN_SECONDS": "0",
        "SEND_DELAY_MAX_SECONDS": "0",
        "CAMPAIGN_TICK_SECONDS": "0.2",
        "SEND_TYPING_SECONDS": "0.2",
    }


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running:
        yield running


@pytest.fixture(scope="module")
def samples(playwright: Playwright) -> Samples:
    return real_media.samples(playwright)


@dataclass(frozen=True)
class Shop:
    """The tenant, its caller and what WhatsApp has of it."""

    system: System
    caller: Caller
    admin: Caller

    def post(self, **body: Any) -> str:
        """The id of an accepted message."""
        answer = self.caller.http.post(self.caller.path("messages"), json=body)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["message_id"])

    def keep(self, sample: Sample, name: str = "archivo.bin") -> str:
        """The media id of an uploaded file."""
        files = {"file": (name, sample.content, sample.mime_type)}
        answer = self.caller.http.post(self.caller.path("media"), files=files)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["media_id"])

    def row(self, message_id: str) -> Row:
        """WhatsApp's record of a message, once it is there: under its key, once."""
        sent = self.caller.until_sent(message_id)
        (row,) = [one for one in self.system.simulator.messages(PHONE) if one["key"] == sent["whatsapp_id"]]
        assert (row["copies"], row["recipient_copies"]) == (1, 1)
        return row

    def rows(self, to: str) -> list[Row]:
        """What was sent to somebody."""
        return [row for row in self.system.simulator.messages(PHONE, to=to) if row["direction"] == "out"]


@pytest.fixture(scope="module")
def shop(system: System) -> Shop:
    caller = system.add_caller("panadería", 73)
    system.add_user("jefe", None)
    system.pair(caller, PHONE)
    return Shop(system, caller, system.log_in("jefe", 0))


@pytest.fixture(scope="module")
def phone(playwright: Playwright, shop: Shop) -> Iterator[Page]:
    """The virtual phone, open."""
    browser = playwright.chromium.launch(executable_path=find_browser(""), args=["--no-sandbox"])
    page = browser.new_page()
    page.goto(shop.system.simulator_url + "phone")
    page.get_by_label("Teléfono", exact=True).last.select_option(PHONE)
    yield page
    browser.close()


def open_chat(phone: Page, name: str, chat: str, count: int) -> Locator:
    """The messages of a chat, once there are so many. chat: a number, or a group's id."""
    phone.get_by_role("button", name=name).click()
    messages = phone.locator(f"#messages[data-chat='{chat}'] > li")
    expect(messages).to_have_count(count)
    return messages


def shown_hash(message: Locator) -> str:
    """SHA-256 of the bytes behind what a message shows or plays."""
    script = """async (element) => {
      const bytes = await (await fetch(element.src || element.href)).arrayBuffer();
      return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))];
    }"""
    shown = message.locator("img:not([alt='']), video, audio, a[download]").first
    return bytes(shown.evaluate(script)).hex()


def sha256(sample: Sample) -> str:
    return hashlib.sha256(sample.content).hexdigest()


def by_media_id(shop: Shop, sample: Sample, body: dict[str, Any]) -> str:
    return shop.post(**body, media={"media_id": shop.keep(sample)})


def by_base64(shop: Shop, sample: Sample, body: dict[str, Any]) -> str:
    said = {"base64": base64.b64encode(sample.content).decode(), "mime_type": sample.mime_type}
    return shop.post(**body, media=said)


def by_form(shop: Shop, sample: Sample, body: dict[str, Any]) -> str:
    files = {"file": ("otro.bin", sample.content, sample.mime_type)}
    answer = shop.caller.http.post(shop.caller.path("messages"), data=body, files=files)
    assert answer.status_code == 202, answer.text
    return str(answer.json()["message_id"])


def by_url(shop: Shop, sample: Sample, body: dict[str, Any]) -> str:
    lies_at = shop.system.simulator.put_media(sample.content, sample.mime_type)["media"]
    return shop.post(**body, media={"url": f"{shop.system.simulator_url}control/media/{lies_at}/content"})


WAYS: tuple[Callable[[Shop, Sample, dict[str, Any]], str], ...] = (by_media_id, by_base64, by_form, by_url)


@pytest.mark.parametrize("kind", ON_RECORD)
def test_media_by_each_way(shop: Shop, phone: Page, samples: Samples, kind: str) -> None:
    content_type, to = ContentType(kind), f"549113333004{list(ON_RECORD).index(kind)}"
    sample = samples[content_type]
    # when the same file is sent by each way that there is
    sent = {}
    for way in WAYS:
        name = f"{way.__name__} ñandú.bin"
        body = {"type": kind, "to": to, "file_name": name}
        body |= {"caption": f"con {way.__name__}"} if content_type in CAPTIONED else {}
        sent[name] = way(shop, sample, body)
    # then WhatsApp has it each time, with its bytes
    for name, message_id in sent.items():
        row = shop.row(message_id)
        assert (row["type"], row["sha256"], row["size"]) == (ON_RECORD[kind], sha256(sample), len(sample.content))
        assert row["mimetype"] == sample.mime_type
        assert shop.system.simulator.media_content(row["media"]) == sample.content
        assert row["body"] == (f"con {name.split()[0]}" if content_type in CAPTIONED else "")
        assert row["filename"] == (name if kind == "document" else None)
        ours = shop.caller.message(message_id)
        assert (ours["type"], ours["media"]["sha256"], ours["media"]["file_name"]) == (kind, sha256(sample), name)
        assert shop.caller.http.get(shop.caller.path(f"messages/{message_id}/media")).content == sample.content
    # and so does the phone, in the order in which they were accepted, from one upload
    messages = open_chat(phone, f"+{to}", to, len(WAYS))
    for place, name in enumerate(sent):
        assert shown_hash(messages.nth(place)) == sha256(sample)
        if content_type in CAPTIONED:
            expect(messages.nth(place).get_by_text(f"con {name.split()[0]}", exact=True)).to_be_visible()
    assert len({row["media"] for row in shop.rows(to)}) == 1


def test_contents_without_a_file(shop: Shop, phone: Page) -> None:
    link = {"url": "https://pan.example/menú", "title": "Menú", "description": "De la semana"}
    text = shop.post(to=ANA, message=f"mire {link['url']} @{LEO}", type="text", link_preview=link, mentions=[LEO])
    sent = {kind: shop.post(type=kind, to=ANA, **fields) for kind, fields in OTHERS.items()}

    row = shop.row(text)
    fields = row["fields"]
    assert (row["type"], row["body"], row["mentions"]) == ("chat", f"mire {link['url']} @{LEO}", [LEO])
    assert (fields["matchedText"], fields["title"], fields["description"]) == tuple(link.values())
    place = shop.row(sent["location"])["fields"]
    assert (place["lat"], place["lng"], place["loc"]) == (-34.6037, -58.3816, "Obelisco\nAv. 9 de Julio")
    card = shop.row(sent["contact"])
    assert (card["type"], card["fields"]["vcardFormattedName"]) == ("vcard", "Ana Pérez")
    assert "5491122223333" in card["body"]
    poll = shop.row(sent["poll"])["fields"]
    assert (poll["pollName"], [one["name"] for one in poll["pollOptions"]], poll["pollSelectableOptionsCount"]) == (
        "¿Qué día?",
        ["Lunes", "Martes", "Miércoles"],
        0,
    )
    messages = open_chat(phone, f"+{ANA}", ANA, 4)
    for at, said in enumerate((["Menú", "De la semana"], ["Obelisco", "Av. 9 de Julio"], ["Ana Pérez"], ["¿Qué día?"])):
        for one in said:
            expect(messages.nth(at)).to_contain_text(one)


@pytest.mark.parametrize("kind", ["text", "voice"])
def test_somebody_is_seen_writing_before_a_message_comes(shop: Shop, samples: Samples, kind: str) -> None:
    to = {"text": "5491133330058", "voice": "5491133330059"}[kind]
    if kind == "text":
        row, state = shop.row(shop.post(to=to, message="hola")), "composing"
    else:
        row, state = shop.row(by_base64(shop, samples[ContentType.VOICE], {"type": kind, "to": to})), "recording"
    shown = [one for one in shop.system.simulator.phone(PHONE)["chat_states"] if one["chat"] == to]
    assert [one["state"] for one in shown][:1] == [state]
    assert shown[0]["at"] <= row["accepted_at"]


def test_answers_of_every_type(shop: Shop, phone: Page, samples: Samples) -> None:
    # given a message of theirs and one of ours
    theirs = str(shop.system.simulator.inbound(PHONE, LEO, "¿tienen facturas?")["key"])
    until(lambda: shop.caller.http.get(shop.caller.path(f"inbound/{theirs}")).is_success, 60, "the question")
    first = shop.post(to=LEO, message="¡buen día!")
    ours = str(shop.caller.until_sent(first)["whatsapp_id"])
    # when both are answered by a message of each type
    answers = []
    for reply_to, key, text in ((theirs, theirs, "¿tienen facturas?"), (first, ours, "¡buen día!")):
        body: dict[str, Any] = {"to": LEO, "reply_to": reply_to}
        answers.append((shop.post(**body, message="sí"), key, text))
        answers += [(shop.post(type=kind, **body, **fields), key, text) for kind, fields in OTHERS.items()]
        for kind, sample in samples.items():
            named = {"caption": f"mirá @{MIA}", "mentions": [MIA]} if kind in CAPTIONED else {}
            message_id = shop.post(type=kind, **body, **named, media={"media_id": shop.keep(sample)})
            answers.append((message_id, key, text))
    # then each quotes it, by its id and with its text
    for message_id, key, text in answers:
        row = shop.row(message_id)
        assert (row["quote"]["id"], row["quote"]["text"]) == (key.split("_")[2], text), row["type"]
        assert row["quote"]["author"] == (LEO if key == theirs else PHONE)
        assert row["mentions"] == ([MIA] if row["body"].startswith("mirá") else [])
        assert shop.caller.message(message_id)["reply_to"] == key
    messages = open_chat(phone, f"+{LEO}", LEO, 2 + len(answers))
    expect(messages.get_by_role("blockquote")).to_have_count(len(answers))


def test_a_bulk_of_every_type(shop: Shop, samples: Samples) -> None:
    to = "5491133330030"
    body: list[dict[str, Any]] = [{"to": to, "message": "hola"}]
    body += [{"type": kind, "to": to, **fields} for kind, fields in OTHERS.items()]
    body += [{"type": kind, "to": to, "media": {"media_id": shop.keep(one)}} for kind, one in samples.items()]

    answer = shop.caller.http.post(shop.caller.path("messages/bulk"), json={"messages": body})

    items = answer.json()["items"]
    assert all(item["ok"] for item in items), answer.text
    rows = [shop.row(item["message_id"]) for item in items]
    assert [row["type"] for row in rows] == ["chat", "location", "vcard", "poll_creation", *ON_RECORD.values()]
    assert [row["sha256"] for row in rows[4:]] == [sha256(one) for one in samples.values()]
    assert {row["key"] for row in shop.rows(to)} == {row["key"] for row in rows}


def test_a_campaign_with_a_picture_uploads_it_once(shop: Shop) -> None:
    people, picture = [f"549113333{at:04d}" for at in range(100, 130)], Sample(png(64, 48, 33), "image/png")
    call, admin = shop.caller.http, shop.admin.http
    body = {"name": "Siempre", "weekdays": list(range(7)), "start": "00:00", "end": "24:00", "daily_quota": 1_000}
    schedule = call.post("/api/schedules", json=body).raise_for_status().json()["schedule_id"]
    admin.post(f"/api/schedules/{schedule}/approve").raise_for_status()
    body = {"name": "Pan", "templates": ["Para {nombre}"], "schedule_id": schedule}
    made = call.post("/api/campaigns", json={**body, "media": {"media_id": shop.keep(picture)}}).raise_for_status()
    campaign = f"/api/campaigns/{made.json()['campaign_id']}"
    table = "telefono;nombre\n" + "\n".join(f"{number};N{at}" for at, number in enumerate(people))
    call.post(f"{campaign}/recipients", content=table, headers={"Content-Type": "text/csv"}).raise_for_status()

    call.post(f"{campaign}/start").raise_for_status()

    until(lambda: call.get(campaign).json()["state"] == "finalizado", 120, "the campaign's end")
    rows = [row for row in shop.system.simulator.messages(PHONE) if row["to"] in people]
    assert [row["to"] for row in rows] == people
    assert [row["body"] for row in rows] == [f"Para N{at}" for at in range(len(people))]
    assert {(row["type"], row["sha256"], row["copies"]) for row in rows} == {("image", sha256(picture), 1)}
    (media,) = {row["media"] for row in rows}
    assert shop.system.simulator.media(media)["uploads"] == 1


def test_groups_get_every_type_where_the_tenant_allows_it(shop: Shop, phone: Page, samples: Samples) -> None:
    group = str(shop.system.simulator.add_group("Vecinos", [PHONE, ANA, LEO])["id"])
    refused = shop.caller.http.post(shop.caller.path("messages"), json={"to": group, "message": "hola"})
    assert (refused.status_code, refused.json()["error"]) == (400, "INVALID_TO")
    shop.admin.http.patch("/api/tenants/73", json={"allow_groups": True}).raise_for_status()

    body = {"to": group, "message": f"hola @{ANA}", "mentions": [ANA]}
    say = partial(shop.caller.http.post, shop.caller.path("messages"), json=body)
    first = until(lambda: answer if (answer := say()).is_success else None, 5, "the permission to hold everywhere")
    sent = [str(first.json()["message_id"])]
    sent += [shop.post(type=kind, to=group, **fields) for kind, fields in OTHERS.items()]
    sent += [shop.post(type=kind, to=group, media={"media_id": shop.keep(one)}) for kind, one in samples.items()]

    rows = [shop.row(message_id) for message_id in sent]
    assert [row["type"] for row in rows] == ["chat", "location", "vcard", "poll_creation", *ON_RECORD.values()]
    assert [row["sha256"] for row in rows[4:]] == [sha256(one) for one in samples.values()]
    assert rows[0]["mentions"] == [ANA]
    assert {row["to"] for row in rows} == {group}
    messages = open_chat(phone, "Vecinos", group, len(rows))
    assert [shown_hash(messages.nth(at)) for at in range(4, len(rows))] == [row["sha256"] for row in rows[4:]]


@pytest.mark.parametrize("kind", ["image", "document"])
def test_a_worker_killed_in_the_middle_of_an_upload(shop: Shop, samples: Samples, kind: str) -> None:
    to = {"image": "5491133330031", "document": "5491133330032"}[kind]
    content = png(80, 60, 77) if kind == "image" else samples[ContentType.DOCUMENT].content + b"killed"
    sample = Sample(content, samples[ContentType(kind)].mime_type)
    before = shop.caller.until_status("READY")["since"]
    # given an upload that has begun and does not end
    shop.system.simulator.add_fault("slow_uploads", phone=PHONE, value=0)
    message_id = shop.post(type=kind, to=to, media={"media_id": shop.keep(sample)}, caption="una vez")
    begun = shop.system.folder / "sim" / "media"
    until(lambda: [*begun.glob("*.part")], 60, "the upload's first bytes")
    worker = shop.system.worker(73)
    assert worker is not None
    # when the worker dies
    worker.send_signal(signal.SIGKILL)
    shop.system.simulator.lift_faults()
    shop.caller.until_ready_since(before)
    # then it is sent once, whole
    row = shop.row(message_id)
    assert (row["body"], row["sha256"]) == ("una vez", sha256(sample))
    assert [one["key"] for one in shop.rows(to)] == [row["key"]]

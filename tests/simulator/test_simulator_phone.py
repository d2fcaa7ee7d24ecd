"""The virtual phone as a person uses it."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from simulator.client import SimulatorClient
from support.sending_page import png, send, upload, wav
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+M8AAAIBAQAcZ1sAAAAASUVORK5CYII="
)
MICROPHONE = """
navigator.mediaDevices.getUserMedia = async () => {
  const audio = new AudioContext();
  const sound = audio.createOscillator();
  const target = audio.createMediaStreamDestination();
  sound.connect(target);
  sound.start();
  return target.stream;
};
"""


def test_link_watch_answer_log_out(new_page: Callable[[], WebPage], client: SimulatorClient, lead: str) -> None:
    client.put_settings(auto_read=False)
    web = new_page()
    web.until_code()
    phone = web.page.context.new_page()
    phone.goto(web.page.url + "phone")
    phone.get_by_label("Número, con código de país").fill("+54 911 0000 7777")
    phone.get_by_label("Nombre", exact=True).fill("Panadería")
    phone.get_by_role("button", name="Crear").click()
    expect(phone.get_by_label("Teléfono", exact=True).last).to_have_value("5491100007777")
    phone.get_by_role("button", name="Escanear este código").click()
    expect(phone.get_by_text("en línea")).to_be_visible()
    web.until_ready()

    web.send(lead, "Tu pedido está listo")
    chat = phone.get_by_role("button", name=f"+{lead}")
    expect(chat.get_by_label("entregado")).to_be_visible()
    chat.click()
    expect(phone.locator("#messages").get_by_label("leído")).to_be_visible()
    phone.get_by_label("Mensaje", exact=True).fill("¡Voy!")
    phone.get_by_role("button", name="Enviar").click()
    expect(phone.locator("#messages").get_by_text("¡Voy!")).to_be_visible()
    web.until("() => window.seen.some(([name, body]) => name === 'chat.new_message' && body === '¡Voy!')")

    phone.get_by_role("button", name="Cerrar sesión").click()
    web.until("() => location.search.includes('post_logout=1')")
    expect(phone.get_by_text("Ninguno todavía.")).to_be_visible()


def test_a_picture_and_a_voice_note(linked: WebPage, client: SimulatorClient, number: str, lead: str) -> None:
    client.inbound(number, lead, "hola")
    phone = linked.page.context.new_page()
    phone.add_init_script(MICROPHONE)
    phone.goto(linked.page.url + "phone")
    phone.get_by_label("Teléfono", exact=True).last.select_option(number)
    phone.get_by_role("button", name=f"+{lead}").click()
    phone.get_by_label("Mensaje", exact=True).fill("¿Tienen este?")
    phone.get_by_label("Foto", exact=True).set_input_files(
        {"name": "foto.png", "mimeType": "image/png", "buffer": PICTURE}
    )
    expect(phone.get_by_role("img", name="Foto")).to_have_js_property("naturalWidth", 1)
    expect(phone.locator("#messages").get_by_text("¿Tienen este?")).to_be_visible()
    phone.get_by_role("button", name="Nota de voz").click()
    phone.get_by_role("button", name="Enviar la nota").click()
    expect(phone.locator("#messages").get_by_label("Nota de voz")).to_be_visible()
    expect(phone.get_by_role("button", name=f"+{lead}")).to_contain_text("Nota de voz")
    until(lambda: len(client.messages(number)) == 3, 15, "all three")
    picture, voice = client.messages(number)[1:]
    assert (picture["type"], picture["body"], picture["size"]) == ("image", "¿Tienen este?", len(PICTURE))
    assert (voice["type"], voice["fields"]["duration"]) == ("ptt", 1)
    assert voice["size"] > 100
    linked.until("() => window.seen.filter(([name]) => name === 'chat.new_message').length === 3")


def test_what_the_page_sent_is_seen_and_heard(linked: WebPage, client: SimulatorClient, number: str, lead: str) -> None:
    to, card = f"{lead}@c.us", "BEGIN:VCARD\nVERSION:3.0\nFN:Ana\nTEL:+54 9 11 2222-3333\nEND:VCARD"
    question = client.inbound(number, lead, "¿tienen rojo?")["key"]
    until(lambda: linked.row(question) != {}, 15, "the question")
    picture = upload(linked, png(320, 200), "image/png", "image")
    key = send(linked, to, {**picture, "caption": "este"}, quotedMsg=question)["key"]
    client.react(number, key, "❤️")
    send(linked, to, upload(linked, wav(3), "audio/wav", "ptt", isPtt=True))
    send(
        linked, to, {**upload(linked, wav(1), "application/pdf", "document", asDocument=True), "filename": "lista.pdf"}
    )
    send(linked, to, {"type": "location", "lat": -34.6, "lng": -58.3, "loc": "Obelisco\nAv. 9 de Julio"})
    send(linked, to, {"type": "vcard", "body": card, "vcardFormattedName": "Ana"})
    options = [{"name": "Lunes", "localId": 0}, {"name": "Martes", "localId": 1}]
    poll = {"type": "poll_creation", "pollName": "¿Qué día?", "pollOptions": options, "pollSelectableOptionsCount": 1}
    client.vote(number, send(linked, to, poll)["key"], ["Martes"])
    phone = linked.page.context.new_page()
    phone.goto(linked.page.url + "phone")
    phone.get_by_label("Teléfono", exact=True).last.select_option(number)
    phone.get_by_role("button", name=f"+{lead}").click()
    messages = phone.locator("#messages > li")
    expect(messages).to_have_count(7)
    with_picture = messages.nth(1)
    expect(with_picture.get_by_role("img", name="Foto")).to_have_js_property("naturalWidth", 320)
    expect(with_picture.get_by_role("blockquote")).to_have_text(f"+{lead}¿tienen rojo?")
    expect(with_picture.get_by_text("este", exact=True)).to_be_visible()
    expect(with_picture.get_by_label("Reacciones")).to_have_text("❤️")
    voice = messages.nth(2).get_by_label("Nota de voz")
    expect(voice).to_have_js_property("duration", 3)
    client.react(number, key, "👍")
    voice.evaluate("async (sound) => { window.voice = sound; await sound.play(); }")
    expect(with_picture.get_by_label("Reacciones")).to_have_text("👍")
    assert voice.evaluate("(sound) => sound === window.voice")
    expect(voice).to_have_js_property("ended", True)
    with phone.expect_download() as download:
        messages.nth(3).get_by_role("link", name="lista.pdf").click()
    assert download.value.path().read_bytes() == wav(1)
    expect(messages.nth(4)).to_contain_text("ObeliscoAv. 9 de Julio-34.6, -58.3")
    expect(messages.nth(5)).to_contain_text("Ana+54 9 11 2222-3333")
    expect(messages.nth(6).get_by_role("listitem")).to_have_text(["Lunes0", "Martes1"])
    linked.run("(to) => WPP.chat.markIsComposing(to)", to)
    expect(phone.locator("#typing")).to_have_text("Escribiendo…")
    linked.send(to, "listo")
    expect(phone.locator("#typing")).to_have_text("")
    client.revoke(number, key)
    expect(with_picture).to_contain_text("Mensaje eliminado")

"""The virtual phone as a person uses it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from simulator.client import SimulatorClient
from support.web_page import WebPage

pytestmark = pytest.mark.browser


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

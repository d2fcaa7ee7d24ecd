"""Linking, staying linked and being logged out, seen through the unmodified wa-js."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from simulator.client import ControlError, SimulatorClient
from support.web_page import WebPage
from testing.simulator_process import SimulatorProcess, SimulatorSettings

pytestmark = pytest.mark.browser

Pages = Callable[[], WebPage]


def test_scanning_the_code_links_the_page(new_page: Pages, client: SimulatorClient, number: str) -> None:
    page = new_page()
    code = page.until_code()
    assert page.state()["mode"] == "QR"
    assert page.run("() => WPP.conn.isMainReady()") is True
    assert code in [device["auth_code"] for device in client.devices()]
    device_id = client.scan(number, code)
    page.until_ready()
    assert page.events("conn.require_auth")
    assert page.events("conn.authenticated")
    assert page.run("() => WPP.conn.getMyUserId().toString()") == f"{number}@c.us"
    (device,) = client.phone(number)["devices"]
    assert device["device_id"] == device_id
    assert device["online"]


def test_a_restarted_browser_is_still_linked(linked: WebPage) -> None:
    linked.close()
    linked.open().until_ready()
    assert not linked.events("conn.authenticated")


def test_a_killed_browser_is_still_linked(linked: WebPage) -> None:
    key = linked.send("5491122223333", "antes")["key"]
    linked.kill()
    linked.open().until_ready()
    assert linked.is_acknowledged(key)


def test_codes_rotate_go_idle_and_come_back(new_page: Pages, client: SimulatorClient, number: str) -> None:
    client.put_settings(qr_first_ms=2500, qr_next_ms=300, qr_count=3)
    page = new_page()
    first = page.until_code()
    page.until_state(state="UNPAIRED_IDLE")
    assert page.events("conn.qrcode_idle")
    with pytest.raises(ControlError) as expired:
        client.scan(number, first)
    assert expired.value.status == 410
    client.put_settings(qr_first_ms=60_000)
    fresh = page.run("() => WPP.conn.refreshQR().then((code) => code.fullCode)")
    assert fresh != first
    client.scan(number, fresh)
    page.until_ready()


def test_a_pairing_code_links_the_page(new_page: Pages, client: SimulatorClient, number: str) -> None:
    page = new_page()
    page.until_code()
    code = page.run("(number) => WPP.conn.genLinkDeviceCodeForPhoneNumber(number)", number)
    with pytest.raises(ControlError) as unknown:
        client.enter_pairing_code(number, "ZZZZZZZZ")
    assert unknown.value.status == 404
    client.enter_pairing_code(number, code)
    page.until_ready()


def test_logout_on_the_phone_wipes_the_login(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run("() => { WPP.on('conn.logout_reason', (why) => sessionStorage.setItem('why', why)); }")
    client.log_out(number)
    linked.until("() => location.search.includes('post_logout=1')")
    linked.until_code()
    assert linked.run("() => sessionStorage.getItem('why')") == "user_initiated"
    assert linked.state()["registered"] is False
    assert client.phone(number)["devices"] == []


def test_logout_by_the_page(linked: WebPage, client: SimulatorClient, number: str) -> None:
    linked.run("() => { WPP.conn.logout(); }")
    linked.until("() => location.search.includes('post_logout=1')")
    assert client.phone(number)["devices"] == []


def test_a_restarted_simulator_finds_its_pages_again(
    playwright: Playwright, wa_js: Path, tmp_path: Path, number: str
) -> None:
    # given a page that is linked and has sent something
    quick: SimulatorSettings = {"delivered_ms": 200, "read_ms": 300, "reconnect_ms": 100}
    with SimulatorProcess(tmp_path / "data", settings=quick) as first:
        page = WebPage(playwright, tmp_path / "profile", first.url, wa_js).open()
        try:
            first.control.put_phone(number)
            first.control.scan(number, page.until_code())
            key = page.until_ready().send("5491122223333", "hola")["key"]
            # when the simulator is stopped and started again on the same port
            assert first.stop() == 0
            page.until_state(info="OFFLINE")
            with SimulatorProcess(tmp_path / "data", first.port) as second:
                # then the page goes on where it was
                page.until_ready()
                page.until_ack(key, 3)
                assert second.stop() == 0
        finally:
            page.close()


def test_a_second_page_of_the_device_takes_over(linked: WebPage) -> None:
    second = linked.page.context.new_page()
    second.goto(linked.page.url)
    linked.until_state(mode="CONFLICT", state="CONFLICT")
    second.close()
    linked.run("() => require('WAWebSocketModel').Socket.takeover()")
    linked.until_ready()


def test_modules_that_are_asked_for_by_name_are_there(linked: WebPage) -> None:
    assert linked.run(
        """() => {
          const { Msg, Chat, Contact } = require('WAWebCollections');
          const { MsgStore, ChatStore, ContactStore } = WPP.whatsapp;
          return Msg === MsgStore && Chat === ChatStore && Contact === ContactStore;
        }"""
    )
    assert linked.run(
        "() => require('WALinkify').findLinks('ver https://example.org/a y ya').map((link) => link.href)"
    ) == ["https://example.org/a"]
    assert linked.run("() => require('WAWebConnModel').Conn.serialize().connected") is True
    assert linked.run("() => require('WAWebOfflineHandler').OfflineMessageHandler.getOfflineDeliveryProgress()") == 100

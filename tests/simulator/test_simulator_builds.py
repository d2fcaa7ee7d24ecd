"""Builds of the page: what is served, what is refused, what a build lacks, and a page kept from an older one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from playwright.sync_api import Frame, Route

from simulator.client import SimulatorClient
from support.waiting import until
from support.web_page import WebPage

pytestmark = pytest.mark.browser

LEAD = "5491122223333"
BUILD = "2.3000.1044822804"
NEXT_BUILD = "2.3000.1045000001"
EXISTS = "(name) => WPP.whatsapp.functions[name] !== undefined"


def test_the_build_is_told_everywhere(linked: WebPage, client: SimulatorClient, number: str) -> None:
    assert linked.run("() => WPP.conn.getBuildConstants().VERSION_STR") == BUILD
    assert linked.run("() => window.Debug.VERSION") == BUILD
    (device,) = client.phone(number)["devices"]
    assert device["web_version"] == BUILD
    url = linked.page.url.rstrip("/")
    assert '"client_revision":1044822804' in httpx.get(url + "/sw.js").text
    client.put_settings(web_version=NEXT_BUILD)
    assert '"client_revision":1045000001' in httpx.get(url + "/sw.js").text
    assert '"client_revision":1045000001' in httpx.get(url).text
    assert httpx.get(url + "/check-update", params={"version": BUILD}).json()["currentVersion"] == NEXT_BUILD
    linked.page.reload()
    linked.until_ready()
    assert linked.run("() => window.Debug.VERSION") == NEXT_BUILD


def test_an_open_page_learns_of_a_new_build(linked: WebPage, client: SimulatorClient) -> None:
    linked.run("() => { WPP.on('conn.needs_update', () => window.seen.push(['update', ''])); window.before = true; }")
    client.put_settings(version_poll_ms=100)
    linked.until("() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/spin'))")
    assert linked.run("() => WPP.conn.needsUpdate()") is False
    client.put_settings(web_version=NEXT_BUILD)
    linked.until("() => window.seen.some(([name]) => name === 'update')")
    assert linked.run("() => WPP.conn.needsUpdate()") is True
    assert linked.run("() => window.before") is True
    client.put_settings(update_hard=True, hard_reload_ms=200)
    linked.until("() => window.before === undefined && window.WPP !== undefined")
    linked.until_ready()
    assert linked.run("() => window.Debug.VERSION") == NEXT_BUILD


@pytest.mark.parametrize("by_fault", [False, True])
def test_a_refused_build_reloads_without_end(
    linked: WebPage, client: SimulatorClient, number: str, by_fault: bool
) -> None:
    loads: list[str] = []

    def loaded(frame: Frame) -> None:
        loads.append(frame.url)

    linked.page.on("framenavigated", loaded)
    assert linked.state()["mode"] == "MAIN"
    if by_fault:
        client.add_fault("deprecated_version", phone=number)
    else:
        client.put_settings(refused_versions=[BUILD])
        linked.page.reload()

    def has_reloaded() -> bool:
        linked.page.context.cookies()  # lets the driver tell its events
        return len(loads) > 4

    until(has_reloaded, 30, "reloads")
    assert linked.until("() => require('WAWebStreamModel').Stream.mode ?? 'none'") in ("none", "OFFLINE", "SYNCING")
    if by_fault:
        client.lift_faults()
    else:
        client.put_settings(web_version=NEXT_BUILD)
    linked.until_ready()
    assert linked.send(LEAD, "hola")["ack"] == 1


def test_what_a_build_lacks_is_missing_and_the_rest_works(new_page: Any, client: SimulatorClient, number: str) -> None:
    client.put_settings(
        missing={
            BUILD: [
                "WAWebResendMsgAction",
                "WAWebLidMigrationUtils.getAlternateMsgKey",
                "WAWebSendMsgChatAction.addAndSendMsgToChat",
                "WAWebMsgCollection.MsgCollection.getMessagesById",
                "WAWebNothingAtAll.really.not",
            ]
        }
    )
    page: WebPage = new_page()
    client.scan(number, page.until_code())
    page.until_ready()
    assert page.run(EXISTS, "addAndSendMsgToChat") is False
    assert page.run(EXISTS, "findOrCreateLatestChat") is True
    assert page.run("() => WPP.loader.loadModule('WAWebResendMsgAction') ?? null") is None
    assert page.run("() => WPP.loader.loadModule('WAWebLidMigrationUtils').getAlternateMsgKey ?? null") is None
    assert page.run("() => typeof WPP.loader.loadModule('WAWebLidMigrationUtils').toLid") == "function"
    assert page.run("() => WPP.whatsapp.MsgStore.getMessagesById ?? null") is None
    assert page.send(LEAD, "hola")["ok"] is False
    client.inbound(number, LEAD, "buenas")
    page.until("() => window.seen.some(([name, text]) => name === 'chat.new_message' && text === 'buenas')")
    client.put_settings(web_version=NEXT_BUILD)
    page.page.reload()
    page.until_ready()
    assert page.send(LEAD, "hola")["ack"] == 1


def test_a_page_kept_from_an_older_build_goes_on_working(
    new_page: Callable[[], WebPage], client: SimulatorClient, number: str
) -> None:
    page = new_page()
    client.scan(number, page.until_code())
    page.until_ready()
    kept = httpx.get(page.page.url).text
    client.put_settings(web_version=NEXT_BUILD, missing={NEXT_BUILD: ["WAWebSendMsgChatAction"]})

    def serve(route: Route) -> None:
        route.fulfill(body=kept, content_type="text/html")

    # A page that didn't come from the network may not reach 127.0.0.1 without this; the real site is no local address.
    page.page.context.grant_permissions(["local-network-access"])
    page.page.route(page.page.url, serve)
    page.page.reload()
    page.until_ready()
    assert page.run("() => window.Debug.VERSION") == BUILD
    assert page.send(LEAD, "hola")["ack"] == 1
    scripts = page.run("() => [...document.scripts].map(({ src }) => src).filter(Boolean)")
    assert all(f"/page/{BUILD}/" in src for src in scripts)

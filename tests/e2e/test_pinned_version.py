"""A pinned build in a running system: served, refused, and what the session does then."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from testing.system import System
from testing.waiting import until
from tests.front.wa_js_package import pack

AGENCY, PHONE = 51, "5491155556001"
RELOADS = "<script>setTimeout(() => location.reload(), 200);</script>"  # as a page does whose build is refused


def saved_page(simulator_url: str, place: Path, *, refused: bool) -> Path:
    """The stand-in's page as a file."""
    html = httpx.get(simulator_url, headers={"User-Agent": "Chrome"}).text
    place.write_text(html.replace("<head>", f"<head>{RELOADS}") if refused else html, "utf-8")
    return place


@pytest.mark.parametrize("fallback", ["false", "true"])
def test_a_refused_pin_is_said_or_left_for_what_is_served(tmp_path: Path, fallback: str) -> None:
    page = tmp_path / "saved.html"
    system = System(tmp_path / "system", {"WHATSAPP_WEB_VERSION": str(page), "WHATSAPP_WEB_VERSION_FALLBACK": fallback})
    with system:
        saved_page(system.simulator_url, page, refused=True)
        caller = system.add_caller("agencia", AGENCY)
        if fallback == "true":
            system.pair(caller, PHONE)
            assert "pin.refused" in system.service_log("host")
        else:
            caller.connect()
            status = caller.until_status("ERROR")
            assert status["last_error_code"] == "PIN_REFUSED"
            assert "WHATSAPP_WEB_VERSION" in status["last_error_message"]
            assert not system.browsers(AGENCY)


def test_a_bundle_is_tried_on_a_session_before_all_get_it(tmp_path: Path) -> None:
    good = pack(tmp_path, "4.6.98")
    page = tmp_path / "saved.html"
    system = System(tmp_path / "system", {"WHATSAPP_WEB_VERSION": str(page)})
    with system:
        saved_page(system.simulator_url, page, refused=False)
        caller = system.add_caller("agencia", AGENCY)
        system.pair(caller, PHONE)
        before = caller.status()["since"]

        said = system.services.run(
            "-m", "leadmaster", "whatsapp", "update-bundle", str(good), "--session", str(AGENCY), seconds=170
        )

        assert f"session {AGENCY} is READY with it" in said
        after = caller.until_status("READY")
        assert after["since"] != before
        listed = system.services.run("-m", "leadmaster", "whatsapp", "bundles")
        assert "* 4.6.98" in listed
        assert not list((system.data / "whatsapp").glob("bundle.cliente_*"))
        until(lambda: caller.status()["phone_number"] == PHONE, 10, "the same login")

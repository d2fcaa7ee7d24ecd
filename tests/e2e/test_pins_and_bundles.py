"""A pinned build in a running system: served, refused, and what the session does then."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from testing.system import System
from tests.front.wa_js_package import pack

pytestmark = pytest.mark.browser

AGENCY, PHONE = 51, "5491155556001"
PINNED, SERVED = "2.3000.1044800001", "2.3000.1044900002"


def pin(system: System, place: Path) -> None:
    """Saves the page of a build that is no longer served then."""
    system.simulator.put_settings(web_version=PINNED)
    html = httpx.get(system.simulator_url, headers={"User-Agent": "Chrome"}).text
    place.write_text(html, "utf-8")
    system.simulator.put_settings(web_version=SERVED)


@pytest.mark.parametrize("fallback", ["false", "true"])
def test_a_refused_pin_is_said_or_left_for_what_is_served(tmp_path: Path, fallback: str) -> None:
    page = tmp_path / "saved.html"
    settings = {"WHATSAPP_WEB_VERSION": str(page), "WHATSAPP_WEB_VERSION_FALLBACK": fallback}
    with System(tmp_path / "system", settings) as system:
        pin(system, page)
        system.simulator.put_settings(refused_versions=[PINNED])
        caller = system.add_caller("agencia", AGENCY)
        if fallback == "true":
            system.pair(caller, PHONE)
            assert "pin.refused" in system.service_log("host")
            assert [each["web_version"] for each in system.simulator.devices() if each["phone"]] == [SERVED]
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
        pin(system, page)
        caller = system.add_caller("agencia", AGENCY)
        system.pair(caller, PHONE)
        before = caller.status()["since"]

        said = system.services.run(
            "-m", "leadmaster", "whatsapp", "update-bundle", str(good), "--session", str(AGENCY), seconds=400
        )

        assert f"session {AGENCY} is READY with it" in said
        after = caller.until_status("READY")
        assert after["since"] != before
        listed = system.services.run("-m", "leadmaster", "whatsapp", "bundles")
        assert "* 4.6.98" in listed
        assert not list((system.data / "whatsapp").glob("bundle.cliente_*"))
        shown = system.services.run("-m", "leadmaster", "whatsapp", "versions")
        assert f"served      {SERVED}" in shown
        assert f"pinned      {PINNED}" in shown
        assert f"{PINNED} with wa-js 4.6.0: ok (1 of 1 sessions" in shown

"""A simulator of each module's own, and browsers with the unmodified wa-js on it."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from simulator.client import SimulatorClient
from support.web_page import WebPage
from testing.processes import ROOT
from testing.simulator_process import SimulatorProcess

_numbers = itertools.count(5491155500000)


@pytest.fixture(scope="module")
def playwright() -> Iterator[Playwright]:
    """Playwright's driver, for one module: its event loop must not outlive the module."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def wa_js() -> Path:
    """Where the unmodified bundle is."""
    default = ROOT / "node_modules/@wppconnect/wa-js/dist/wppconnect-wa.js"
    path = Path(os.environ.get("LEADMASTER_WA_JS") or default)
    assert path.is_file(), f"no wa-js bundle at {path}: run `npm ci` or set LEADMASTER_WA_JS"
    return path


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A simulator of this module."""
    with SimulatorProcess(tmp_path_factory.mktemp("simulator")) as process:
        yield process
        assert process.stop() == 0


@pytest.fixture
def client(simulator: SimulatorProcess) -> SimulatorClient:
    """Its control API, with quick settings and no faults."""
    control = simulator.control
    control.lift_faults()
    control.put_settings(
        qr_first_ms=60_000,
        qr_next_ms=20_000,
        qr_count=6,
        sync_ms=50,
        delivered_ms=100,
        read_ms=200,
        auto_read=True,
        dedupe=True,
        page_resends=False,
        resend_ms=300,
        reconnect_ms=100,
        startup_events=False,
        web_version="2.3000.1044822804",
        update_hard=False,
        hard_reload_ms=60_000,
        version_poll_ms=1_800_000,
        refused_versions=[],
        missing={},
        reload_above=1000,
        modules=0,
        heap_mb=0,
    )
    return control


@pytest.fixture
def number(client: SimulatorClient) -> str:
    """A phone of this test's own."""
    return str(client.put_phone(str(next(_numbers)), "Negocio")["number"])


@pytest.fixture
def new_page(
    playwright: Playwright, simulator: SimulatorProcess, tmp_path: Path, wa_js: Path
) -> Iterator[Callable[[], WebPage]]:
    """Open a page with a profile of its own; all are closed when the test ends."""
    pages: list[WebPage] = []

    def open_page() -> WebPage:
        pages.append(WebPage(playwright, tmp_path / f"profile-{len(pages)}", simulator.url, wa_js))
        return pages[-1].open()

    yield open_page
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def shared(
    playwright: Playwright, simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory, wa_js: Path
) -> Iterator[WebPage]:
    """A linked page for tests of this module that leave it as they found it."""
    page = WebPage(playwright, tmp_path_factory.mktemp("shared") / "profile", simulator.url, wa_js)
    control = simulator.control
    page.number = str(control.put_phone(str(next(_numbers)), "Negocio")["number"])
    control.put_settings(sync_ms=50)
    control.scan(page.number, page.open().until_code())
    yield page.until_ready()
    page.close()


@pytest.fixture
def lead() -> str:
    """A contact of this test's own."""
    return str(next(_numbers))


@pytest.fixture
def linked(new_page: Callable[[], WebPage], client: SimulatorClient, number: str) -> WebPage:
    """A page that is linked to `number` and ready."""
    page = new_page()
    page.number = number
    client.scan(number, page.until_code())
    return page.until_ready()

"""A session on a pinned build of WhatsApp Web: everything goes on as on the page that the site serves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from session_worker.engine.factory import make_engine
from session_worker.engine.port import EngineConfig, EngineError, InboundSeen
from session_worker.engine.versions.bundles import PACKAGED, BundleStore, packaged_bundle
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import SimulatorWorld, link, new_number

VERSION = "2.3000.1000000001"
LaunchWith = Callable[..., EngineRun]


@pytest.fixture
def saved_page(simulator: SimulatorWorld, tmp_path: Path) -> Path:
    """The stand-in's page as a file, which says that it is another build than the one that is served."""
    html = httpx.get(simulator.url, headers={"User-Agent": "Chrome"}).text
    page = tmp_path / "saved.html"
    page.write_text(html.replace("<head>", f"<head><script>{says_it_is(VERSION)}</script>"), "utf-8")
    return page


def says_it_is(version: str) -> str:
    """A script after which the page's version is this one, whatever its own scripts say."""
    return f"Object.defineProperty(window, 'Debug', {{get: () => ({{VERSION: '{version}'}}), set() {{}}}});"


@pytest.fixture
def config(simulator: SimulatorWorld, tmp_path: Path) -> EngineConfig:
    return EngineConfig(
        url=simulator.url,
        profile_dir=tmp_path / "cliente_51",
        lock_path=tmp_path / "cliente_51.lock",
        whatsapp_dir=tmp_path / "whatsapp",
    )


@pytest.fixture
def launch_with(config: EngineConfig) -> Iterator[LaunchWith]:
    """Starts an engine whose config differs so; stopped when the test ends."""
    runs: list[EngineRun] = []

    def start(**changes: object) -> EngineRun:
        changed = replace(config, **changes)  # type: ignore[arg-type]
        runs.append(EngineRun(make_engine(changed), changed))
        return runs[-1].start()

    yield start
    for run in runs:
        run.engine.stop()


def test_a_session_on_a_saved_page_links_sends_receives_and_comes_back(
    simulator: SimulatorWorld, launch_with: LaunchWith, saved_page: Path
) -> None:
    phone, lead = new_number(), new_number()
    simulator.add_phone(phone, "Negocio")
    first = launch_with(web_version=str(saved_page))

    seen = link(simulator, first, phone)
    prepared = first.engine.prepare(lead)
    first.engine.hand_over(prepared, "hola")
    first.wait_for_ack(prepared.key, 1)
    simulator.write(lead, phone, "buenas")
    first.wait_for(InboundSeen, lambda event: event.text == "buenas")
    first.engine.stop()
    again = launch_with(web_version=str(saved_page)).wait_until_ready()

    assert (seen.web_version, again.web_version) == (VERSION, VERSION)
    assert again.pairing_id == seen.pairing_id
    assert simulator.shown_to(phone, lead) == ["hola", "buenas"]


def test_without_a_pin_the_site_decides(launch_with: LaunchWith, saved_page: Path) -> None:
    run = launch_with(web_version=str(saved_page))
    run.wait_for_code()
    run.engine.stop()

    served = launch_with().wait_until(lambda seen: seen.code is not None)

    assert served.web_version != VERSION


@pytest.mark.parametrize("pin", ["2.3000.1000000009-alpha", "saved/nowhere.html"])
def test_a_pin_that_is_not_on_this_machine_is_said_before_a_browser_starts(config: EngineConfig, pin: str) -> None:
    engine = make_engine(replace(config, web_version=pin))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "PIN_NOT_FOUND"
    assert not config.profile_dir.exists()


def test_a_new_browser_run_reads_which_bundle_is_in_use(config: EngineConfig, launch_with: LaunchWith) -> None:
    assert config.whatsapp_dir is not None
    store = BundleStore(config.whatsapp_dir)
    script = packaged_bundle(None).read_bytes()
    marked = says_it_is("2.3000.1000000002").encode() + script
    store.keep("4.6.1", marked, "sha512-x", 0)
    versions = []
    for name in ("4.6.1", PACKAGED):
        store.use(name)
        run = launch_with()
        versions.append(run.wait_until(lambda seen: seen.code is not None).web_version)
        run.engine.stop()

    assert versions[0] == "2.3000.1000000002"
    assert versions[1] != "2.3000.1000000002"

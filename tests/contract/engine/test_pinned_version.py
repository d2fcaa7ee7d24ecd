"""A session on a pinned build of WhatsApp Web goes on as on the one that is served; a bundle is read at each start."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from session_worker.engine.factory import make_engine
from session_worker.engine.port import EngineConfig, EngineError, Outgoing, PageReloaded
from session_worker.engine.versions.bundles import PACKAGED, BundleStore, packaged_bundle
from shared.protocol.events import MessageInbound
from testing.simulator_process import SimulatorProcess
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import new_number

PINNED, SERVED = "2.3000.1044800001", "2.3000.1044900002"
LaunchWith = Callable[..., EngineRun]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    """A stand-in of this module's own, whose builds may change."""
    with SimulatorProcess(tmp_path_factory.mktemp("site"), settings={"sync_ms": 50, "resume_ms": 50}) as process:
        yield process


@pytest.fixture
def saved_page(site: SimulatorProcess, tmp_path: Path) -> Path:
    """The page of a build that is no longer served."""
    site.control.put_settings(web_version=PINNED, refused_versions=[])
    html = httpx.get(site.url, headers={"User-Agent": "Chrome"}).text
    site.control.put_settings(web_version=SERVED)
    page = tmp_path / "saved.html"
    page.write_text(html, "utf-8")
    return page


@pytest.fixture
def config(site: SimulatorProcess, tmp_path: Path) -> EngineConfig:
    return EngineConfig(
        url=site.url,
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


@pytest.mark.browser
def test_a_session_on_a_saved_page_links_sends_receives_and_comes_back(
    site: SimulatorProcess, launch_with: LaunchWith, saved_page: Path
) -> None:
    phone, lead = new_number(), new_number()
    site.control.put_phone(phone, "Negocio")
    first = launch_with(web_version=str(saved_page))

    site.control.scan(phone, first.wait_for_code())
    seen = first.wait_until_ready()
    prepared = first.engine.prepare(lead)
    first.engine.hand_over(prepared, Outgoing("hola"))
    first.wait_for_ack(prepared.key, 1)
    site.control.inbound(phone, lead, "buenas")
    first.wait_for(MessageInbound, lambda event: "buenas" in str(event))
    first.engine.stop()
    again = launch_with(web_version=str(saved_page)).wait_until_ready()

    assert (seen.web_version, again.web_version) == (PINNED, PINNED)
    assert again.pairing_id == seen.pairing_id
    assert [each["body"] for each in site.control.messages(phone)] == ["hola", "buenas"]


@pytest.mark.browser
def test_without_a_pin_the_site_decides(launch_with: LaunchWith, saved_page: Path) -> None:
    pinned = launch_with(web_version=str(saved_page))
    pinned.wait_for_code()
    pinned.engine.stop()

    served = launch_with().wait_until(lambda seen: seen.code is not None)

    assert served.web_version == SERVED


@pytest.mark.browser
def test_a_refused_build_is_told_as_reloads(site: SimulatorProcess, launch_with: LaunchWith, saved_page: Path) -> None:
    site.control.put_settings(refused_versions=[PINNED])

    run = launch_with(web_version=str(saved_page))

    run.wait_until(lambda _: len(run.told(PageReloaded)) >= 3)


@pytest.mark.parametrize("pin", ["2.3000.1000000009-alpha", "saved/nowhere.html"])
def test_a_pin_that_is_not_on_this_machine_is_said_before_a_browser_starts(config: EngineConfig, pin: str) -> None:
    engine = make_engine(replace(config, web_version=pin))

    with pytest.raises(EngineError) as raised:
        engine.start(lambda _: None)

    assert raised.value.code == "PIN_NOT_FOUND"
    assert not config.profile_dir.exists()


@pytest.mark.browser
def test_a_new_browser_run_reads_which_bundle_is_in_use(config: EngineConfig, launch_with: LaunchWith) -> None:
    assert config.whatsapp_dir is not None
    store = BundleStore(config.whatsapp_dir)
    mark = "Object.defineProperty(window, 'Debug', {get: () => ({VERSION: '2.3000.7'}), set() {}});\n"
    store.keep("4.6.1", mark.encode() + packaged_bundle(None).read_bytes(), "sha512-x", 0)
    versions = []
    for name in ("4.6.1", PACKAGED):
        store.use(name)
        run = launch_with()
        versions.append(run.wait_until(lambda seen: seen.code is not None).web_version)
        run.engine.stop()

    assert versions[0] == "2.3000.7"
    assert versions[1] != "2.3000.7"

"""Which engine an address gets (session_worker/engine/factory.py), and the fake that links itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from session_worker.engine.factory import make_engine
from session_worker.engine.playwright_adapter.engine import PlaywrightEngine
from session_worker.engine.port import EngineConfig, EngineError, Found, Outgoing
from tests.contract.engine.engine_run import EngineRun
from tests.contract.engine.engine_world import REPOSITORY


@pytest.fixture
def config(tmp_path: Path) -> EngineConfig:
    return EngineConfig(
        url="fake://auto?ack_ms=1&delivered_ms=1&read_ms=1",
        profile_dir=tmp_path / "cliente_51",
        lock_path=tmp_path / "cliente_51.lock",
    )


def test_a_site_gets_a_browser(config: EngineConfig) -> None:
    assert isinstance(make_engine(replace(config, url="https://web.whatsapp.com/")), PlaywrightEngine)


def test_no_adapter_is_loaded_before_it_is_asked_for() -> None:
    # given a session worker that has not made an engine yet
    script = "import sys, session_worker.worker; print({'playwright', 'testing'} & set(sys.modules))"

    answer = subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, capture_output=True, text=True, check=True)

    assert answer.stdout == "set()\n"


@pytest.mark.parametrize("url", ["", "ftp://x/", "fake://other", "fake://auto?akc_ms=5", "fake://auto?ack_ms=soon"])
def test_an_address_nobody_serves(config: EngineConfig, url: str) -> None:
    with pytest.raises(EngineError) as raised:
        make_engine(replace(config, url=url))

    assert raised.value.code == "PAGE_FAILED"


def test_the_automatic_fake_links_sends_and_keeps_its_login(config: EngineConfig) -> None:
    first = EngineRun(make_engine(config), config).start()
    linked = first.wait_until_ready()
    prepared = first.engine.prepare("5491123456789")
    first.engine.hand_over(prepared, Outgoing("hola"))
    first.wait_for_ack(prepared.key, 3)
    first.engine.stop()

    second = EngineRun(make_engine(config), config).start()
    again = second.wait_until_ready()
    found = second.engine.look_up(prepared)
    second.engine.stop(logout=True)

    assert (again.phone_number, again.pairing_id) == (linked.phone_number, linked.pairing_id)
    assert found == Found(3)
    third = EngineRun(make_engine(config), config).start()
    anew = third.wait_until_ready()
    third.engine.stop()
    assert (anew.phone_number == linked.phone_number, anew.pairing_id == linked.pairing_id) == (True, False)

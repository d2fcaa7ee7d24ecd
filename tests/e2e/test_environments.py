"""What the processes of a running system can tell: nothing confidential that their part does not need."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from leadmaster.installation.data_dir import DataDir
from leadmaster.parts import NEEDED
from leadmaster.up.leftovers import recorded
from testing.caller import Caller
from testing.system import System

pytestmark = pytest.mark.browser

SECRETS = {"jwt_secret": "jwt-" + "s" * 32, "flower_password": "flower-confidential"}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    database = tmp_path_factory.mktemp("database") / "confidential.db"
    return {"DATABASE_URL": f"sqlite:///{database}", **{name.upper(): value for name, value in SECRETS.items()}}


@pytest.fixture(scope="module")
def caller(system: System) -> Caller:
    """Whose browser shows a code."""
    made = system.add_caller("agencia", 75)
    made.connect()
    made.until_status("QR_REQUIRED")
    return made


def _told(process: psutil.Process) -> bytes:
    """The environment it was started with, as the kernel keeps it."""
    return Path(f"/proc/{process.pid}/environ").read_bytes()


def test_each_part_and_all_that_it_started(system: System, settings: dict[str, str], caller: Caller) -> None:
    values = {**SECRETS, "database_url": settings["DATABASE_URL"]}
    parts = recorded(DataDir(system.data))
    assert set(parts) == {"redis", "hub", "background", "webhooks", "beat", "host", "flower"}

    for part, process in parts.items():
        for one in (process, *process.children(recursive=True)):
            told = _told(one)
            assert {name for name, value in values.items() if value.encode() in told} <= NEEDED[part], (part, one)
    # A part that shows no title of its own shows what it was started with: they could be read.
    assert SECRETS["flower_password"].encode() in _told(parts["flower"])
    assert values["database_url"].encode() in _told(parts["background"])


def test_the_browser_and_its_driver(system: System, settings: dict[str, str], caller: Caller) -> None:
    worker = system.worker(75)
    assert worker is not None
    below = worker.children(recursive=True)
    browsers = system.browsers(75)
    assert len(below) > len(browsers) >= 1
    # The driver was given what its worker has, which itself shows a title in the place of its environment.
    assert any(b"REDIS_URL=redis://" in _told(process) for process in below)

    confidential = [*SECRETS.values(), settings["DATABASE_URL"]]
    for process in below:
        assert not any(value.encode() in _told(process) for value in confidential), process
    for browser in browsers:
        assert b"REDIS_URL" not in _told(browser)

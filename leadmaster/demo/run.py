"""`leadmaster demo`: the same as `up`, against the stand-in WhatsApp, with data of its own."""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

from leadmaster.demo import by_hand, scenario
from leadmaster.demo.agencies import show_accounts
from leadmaster.installation import ports
from leadmaster.installation.data_dir import LOCK_NAME, DataDir
from leadmaster.screen import Screen
from leadmaster.up.leftovers import end_leftovers
from leadmaster.up.readiness import answers
from leadmaster.up.run import run as run_up
from leadmaster.up.run import show_places
from leadmaster.up.services import Service, own_argv
from leadmaster.up.supervisor import Supervisor
from session_worker.engine.browser import sandbox
from session_worker.engine.browser.executable import find_browser
from session_worker.engine.port import EngineError
from shared.settings import Settings, SettingsError, load_settings

_MARK = ".leadmaster-demo"  # only a directory that carries it is ever emptied
_HUB_PORT, _FLOWER_PORT, _SIMULATOR_PORT = 3012, 5555, 3080
_LEFTOVER_GRACE_S = 15.0


def run(data_dir: Path, *, exit_after: bool, verbose: bool, record: Path | None) -> int:
    """Plays the scenario and runs until Ctrl-C, or with exit_after stops by itself. Returns the exit status.

    record: gets a picture of what was shown until the scenario's end.
    """
    screen = Screen(recording=record is not None)
    screen.title("LeadMaster demo: two tenants, two browsers, a stand-in WhatsApp. Nothing leaves this machine.")
    data = DataDir(data_dir)
    _empty(data, screen)
    simulator_port = ports.preferred_or_free("127.0.0.1", _SIMULATOR_PORT)
    simulator_url = f"http://127.0.0.1:{simulator_port}/"
    os.environ.update(_environment(data, simulator_url))
    do_without_sandbox(screen)
    simulator_data = str(data.root / "simulator")
    simulator = Service(
        "simulator",
        "Simulator",
        own_argv("simulator", "--port", str(simulator_port), "--data", simulator_data),
        partial(answers, f"{simulator_url}control/health"),
        simulator_url,
    )

    def play(supervisor: Supervisor, settings: Settings) -> bool:
        worked = scenario.play(supervisor, settings, screen, simulator_url)
        if record is not None:
            screen.save_picture(record, "leadmaster demo")
        if not supervisor.stopping:
            title = "Where to look while a demo runs:" if exit_after else "Look around; everything runs until Ctrl-C:"
            show_places(settings, data, screen, title)
            screen.plain(f"  Phone    {simulator_url}phone   write to an agency, read what it sent")
            show_accounts(screen)
            if worked and not exit_after:
                by_hand.show_commands(settings, screen, simulator_url)
        return worked

    return run_up(
        load_settings(), screen, verbose=verbose, extra_services=(simulator,), scenario=play, exit_after=exit_after
    )


def _environment(data: DataDir, simulator_url: str) -> dict[str, str]:
    """Settings of the demo's own: none of the operator's servers, secrets or data is touched."""
    return {
        "WHATSAPP_WEB_URL": simulator_url,
        "LEADMASTER_DATA_DIR": str(data.root),
        "REDIS_URL": "",
        "DATABASE_URL": "",
        "JWT_SECRET": "",
        "FLOWER_PASSWORD": "",
        "HUB_BIND": "127.0.0.1",
        "HUB_PORT": str(ports.preferred_or_free("127.0.0.1", _HUB_PORT)),
        "FLOWER_PORT": str(ports.preferred_or_free("127.0.0.1", _FLOWER_PORT)),
        "LEGACY_PORT": "",
        "SEND_GAP_MIN_SECONDS": "0.2",
        "SEND_GAP_MAX_SECONDS": "0.5",
        "SEND_DELAY_MIN_SECONDS": "0.5",
        "SEND_DELAY_MAX_SECONDS": "1",
        "CAMPAIGN_TICK_SECONDS": "0.5",
        "WEBHOOK_ALLOWED_NETWORKS": "127.0.0.0/8",  # receivers of this machine: the demo's, and the operator's
    }


def do_without_sandbox(screen: Screen) -> None:
    """Where Chromium's sandbox can't work it is off: the demo's browsers open our own stand-in alone."""
    settings = load_settings()
    if settings.browser_no_sandbox or os.geteuid() == 0:  # off already
        return
    try:
        found = sandbox.look(find_browser(settings.browser_path))
    except EngineError:
        return  # whoever needs the browser says what is wrong with it
    if not found.works:
        os.environ["BROWSER_NO_SANDBOX"] = "true"
        screen.note(f"Chromium's sandbox is off, for this demo alone, which opens no foreign site: {found.cause}")


def _empty(data: DataDir, screen: Screen) -> None:
    """Begins with an empty directory, every time. Raises SettingsError for one that isn't the demo's."""
    mark = data.root / _MARK
    if data.root.is_dir() and any(data.root.iterdir()) and not mark.exists():
        raise SettingsError(f"--data-dir: {data.root} has files that are not the demo's; choose another directory")
    data.root.mkdir(mode=0o700, parents=True, exist_ok=True)
    mark.touch()
    with data.held():
        left = end_leftovers(data, _LEFTOVER_GRACE_S)
        if left:
            screen.note(f"Ended what a killed demo had left running: {', '.join(left)}")
        for path in data.root.iterdir():
            if path.name in (_MARK, LOCK_NAME):
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

"""How a session's browser is started: its switches and its environment."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

_WRAPPER = Path(__file__).with_name("wrapper.sh")

# Beside Playwright's own switches, which already stop updates, sync, background traffic and timer throttling.
ARGUMENTS = (
    "--disable-blink-features=AutomationControlled",  # navigator.webdriver must not say true
    "--disable-gpu",
    "--disable-software-rasterizer",  # nothing here draws in 3D: 10 MB less
    "--disable-audio-output",
    "--disable-notifications",
    "--no-pings",
    "--renderer-process-limit=1",  # one page; spare renderers only cost memory
    "--enable-features=NetworkServiceInProcess2",  # no process of its own for the network: 15 MB less
    # The address bar's own pages live in a second renderer that nobody sees: 40 MB of its own.
    "--disable-features=WebUIOmniboxPopup,WebUIOmniboxAimPopup,WebUIOmniboxFullPopup",
)

# Playwright's driver is a Node that keeps little: a small young generation saves 13 MB, for 13 % more CPU a call.
DRIVER_OPTIONS = "--max-semi-space-size=1"

# The browser gets what a browser needs, and none of the service's secrets.
_PASSED_ON = re.compile(
    r"PATH|HOME|USER|LANG|LANGUAGE|TZ|TMPDIR|DISPLAY|WAYLAND_DISPLAY|DBUS_SESSION_BUS_ADDRESS|LD_LIBRARY_PATH"
    r"|LC_\w+|XDG_\w+|FONTCONFIG_\w+|SSL_CERT_(FILE|DIR)|(https?|no|all)_proxy|(HTTPS?|NO|ALL)_PROXY"
)


def sandboxed(*, no_sandbox: bool) -> bool:
    """Whether Chromium's sandbox is on: unless a setting says otherwise, or under root, where it can't work."""
    return not no_sandbox and os.geteuid() != 0


def environment(browser: Path, profile_dir: Path, lock_path: Path, launch_id: str) -> dict[str, str]:
    """What `wrapper.sh` and the browser see."""
    kept = {name: value for name, value in os.environ.items() if _PASSED_ON.fullmatch(name)}
    return kept | {
        "LEADMASTER_BROWSER": str(browser),
        "LEADMASTER_PROFILE": str(profile_dir),
        "LEADMASTER_PROFILE_LOCK": str(lock_path),
        "LEADMASTER_LAUNCH_ID": launch_id,
    }


def wrapper(beside: Path) -> Path:
    """The wrapper as an executable file; copied beside the lock where an installer dropped its executable bit."""
    if os.access(_WRAPPER, os.X_OK):
        return _WRAPPER
    copy = beside.with_name("browser_wrapper.sh")
    shutil.copyfile(_WRAPPER, copy)
    copy.chmod(0o700)
    return copy

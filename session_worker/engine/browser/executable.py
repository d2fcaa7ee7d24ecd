"""Which browser to start: the configured one, then Playwright's own Chromium, then the system's."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from session_worker.engine.port import EngineError

_SYSTEM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_VERSION = re.compile(r"\b(\d+)\.\d+\.\d+\.\d+\b")
_VERSION_SECONDS = 15


def find_browser(configured: str) -> Path:
    """The executable of a full Chromium.

    configured: a path, or empty to look for one. Raises EngineError BROWSER_NOT_FOUND, whose detail says what to do.
    """
    if configured:
        path = Path(configured)
        if path.is_file() and os.access(path, os.X_OK):
            return path
        raise EngineError("BROWSER_NOT_FOUND", f"BROWSER_PATH is no executable file: {configured}")
    bundled = _playwright_chromium()
    if bundled is not None:
        return bundled
    for name in _SYSTEM_NAMES:
        found = shutil.which(name)
        if found is not None:
            return Path(found)
    raise EngineError(
        "BROWSER_NOT_FOUND",
        "install Chromium (`playwright install chromium`, or your system's package) or set BROWSER_PATH",
    )


def major_version(browser: Path) -> int:
    """Asks the executable for its version. Raises EngineError BROWSER_FAILED where it has no answer."""
    try:
        done = subprocess.run(  # a path of find_browser, no shell
            [str(browser), "--version"], capture_output=True, text=True, timeout=_VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError("BROWSER_FAILED", f"{browser} --version: {error}") from error
    match = _VERSION.search(done.stdout)
    if match is None:
        raise EngineError("BROWSER_FAILED", f"{browser} --version says no version (exit {done.returncode})")
    return int(match[1])


def user_agent(major: int) -> str:
    """What Chrome on Linux says of itself; without the word Headless, which WhatsApp turns away."""
    return f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{major}.0.0.0 Safari/537.36"


def _playwright_chromium() -> Path | None:
    """The newest full Chromium that `playwright install` put on this machine."""
    root = os.environ.get("PLAYWRIGHT_BROWSERS_PATH") or os.path.join(
        os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "ms-playwright"
    )
    found = [path for path in Path(root).glob("chromium-*/chrome-linux*/chrome") if os.access(path, os.X_OK)]
    return max(found, key=_revision, default=None)


def _revision(chromium: Path) -> int:
    revision = chromium.parents[1].name.removeprefix("chromium-")
    return int(revision) if revision.isdigit() else 0

"""A linked browser that was killed, launched again as a script of a few lines would: Playwright, our switches, wa-js.

Run as a process: `python -m benchmarks.sessions.bare_relaunch <url> <profile directory>`. Each line on stdin is a
launch of that profile to READY, answered on stdout with `{"ms"}`; then the browser is killed (SIGKILL) and the driver
stopped. Of a profile that is not linked yet `{"code"}` comes first. Imports are paid before.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import time
from pathlib import Path

import psutil
from playwright.async_api import async_playwright

from benchmarks.harness.line_process import answer
from benchmarks.sessions.bare_browser import open_page
from session_worker.engine.browser import executable
from session_worker.engine.versions.bundles import packaged_bundle

# The same words as the session's: registered, the page at its main screen, the socket connected, wa-js able to send.
_READY = """(untilCode) => new Promise((found) => {
  const ask = async () => {
    if (WPP.isFullReady && WPP.conn.isRegistered() && WPP.conn.getStreamData().mode === 'MAIN'
        && WPP.whatsapp.Socket.state === 'CONNECTED') {
      return found(null);
    }
    const code = untilCode && WPP.loader.isInjected && !WPP.conn.isRegistered() ? await WPP.conn.getAuthCode() : null;
    return code ? found(code.fullCode) : setTimeout(ask, 5);
  };
  ask();
})"""


async def relaunch(url: str, profile: Path, browser: Path, major: int) -> float:
    """Launches to READY. Returns milliseconds, with those that linking took where the profile was not linked yet."""
    script = packaged_bundle(None).read_text("utf-8")
    started = time.perf_counter()
    async with async_playwright() as playwright:
        _, page = await open_page(playwright, url, profile, browser, major, script)
        code = await page.evaluate(_READY, True)
        if code is not None:
            answer(code=code)
            await page.evaluate(_READY, False)
        ms = (time.perf_counter() - started) * 1000
        await asyncio.sleep(1.0)  # the login is stored
        _kill_browser(profile)
    return ms


def _kill_browser(profile: Path) -> None:
    mark = f"--user-data-dir={profile}"
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            line = process.cmdline()
            if mark in line and not any(word.startswith("--type=") for word in line):
                process.kill()


def main() -> None:
    """Serves launches until stdin ends."""
    browser = executable.find_browser(os.environ.get("BROWSER_PATH", ""))
    major = executable.major_version(browser)
    for _ in sys.stdin:
        answer(ms=asyncio.run(relaunch(sys.argv[1], Path(sys.argv[2]), browser, major)))


if __name__ == "__main__":
    main()

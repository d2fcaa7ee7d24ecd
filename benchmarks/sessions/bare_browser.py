"""A browser as a script of a few lines would start it: Playwright, our switches, wa-js, and a wait for the code.

Run as a process: `python -m benchmarks.sessions.bare_browser <url>`. Each line on stdin, a profile directory, is a
launch to the first code, answered on stdout with `{"ms", "heap_mb"}`; then browser and driver are closed. Imports are
paid before.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import BrowserContext, CDPSession, Page, Playwright, async_playwright

from benchmarks.harness.line_process import answer
from session_worker.engine.browser import executable, launch_options
from session_worker.engine.versions.bundles import packaged_bundle

_SETTINGS = "window.WPPConfig = {disableGoogleAnalytics: true};"
# As soon as wa-js can say the code; its own event for it says so without polling.
_CODE = """() => new Promise((found) => {
  const ask = async () => {
    const code = WPP.loader.isInjected ? await WPP.conn.getAuthCode() : null;
    if (code) { found(code.fullCode); }
  };
  WPP.on('conn.auth_code_change', ask);
  WPP.on('conn.require_auth', ask);
  WPP.loader.onInjected(ask);
  ask();
})"""


@dataclass(frozen=True, slots=True)
class Launch:
    """One launch to the first code."""

    ms: float  # from nothing to the code in this process
    heap_mb: float  # the page's JavaScript heap in use, after a collection


async def launch(url: str, profile: Path, browser: Path, major: int) -> Launch:
    """Launches the browser on a fresh profile, waits for the code, and closes it."""
    script = packaged_bundle(None).read_text("utf-8")
    started = time.perf_counter()
    async with async_playwright() as playwright:
        context, page = await open_page(playwright, url, profile, browser, major, script)
        code = await page.evaluate(_CODE)
        ms = (time.perf_counter() - started) * 1000
        assert code
        heap = await _heap_mb(await context.new_cdp_session(page))
        await context.close()
    return Launch(ms, heap)


async def open_page(
    playwright: Playwright, url: str, profile: Path, browser: Path, major: int, wa_js: str
) -> tuple[BrowserContext, Page]:
    """Opens the browser with the page on its way and wa-js in it. wa_js: the bundle's text."""
    context = await playwright.chromium.launch_persistent_context(
        profile,
        executable_path=browser,
        args=launch_options.ARGUMENTS,
        chromium_sandbox=launch_options.sandboxed(no_sandbox=False),
        headless=True,
        user_agent=executable.user_agent(major),
        locale="es-AR",
        viewport={"width": 1100, "height": 700},
        service_workers="block",
        accept_downloads=False,
    )
    await context.add_init_script(f"if (location.protocol !== 'about:') {{\n{_SETTINGS}\n{wa_js}\n}}")
    page = context.pages[0]
    await page.goto(url, wait_until="commit")
    return context, page


async def _heap_mb(session: CDPSession) -> float:
    await session.send("HeapProfiler.collectGarbage")
    return float((await session.send("Runtime.getHeapUsage"))["usedSize"]) / 1024**2


def main() -> None:
    """Serves launches until stdin ends."""
    browser = executable.find_browser(os.environ.get("BROWSER_PATH", ""))
    major = executable.major_version(browser)
    for line in sys.stdin:
        made = asyncio.run(launch(sys.argv[1], Path(line.strip()), browser, major))
        answer(ms=made.ms, heap_mb=made.heap_mb)


if __name__ == "__main__":
    main()

"""The asynchronous half of the Playwright adapter: one browser with one page, on one loop.

Says what happens through two callbacks and knows nothing of messages, sessions or threads.
"""

from __future__ import annotations

import asyncio
import ipaddress
import os
import uuid
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
from playwright.async_api import BrowserContext, Error, Frame, Page, Playwright, ViewportSize, async_playwright

from session_worker.engine.bridge.page_script import page_script
from session_worker.engine.browser import executable, launch_options, profile_lock
from session_worker.engine.browser.process_end import ProcessEnd
from session_worker.engine.playwright_adapter.request_rules import (
    Document,
    RequestInterceptor,
    RequestRules,
    update_polls,
)
from session_worker.engine.port import EngineConfig, EngineError
from session_worker.engine.versions.bundles import BundleStore, packaged_bundle
from session_worker.engine.versions.pinned_page import find_page
from shared.logs import get_logger

_log = get_logger(__name__)

_LOCKED_EXIT = "exitCode=75"  # browser/wrapper.sh
_LAUNCH_MS = 20_000
_NAVIGATION_MS = 10_000
_CLOSE_SECONDS = 3.0
_DRIVER_SECONDS = 1.0
_KILL_SECONDS = 4.0
_VIEWPORT: ViewportSize = {"width": 1100, "height": 700}

# The bridge's methods by name; a page without the bridge answers as it does for everything it can't do.
_ASK = """([method, argument]) => window.__leadmaster === undefined
  ? {ok: false, code: 'NOT_LOADED', message: 'the bridge is not on the page'}
  : window.__leadmaster[method](argument)"""


class WebBrowser:
    """One browser run. Use from its loop only."""

    def __init__(
        self,
        config: EngineConfig,
        on_told: Callable[[Mapping[str, Any]], None],
        on_navigated: Callable[[str], None],
        on_gone: Callable[[str], None],
    ) -> None:
        """on_told: an event of the bridge. on_navigated: the top frame's new address. on_gone: why; may come twice."""
        self._config = config
        self._on_told = on_told
        self._on_navigated = on_navigated
        self._on_gone = on_gone
        self._playwright: Playwright | None = None
        self._context: BrowserContext | None = None
        self._page: Page | None = None
        self._requests: RequestInterceptor | None = None
        self._watches: list[ProcessEnd] = []
        self.launch_id = uuid.uuid4().hex
        self.driver_pid: int | None = None

    async def open(self) -> None:
        """Launches the browser and begins to load the site. Raises EngineError as the port's `start`."""
        config = self._config
        browser = executable.find_browser(config.browser_path)
        script = page_script(_bundle(config), show_online=config.show_online)
        rules = _request_rules(config)
        os.environ["NODE_OPTIONS"] = launch_options.DRIVER_OPTIONS  # the driver inherits it; the browser doesn't
        playwright, major = await asyncio.gather(
            async_playwright().start(), asyncio.to_thread(executable.major_version, browser)
        )
        self._playwright = playwright
        self._context = context = await self._launch(playwright, browser, major)
        context.on("close", lambda _: self._on_gone("the browser's context closed"))
        self._watch_processes()
        await context.expose_binding("__leadmasterTell", self._told)
        await context.add_init_script(script)
        page = context.pages[0] if context.pages else await context.new_page()
        page.on("crash", lambda _: self._on_gone("the page crashed"))
        page.on("close", lambda _: self._on_gone("the page was closed"))
        page.on("framenavigated", self._frame_navigated)
        self._page = page
        self._requests = RequestInterceptor(context, page)
        await self._requests.apply(rules)
        if rules.document is not None and _is_local(config.url):
            await _allow_local_traffic(context, config.url)
        try:
            await page.goto(config.url, wait_until="commit", timeout=_NAVIGATION_MS)
        except Error as error:
            raise EngineError("PAGE_FAILED", _first_line(error)) from error

    async def ask(self, method: str, argument: object = None) -> dict[str, Any]:
        """Calls the bridge: `{ok: true, value}` or `{ok: false, code, message}`. Raises playwright's Error."""
        if self._page is None:
            raise Error("the page is not open")
        answer: dict[str, Any] = await self._page.evaluate(_ASK, [method, argument])
        return answer

    async def apply_rules(self, rules: RequestRules) -> None:
        """Replaces what is kept from the site; counts at once, for the document from the next load. Raises Error."""
        if self._requests is None:
            raise Error("the page is not open")
        await self._requests.apply(rules)

    async def close(self) -> None:
        """Ends browser and driver: asks them to, then kills what is left, while the loop still sees them off."""
        for watch in self._watches:
            watch.close()
        if self._context is not None:
            await _in_time(self._context.close(), _CLOSE_SECONDS)
        await asyncio.to_thread(self.kill_browser)
        if self._playwright is not None:
            stopping = asyncio.ensure_future(self._playwright.stop())
            await asyncio.wait({stopping}, timeout=_DRIVER_SECONDS)
            if not stopping.done():
                self.kill_driver()
            await _in_time(stopping, _DRIVER_SECONDS)

    def kill_browser(self) -> None:
        """Makes sure that no browser of this launch holds the profile. Blocks up to 4 s."""
        profile_lock.kill_browser(self._config.lock_path, launch_id=self.launch_id, timeout_seconds=_KILL_SECONDS)

    def kill_driver(self) -> None:
        """Makes sure that the driver is gone. Blocks up to 2 s."""
        if self.driver_pid is not None:
            profile_lock.kill_process(self.driver_pid)

    async def _launch(self, playwright: Playwright, browser: Path, major: int) -> BrowserContext:
        config = self._config
        for folder in (config.profile_dir, config.lock_path.parent):
            folder.mkdir(parents=True, exist_ok=True)
        try:
            return await playwright.chromium.launch_persistent_context(
                config.profile_dir,
                executable_path=launch_options.wrapper(beside=config.lock_path),
                args=launch_options.ARGUMENTS,
                env=dict(launch_options.environment(browser, config.profile_dir, config.lock_path, self.launch_id)),
                chromium_sandbox=launch_options.sandboxed(no_sandbox=config.no_sandbox),
                headless=True,
                user_agent=executable.user_agent(major),
                locale="es-AR",
                viewport=_VIEWPORT,
                service_workers="block",
                accept_downloads=False,
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
                timeout=_LAUNCH_MS,
            )
        except Error as error:
            if _LOCKED_EXIT in error.message:
                raise EngineError("PROFILE_LOCKED", f"another browser holds {config.lock_path.name}") from error
            raise EngineError("BROWSER_FAILED", _first_line(error)) from error

    def _watch_processes(self) -> None:
        """A killed browser or driver doesn't always reach us as an event of Playwright's."""
        found = profile_lock.holder(self._config.lock_path)
        if found is None:
            raise EngineError("BROWSER_FAILED", "the browser ended at once")
        self.driver_pid = _driver_pid(found.pid)
        self._watches.append(ProcessEnd(found.pid, lambda: self._on_gone("the browser ended")))
        if self.driver_pid is not None:
            self._watches.append(ProcessEnd(self.driver_pid, lambda: self._on_gone("Playwright's driver ended")))

    def _told(self, source: Mapping[str, Any], event: Mapping[str, Any]) -> None:
        if source["page"] is self._page:
            self._on_told(event)

    def _frame_navigated(self, frame: Frame) -> None:
        if frame.parent_frame is None:
            self._on_navigated(frame.url)


def _bundle(config: EngineConfig) -> Path:
    if config.whatsapp_dir is None:
        return packaged_bundle(config.wa_js_path)
    return BundleStore(config.whatsapp_dir).find(config.wa_js_path, config.profile_dir.name)


def _request_rules(config: EngineConfig) -> RequestRules:
    """A pinned page comes in place of the site's own; and no page hears of a newer build, pinned or not.

    A page that did would load it at its own time; who loads it first is ours to say.
    """
    document = None
    if config.web_version:
        document = Document(config.url, find_page(config.web_version, config.whatsapp_dir).read_bytes())
    return RequestRules(document, update_polls(config.url))


def _driver_pid(browser_pid: int) -> int | None:
    """The pid of Playwright's Node process, which has no public name: it is the browser's parent and our child."""
    try:
        parent = psutil.Process(browser_pid).parent()
        return parent.pid if parent is not None and parent.ppid() == os.getpid() else None
    except psutil.NoSuchProcess:
        return None


def _is_local(url: str) -> bool:
    """Whether the site is one of this machine or network, as the simulator is."""
    host = urlsplit(url).hostname or ""
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return host == "localhost"


async def _allow_local_traffic(context: BrowserContext, url: str) -> None:
    """Chromium takes a page that was answered here for a public one, which may open no socket to a local address."""
    try:
        await context.grant_permissions(["local-network-access"], origin=url)
    except Error as error:  # a Chromium from before these checks
        _log.info("page.local_access_not_granted", reason=_first_line(error))


async def _in_time(work: Awaitable[object], seconds: float) -> None:
    try:
        await asyncio.wait_for(work, seconds)
    except (Error, TimeoutError):
        return


def _first_line(error: Error) -> str:
    return error.message.strip().partition("\n")[0]

"""A page of our own in place of the site's, and blocked addresses: what else the page does goes on as without them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest
from playwright.async_api import BrowserContext, Page, Route, async_playwright

from session_worker.engine.browser.executable import find_browser
from session_worker.engine.playwright_adapter.request_rules import (
    Document,
    RequestInterceptor,
    RequestRules,
    answer,
    patterns,
    update_polls,
)
from tests.support.counting_site import DOWNLOAD_BYTES, CountingSite

T = TypeVar("T")
PINNED = b"<!doctype html><title>pinned</title><script src=/app.js></script>"
UPLOAD_BYTES = 5_000_000
WORK = """(bytes) => new Promise((resolve, reject) => {
  const worker = new Worker('/worker.js');
  worker.onmessage = ({ data }) => resolve(data);
  worker.onerror = (event) => reject(new Error(event.message));
  worker.postMessage(bytes);
})"""
FETCH = "(address) => fetch(address).then((answer) => answer.status, () => 'failed')"


@pytest.fixture
def site() -> Iterator[CountingSite]:
    with CountingSite() as running:
        yield running


@asynccontextmanager
async def opened(profile: Path) -> AsyncIterator[tuple[BrowserContext, Page]]:
    """A real Chromium, started as a session's is in what matters here."""
    async with async_playwright() as playwright:
        context = await playwright.chromium.launch_persistent_context(
            profile, executable_path=find_browser(""), service_workers="block", args=["--no-sandbox"]
        )
        try:
            yield context, context.pages[0]
        finally:
            await context.close()


def in_browser(profile: Path, work: Callable[[BrowserContext, Page], Awaitable[T]]) -> T:
    async def run() -> T:
        async with opened(profile) as (context, page):
            return await work(context, page)

    return asyncio.run(run())


def rules_for(site: CountingSite) -> RequestRules:
    return RequestRules(document=Document(site.url, PINNED), blocked=update_polls(site.url))


@pytest.mark.browser
def test_the_document_is_ours_and_the_cache_stays_in_use_also_in_the_next_browser(
    site: CountingSite, tmp_path: Path
) -> None:
    async def load_twice(context: BrowserContext, page: Page) -> list[str]:
        await RequestInterceptor(context, page).apply(rules_for(site))
        titles = []
        for load in (lambda: page.goto(site.url), page.reload):
            await load()
            assert await page.evaluate("window.app") == "loaded"
            titles.append(await page.title())
        return titles

    titles = in_browser(tmp_path, load_twice) + in_browser(tmp_path, load_twice)

    assert titles == ["pinned"] * 4
    assert (site.hits("/"), site.hits("/app.js")) == (0, 1)


@pytest.mark.browser
def test_the_cache_test_sees_a_cache_that_is_off(site: CountingSite, tmp_path: Path) -> None:
    async def load_twice(context: BrowserContext, page: Page) -> None:
        async def pass_on(route: Route) -> None:
            await route.continue_()

        await page.route(site.url, pass_on)
        await page.goto(site.url)
        await page.goto(site.url)

    in_browser(tmp_path, load_twice)

    assert site.hits("/app.js") == 2


@pytest.mark.browser
def test_what_a_worker_sends_and_fetches_arrives(site: CountingSite, tmp_path: Path) -> None:
    async def use_worker(context: BrowserContext, page: Page) -> dict[str, Any]:
        await RequestInterceptor(context, page).apply(rules_for(site))
        await page.goto(site.url)
        done: dict[str, Any] = await asyncio.wait_for(page.evaluate(WORK, UPLOAD_BYTES), 30)
        return done

    done = in_browser(tmp_path, use_worker)

    assert (done["uploaded"], done["downloaded"]) == (UPLOAD_BYTES, DOWNLOAD_BYTES)
    assert "served" in done["document"]  # a worker's own request for the same address isn't a document
    assert done["spin"] == "failed"  # … while a blocked address is blocked for workers too


@pytest.mark.browser
def test_polls_for_updates_fail_and_service_workers_stay_blocked(site: CountingSite, tmp_path: Path) -> None:
    async def ask(context: BrowserContext, page: Page) -> list[object]:
        await RequestInterceptor(context, page).apply(rules_for(site))
        await page.goto(site.url)
        return [
            await page.evaluate(FETCH, "/spin?revision=1"),
            await page.evaluate(FETCH, "/check-update?version=2"),
            await page.evaluate(FETCH, "/download"),
            await page.evaluate("navigator.serviceWorker.register('/sw.js').then(() => 'asked', () => 'refused')"),
            len(await page.evaluate("navigator.serviceWorker.getRegistrations()")),
        ]

    answers = in_browser(tmp_path, ask)

    assert answers[:3] == ["failed", "failed", 200]
    assert answers[4] == 0
    assert (site.hits("/spin"), site.hits("/check-update"), site.hits("/sw.js")) == (0, 0, 0)


@pytest.mark.browser
def test_rules_change_on_a_page_that_is_open(site: CountingSite, tmp_path: Path) -> None:
    async def change(context: BrowserContext, page: Page) -> list[object]:
        interceptor = RequestInterceptor(context, page)
        await page.goto(site.url)
        seen: list[object] = [await page.title(), await page.evaluate(FETCH, "/spin")]
        await interceptor.apply(RequestRules(blocked=update_polls(site.url)))
        seen.append(await page.evaluate(FETCH, "/spin"))
        await interceptor.apply(rules_for(site))
        await page.reload()
        seen.append(await page.title())
        await interceptor.apply(RequestRules())
        await page.reload()
        return [*seen, await page.title(), await page.evaluate(FETCH, "/spin")]

    assert in_browser(tmp_path, change) == ["served", 200, "failed", "pinned", "served", 200]


SITE = "https://web.example/"


@pytest.mark.parametrize(
    ("url", "kind", "command"),
    [
        (SITE, "Document", "Fetch.fulfillRequest"),
        (SITE, "XHR", "Fetch.continueRequest"),
        (f"{SITE}?post_logout=1", "Document", "Fetch.continueRequest"),
        (f"{SITE}spin?a=1", "XHR", "Fetch.failRequest"),
        (f"{SITE}check-update/x", "Fetch", "Fetch.failRequest"),
        (f"{SITE}other", "Fetch", "Fetch.continueRequest"),
    ],
)
def test_what_a_paused_request_is_answered(url: str, kind: str, command: str) -> None:
    rules = RequestRules(document=Document(SITE, PINNED), blocked=update_polls(SITE))

    assert answer(rules, "7", url, kind)[0] == command


def test_without_a_rule_nothing_is_paused_or_answered_for_the_site() -> None:
    assert patterns(RequestRules()) == []
    assert answer(RequestRules(), "7", SITE, "Document") == ("Fetch.continueRequest", {"requestId": "7"})


def test_an_address_is_no_wildcard() -> None:
    (pattern,) = patterns(RequestRules(blocked=(f"{SITE}a?b=*",)))

    assert pattern["urlPattern"] == f"{SITE}a\\?b=\\**"

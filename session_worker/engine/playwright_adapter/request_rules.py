"""Which of a page's requests don't reach the site: its document, answered from a file, and addresses that are blocked.

On a raw CDP session whose patterns name these addresses alone. Playwright's own `route` would switch the HTTP cache off
for the whole page, and a pattern for everything would hold up what web workers upload and download.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin

from playwright.async_api import BrowserContext, CDPSession, Error, Page

from shared.logs import get_logger

_log = get_logger(__name__)

# By these WhatsApp Web's page asks whether it is to load itself anew: `/spin` since 2025, `/check-update` before.
_UPDATE_POLLS = ("/spin", "/check-update")
_HEADERS = [
    {"name": "Content-Type", "value": "text/html; charset=utf-8"},
    {"name": "Cache-Control", "value": "no-store"},
]


@dataclass(frozen=True, slots=True)
class Document:
    """What the page is given instead of the site's own document."""

    url: str  # exactly this address; with a query of its own it is another one
    html: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class RequestRules:
    """What is kept from the site. Without any rule nothing of the page's traffic is touched."""

    document: Document | None = None
    blocked: tuple[str, ...] = ()  # every address that begins with one of these fails as if a blocker had refused it


def update_polls(site_url: str) -> tuple[str, ...]:
    """What to block so that a page does not learn of a newer version and reload itself."""
    return tuple(urljoin(site_url, path) for path in _UPDATE_POLLS)


def patterns(rules: RequestRules) -> list[dict[str, str]]:
    """The rules as the `patterns` of CDP's `Fetch.enable`."""
    found = [{"urlPattern": f"{_escaped(prefix)}*", "requestStage": "Request"} for prefix in rules.blocked]
    if rules.document is not None:
        # Only documents: a worker or an XHR that asks for the same address isn't held up.
        pattern = {"urlPattern": _escaped(rules.document.url), "resourceType": "Document", "requestStage": "Request"}
        found.append(pattern)
    return found


def answer(rules: RequestRules, request_id: str, url: str, resource_type: str) -> tuple[str, dict[str, object]]:
    """The CDP command, with its parameters, that answers a request that was paused. Pure."""
    document = rules.document
    if document is not None and url == document.url and resource_type == "Document":
        body = base64.b64encode(document.html).decode("ascii")
        return "Fetch.fulfillRequest", {
            "requestId": request_id,
            "responseCode": 200,
            "responseHeaders": _HEADERS,
            "body": body,
        }
    if url.startswith(rules.blocked):
        return "Fetch.failRequest", {"requestId": request_id, "errorReason": "BlockedByClient"}
    return "Fetch.continueRequest", {"requestId": request_id}  # paused under rules that hold no longer


class RequestInterceptor:
    """Keeps the rules on one page, through its navigations. Use from the page's loop only."""

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self._context = context
        self._page = page
        self._rules = RequestRules()
        self._session: CDPSession | None = None
        self._answering: set[asyncio.Task[None]] = set()

    @property
    def rules(self) -> RequestRules:
        """Those that hold now."""
        return self._rules

    async def apply(self, rules: RequestRules) -> None:
        """Replaces the rules; those for the document count from the next load. Raises playwright's Error."""
        if rules == self._rules:
            return
        if self._session is None:
            self._session = await self._context.new_cdp_session(self._page)
            self._session.on("Fetch.requestPaused", self._paused)
        self._rules = rules
        wanted = patterns(rules)
        if wanted:
            await self._session.send("Fetch.enable", {"patterns": wanted})
        else:
            await self._session.send("Fetch.disable")

    def _paused(self, told: Mapping[str, Any]) -> None:
        command, parameters = answer(self._rules, told["requestId"], told["request"]["url"], told["resourceType"])
        task = asyncio.ensure_future(self._send(command, parameters))
        self._answering.add(task)  # a task that nobody holds may vanish before it has run
        task.add_done_callback(self._answering.discard)

    async def _send(self, command: str, parameters: dict[str, Any]) -> None:
        if self._session is None:
            return
        try:
            await self._session.send(command, parameters)
        except Error as error:  # the page that asked is being left, or the browser is gone
            _log.info("request.not_answered", command=command, reason=error.message.partition("\n")[0])


def _escaped(address: str) -> str:
    """An address as a literal in a CDP pattern, where `*` and `?` are wildcards."""
    return address.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")

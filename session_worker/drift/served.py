"""Which build the site serves now, asked of the site itself."""

from __future__ import annotations

import re
import urllib.request
from urllib.parse import urljoin, urlsplit

from shared.logs import get_logger

_log = get_logger(__name__)

_PATH = "/sw.js"  # its service worker's script names the build; what `check-update` says is of older pages
_REVISION = re.compile(rb'client_revision\\?["\']?\s*[:=]\s*\\?["\']?(\d{1,15})')
_TIMEOUT_S = 10.0
_MAX_BYTES = 4_000_000
_HEADERS = {
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0",
    "Sec-Fetch-Site": "none",
}


def served_revision(site_url: str) -> int | None:
    """The revision that the site serves (<= 10 s); None where it can't be had, or where there is no site to ask."""
    if urlsplit(site_url).scheme not in ("http", "https"):
        return None
    request = urllib.request.Request(urljoin(site_url, _PATH), headers=_HEADERS)
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_S) as answer:
            found = revision_in(answer.read(_MAX_BYTES))
    except (OSError, ValueError) as error:  # a URLError is an OSError
        _log.info("build.not_asked", error=type(error).__name__)
        return None
    if found is None:
        _log.info("build.not_asked", error="no client_revision")
    return found


def revision_in(script: bytes) -> int | None:
    """`…"client_revision":1044822804…` → 1044822804."""
    found = _REVISION.search(script)
    return int(found[1]) if found else None

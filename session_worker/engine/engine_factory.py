"""Which adapter serves a session: chosen by the site's address."""

from __future__ import annotations

from urllib.parse import urlsplit

from session_worker.engine.fake_auto import make_auto_engine
from session_worker.engine.port import Engine, EngineConfig, EngineError


def make_engine(config: EngineConfig) -> Engine:
    """An engine that isn't started yet.

    `http(s)://…`: a browser. `fake://auto?…`: no browser at all, a stand-in that links itself (`fake_auto`).
    Raises EngineError PAGE_FAILED for any other address.
    """
    scheme = urlsplit(config.url).scheme
    if scheme == "fake":
        return make_auto_engine(config)
    if scheme in ("http", "https"):
        # Here, not above: a worker without a browser needn't pay for Playwright's import (0.2 s, 20 MB).
        from session_worker.engine.playwright_engine import PlaywrightEngine  # noqa: PLC0415

        return PlaywrightEngine(config)
    raise EngineError("PAGE_FAILED", f"no engine for {scheme or 'an empty address'}")

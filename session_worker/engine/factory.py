"""Which adapter serves a session: chosen by the site's address."""

from __future__ import annotations

import importlib
from types import ModuleType
from urllib.parse import urlsplit

from session_worker.engine.port import Engine, EngineConfig, EngineError

# By the address's scheme: a module with `make_engine(config)`. Loaded only when asked for: a worker without a browser
# needn't pay for Playwright's import (0.2 s, 20 MB), and a service with one never loads the fakes.
_ADAPTERS = {
    "http": "session_worker.engine.playwright_adapter.engine",
    "https": "session_worker.engine.playwright_adapter.engine",
    "fake": "testing.fake.auto",
}


def make_engine(config: EngineConfig) -> Engine:
    """An engine that isn't started yet.

    `http(s)://…`: a browser. `fake://auto?…`: no browser at all, a stand-in that links itself.
    Raises EngineError PAGE_FAILED for any other address.
    """
    made: Engine = _adapter(config.url).make_engine(config)
    return made


def preload(url: str) -> None:
    """Loads the adapter for an address: processes forked afterwards share its memory. Raises as `make_engine`."""
    _adapter(url)


def _adapter(url: str) -> ModuleType:
    scheme = urlsplit(url).scheme
    if scheme not in _ADAPTERS:
        raise EngineError("PAGE_FAILED", f"no engine for {scheme or 'an empty address'}")
    return importlib.import_module(_ADAPTERS[scheme])

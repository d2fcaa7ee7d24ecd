"""`fake://auto`: sessions that link themselves, for load benchmarks in real worker processes.

`fake://auto?ack_ms=5&delivered_ms=50&read_ms=500&load_ms=0&sync_ms=0&link_ms=0`: all optional, 0 by default; without
`read_ms` nobody reads. Every profile links to a phone number of its own, derived from its directory's name, and keeps
its login in a file there, so that a restarted worker finds it. Messages live as long as the process.
"""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from urllib.parse import parse_qsl, urlsplit

from session_worker.engine.port import Engine, EngineConfig, EngineError, Listener
from testing.fake.engine import FakeEngine
from testing.fake.whatsapp import FakeLogin, FakeTimes, FakeWhatsApp

_LOGIN_FILE = "fake_login.json"
_DEFAULTS: dict[str, float] = {
    "load_ms": 0,
    "link_ms": 0,  # from the first code to the scan
    "sync_ms": 0,
    "ack_ms": 0,
    "delivered_ms": 0,
}


class AutoLinkedEngine(FakeEngine):
    """A FakeEngine whose owner scans at once."""

    def __init__(self, config: EngineConfig, whatsapp: FakeWhatsApp, link_ms: float) -> None:
        super().__init__(config, whatsapp)
        self._file = config.profile_dir / _LOGIN_FILE
        self._number = _number_for(config.profile_dir.name)
        self._link_ms = link_ms

    def start(self, listener: Listener) -> None:
        """See `port.Engine.start`."""
        device = self._whatsapp.device(self._device_id)
        if device.login is None and self._file.is_file():
            device.login = FakeLogin(**json.loads(self._file.read_text("utf-8")))
        super().start(listener)

    def stop(self, *, logout: bool = False) -> None:
        """See `port.Engine.stop`."""
        super().stop(logout=logout)
        if logout:
            self._file.unlink(missing_ok=True)

    def linked(self) -> None:
        """See `FakePage.linked`."""
        login = self._whatsapp.device(self._device_id).login
        if login is not None:
            kept = {"number": login.number, "pairing_id": login.pairing_id}
            self._file.write_text(json.dumps(kept), "utf-8")
        super().linked()

    def _next_code(self, life_ms: float) -> None:
        super()._next_code(life_ms)
        if self._code is not None:
            self._whatsapp.timeline.after(self._link_ms, self._scan)

    def _scan(self) -> None:
        with self._lock:
            if self._code is not None and not self._silenced.is_set():
                self._whatsapp.scan(self._number, self._code)


def make_engine(config: EngineConfig) -> Engine:
    """What the engine's factory calls for `fake://…`.

    Raises EngineError PAGE_FAILED for an address it doesn't understand.
    """
    if urlsplit(config.url).netloc != "auto":
        raise EngineError("PAGE_FAILED", f"unknown fake: {config.url}")
    return AutoLinkedEngine(config, _whatsapp(config.url), _figures(config.url)["link_ms"])


@lru_cache
def _whatsapp(url: str) -> FakeWhatsApp:
    """One WhatsApp per address and process: a relaunched engine finds its messages."""
    figures = _figures(url)
    return FakeWhatsApp(
        FakeTimes(
            load_ms=figures["load_ms"],
            sync_ms=figures["sync_ms"],
            ack_ms=figures["ack_ms"],
            delivered_ms=figures["delivered_ms"],
            read_ms=figures.get("read_ms"),
        )
    )


def _figures(url: str) -> dict[str, float]:
    query = urlsplit(url).query
    try:
        figures = {name: float(value) for name, value in parse_qsl(query, strict_parsing=bool(query))}
    except ValueError as error:
        raise EngineError("PAGE_FAILED", f"{url}: {error}") from error
    unknown = figures.keys() - _DEFAULTS.keys() - {"read_ms"}
    if unknown:
        raise EngineError("PAGE_FAILED", f"unknown settings of a fake: {', '.join(sorted(unknown))}")
    return _DEFAULTS | figures


def _number_for(profile: str) -> str:
    """A canonical Argentine mobile number, the same for the same profile."""
    digest = int.from_bytes(hashlib.sha256(profile.encode()).digest()[:8])
    return f"54911{20_000_000 + digest % 70_000_000}"

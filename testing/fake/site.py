"""The site of a fake WhatsApp: which build it serves to whoever loads a page now."""

from __future__ import annotations

from dataclasses import dataclass

from session_worker.engine.port import MissingName
from shared.builds.verdict import Capability


@dataclass(frozen=True, slots=True)
class FakeBuild:
    """A version of the page."""

    web_version: str = "2.3000.1000"
    missing: tuple[MissingName, ...] = ()
    becomes_ready: bool = True  # False: wa-js never finds its way into it

    def without(self, name: str, capability: Capability, *, has_fallback: bool = False) -> FakeBuild:
        """The same, and one name more is gone."""
        gone = MissingName(name, capability, "not found", has_fallback)
        return FakeBuild(self.web_version, (*self.missing, gone), self.becomes_ready)


class FakeSite:
    """What is served; pages that are open keep what they loaded."""

    def __init__(self) -> None:
        self.build = FakeBuild()

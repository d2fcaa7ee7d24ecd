"""Whether Chromium's own sandbox can work here, and how a look at the machine is told to the operator."""

from __future__ import annotations

import os
from dataclasses import dataclass

from leadmaster.screen import Screen
from session_worker.engine.browser import sandbox
from session_worker.engine.browser.executable import find_browser
from session_worker.engine.port import EngineError
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """One look. advice: what to do, in lines; empty where all is well or nothing need be done."""

    title: str
    text: str
    ok: bool = True
    advice: str = ""


def look_at_sandbox(settings: Settings) -> Finding:
    """Tries it; takes a moment."""
    if settings.browser_no_sandbox:
        return Finding("Sandbox", "Chromium's is off, by BROWSER_NO_SANDBOX")
    try:
        found = sandbox.look(find_browser(settings.browser_path))
    except EngineError:
        return Finding("Sandbox", "not known without a browser")
    if found.works:
        return Finding("Sandbox", "Chromium's can work")
    if os.geteuid() == 0:
        return Finding("Sandbox", f"Chromium's is off: {found.cause}; {found.advice[0]}")
    return Finding("Sandbox", f"Chromium does not start with its own: {found.cause}", False, "\n".join(found.advice))


def warn_of_sandbox(settings: Settings, screen: Screen) -> None:
    """Says what to do where no session's browser would start for want of its sandbox."""
    finding = look_at_sandbox(settings)
    if not finding.ok and not settings.whatsapp_web_url.startswith("fake://"):
        show(screen, finding)


def show(screen: Screen, finding: Finding) -> None:
    """One line, and below it what to do."""
    text = f"{finding.title}: {finding.text}"
    if finding.ok:
        screen.done(text)
    else:
        screen.failure(text, [f"→ {line}" for line in finding.advice.splitlines()])

"""Goes through the checklist with the person at the terminal, and writes the report."""

from __future__ import annotations

import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from leadmaster.hub_access import signed_in
from leadmaster.hub_caller import CallFailed
from leadmaster.live.checks import CHECKS, NEED_READY, Live, new_mark
from leadmaster.live.findings import Finding, Verdict, exit_status, masked, report
from leadmaster.live.person import Person, Skipped
from leadmaster.live.session import LiveSession
from leadmaster.live.steps import STEPS
from leadmaster.screen import Screen
from session_worker.engine.browser.executable import find_browser, major_version
from session_worker.engine.port import EngineError
from session_worker.engine.versions.bundles import BundleStore
from shared.phone_number import canonical
from shared.settings import Settings


def run(settings: Settings, cliente_id: int, to: str | None, place: Path | None) -> int:
    """Returns 0 where all that was seen is as assumed, else 1. to: the second phone. place: the report's file.

    Raises SettingsError, InvalidTo.
    """
    screen = Screen()
    person = Person(screen)
    try:
        number = canonical(to or person.text("The second phone's number?"), settings.default_country)
    except Skipped:
        screen.failure("A second phone is needed: --to NUMBER")
        return 1
    path = place or Path(f"live-report-{cliente_id}-{datetime.now(UTC):%Y%m%d-%H%M}.md")
    findings: dict[str, Finding] = {}
    with signed_in(settings, cliente_id) as caller:
        session = LiveSession(caller, cliente_id, person)
        live = Live(settings, cliente_id, session, person, number, new_mark())
        try:
            session.status()
            for step in STEPS:
                _announce(screen, step.name, step.ask)
                findings[step.name] = _carry_out(live, step.name)
                _show(screen, step.name, findings[step.name])
        except CallFailed as error:
            screen.failure(str(error), ["is `leadmaster up` running?"])
            if not findings:
                return 1
        except KeyboardInterrupt:
            screen.warning("stopped; what was seen so far is in the report")
        finally:
            if findings:
                path.write_text(report(_heading(settings, number), findings, session.trace), "utf-8")
                screen.plain(f"The report: {path}")
    return exit_status(findings)


def _carry_out(live: Live, name: str) -> Finding:
    """Raises CallFailed where the hub is not there at all."""
    if name in NEED_READY and not live.session.becomes_ready():
        return Finding(Verdict.SKIPPED, ("the session is not READY",))
    try:
        return CHECKS[name](live)
    except Skipped:
        return Finding(Verdict.SKIPPED)
    except CallFailed as error:
        live.session.status()  # the hub is there, so it was this call alone
        live.person.screen.failure(str(error))
        return Finding(Verdict.FAILED, ("the hub refused a call",))
    except EngineError as error:
        return Finding(Verdict.FAILED, (error.code,))


def _announce(screen: Screen, name: str, ask: str) -> None:
    screen.title(name)
    if ask:
        screen.plain(f"  → {ask}   (Enter: skip)")


def _show(screen: Screen, name: str, found: Finding) -> None:
    text = f"{name}: {'; '.join((found.verdict.value, *found.facts))}"
    if found.verdict is Verdict.AS_ASSUMED:
        screen.done(text)
    elif found.verdict is Verdict.SKIPPED:
        screen.note(text)
    else:
        screen.failure(text)


def _heading(settings: Settings, number: str) -> list[tuple[str, str]]:
    try:
        browser = f"Chromium {major_version(find_browser(settings.browser_path))}"
    except EngineError as error:
        browser = error.code
    return [
        ("LeadMaster", version("leadmaster")),
        ("when", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"),
        ("site", settings.whatsapp_web_url),
        ("pinned", "yes" if settings.whatsapp_web_version else "no"),
        ("wa-js", BundleStore(settings.whatsapp_dir).in_use()),
        ("browser", browser),
        ("machine", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"),
        ("second phone", masked(number)),
    ]

"""`leadmaster whatsapp versions`: what the site serves, what is pinned, and what the wa-js in use was made for."""

from __future__ import annotations

from urllib.parse import urljoin

import httpx

from leadmaster.screen import Screen
from session_worker.engine.browser.executable import user_agent
from session_worker.engine.port import EngineError
from session_worker.engine.versions import pinned_page
from session_worker.engine.versions.builds import build_in, is_supported
from session_worker.engine.versions.bundles import BundleStore, facts
from shared.settings import Settings

_TIMEOUT_S = 15.0
_CHROME_MAJOR = 140  # any recent one: the site turns away what is no browser
_COLUMN = 12


def show(settings: Settings, screen: Screen) -> int:
    """Prints all of it. Returns 0, or 1 where the pin or the bundle can't be used."""
    served, reason = served_build(settings.whatsapp_web_url)
    screen.title("WhatsApp Web")
    _row(screen, "served", served or f"not known: {reason}")
    pinned, pin_good = _pinned(settings, screen)
    kept = pinned_page.kept_versions(settings.whatsapp_dir)
    pages = f"{len(kept)}, newest {kept[-1]}" if kept else f"none ({pinned_page.install(settings.whatsapp_dir)})"
    _row(screen, "pages kept", pages)
    screen.title("wa-js")
    store = BundleStore(settings.whatsapp_dir)
    try:
        said = facts(store.find(settings.wa_js_path))
    except EngineError as error:
        screen.failure(error.detail)
        return 1
    name = "WA_JS_PATH" if settings.wa_js_path is not None else store.in_use()
    _row(screen, "in use", f"{said.version or 'of no known version'} ({name})")
    _row(screen, "made for", said.supported or "it does not say")
    runs = pinned or served
    if runs is not None and is_supported(runs, said.supported) is False:
        screen.warning(f"{runs} is older than what this wa-js was made for")
    screen.title("Builds that sessions met")
    _row(screen, "verdicts", "none recorded")
    return 0 if pin_good else 1


def served_build(site_url: str) -> tuple[str | None, str]:
    """The build that the site serves now, by its `/sw.js`; None and the reason where it can't be told."""
    if not site_url.startswith("http"):
        return None, "no site is set"
    headers = {"User-Agent": user_agent(_CHROME_MAJOR)}
    try:
        answer = httpx.get(urljoin(site_url, "/sw.js"), headers=headers, timeout=_TIMEOUT_S, follow_redirects=True)
    except httpx.HTTPError as error:
        return None, f"{site_url} does not answer ({type(error).__name__})"
    build = build_in(answer.text) if answer.is_success else None
    return build, "" if build else f"/sw.js says none (HTTP {answer.status_code})"


def _pinned(settings: Settings, screen: Screen) -> tuple[str | None, bool]:
    """Shows the pin. Returns its build, None where it isn't known, and whether it can be served."""
    pin = settings.whatsapp_web_version
    if not pin:
        _row(screen, "pinned", "no: what the site serves is used")
        return None, True
    try:
        page = pinned_page.find_page(pin, settings.whatsapp_dir)
        build = build_in(page.read_text("utf-8", "replace"))
    except (EngineError, OSError) as error:
        screen.failure(f"pinned: {error.detail if isinstance(error, EngineError) else error}")
        return None, False
    refused = "the served one is used then" if settings.whatsapp_web_version_fallback else "sessions are ERROR then"
    _row(screen, "pinned", f"{build or pin} ({page}); if WhatsApp refuses it, {refused}")
    return build, True


def _row(screen: Screen, name: str, text: str) -> None:
    screen.plain(f"  {name:<{_COLUMN}}{text}")

"""`leadmaster whatsapp versions`: what the site serves, what is pinned, and what the wa-js in use was made for."""

from __future__ import annotations

import redis

from leadmaster.installation import embedded_server
from leadmaster.installation.data_dir import DataDir
from leadmaster.screen import Screen
from session_worker.drift.served import revision_in, served_revision
from session_worker.engine.port import EngineError
from session_worker.engine.versions import pinned_page
from session_worker.engine.versions.builds import build_of, is_supported
from session_worker.engine.versions.bundles import BundleStore, facts
from shared.builds.builds import Builds
from shared.instant import to_iso
from shared.names import Keys
from shared.redis.client import connect
from shared.settings import Settings

_COLUMN = 12
_MAX_BUILDS = 10


def show(settings: Settings, screen: Screen) -> int:
    """Prints all of it. Returns 0, or 1 where the pin or the bundle can't be used."""
    served = served_build(settings.whatsapp_web_url)
    screen.title("WhatsApp Web")
    _row(screen, "served", served or f"not known: {settings.whatsapp_web_url} names none at /sw.js, or does not answer")
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
    _verdicts(settings, screen)
    return 0 if pin_good else 1


def served_build(site_url: str) -> str | None:
    """The build that the site serves now; None where it can't be told, for which the log has the reason."""
    revision = served_revision(site_url)
    return None if revision is None else build_of(revision)


def _pinned(settings: Settings, screen: Screen) -> tuple[str | None, bool]:
    """Shows the pin. Returns its build, None where it isn't known, and whether it can be served."""
    pin = settings.whatsapp_web_version
    if not pin:
        _row(screen, "pinned", "no: what the site serves is used")
        return None, True
    try:
        page = pinned_page.find_page(pin, settings.whatsapp_dir)
        revision = revision_in(page.read_bytes())
        build = None if revision is None else build_of(revision)
    except (EngineError, OSError) as error:
        screen.failure(f"pinned: {error.detail if isinstance(error, EngineError) else error}")
        return None, False
    refused = "the served one is used then" if settings.whatsapp_web_version_fallback else "sessions are ERROR then"
    _row(screen, "pinned", f"{build or pin} ({page}); if WhatsApp refuses it, {refused}")
    return build, True


def _verdicts(settings: Settings, screen: Screen) -> None:
    """What sessions found of each build, the latest first."""
    server = embedded_server.running(DataDir(settings.leadmaster_data_dir))
    url = settings.redis_url or (server.url if server is not None else "")
    if not url:
        screen.plain("  not known: `leadmaster up` does not run here, and REDIS_URL is not set")
        return
    try:
        with connect(url) as client:
            judged = Builds(client, Keys(settings.redis_prefix)).latest(_MAX_BUILDS)
    except (redis.RedisError, ValueError) as error:
        screen.warning(f"not known: Redis does not answer ({type(error).__name__})")
        return
    for each in judged:
        build = f"{each.build.web_version} with wa-js {each.build.wa_js_version}"
        agreeing = f"{each.agreeing} of {each.sessions} sessions, last {to_iso(each.judged_at)}"
        screen.plain(f"  {build}: {each.verdict.words} ({agreeing})")
        for reason in each.verdict.reasons:
            screen.plain(f"      {reason}")
    if not judged:
        screen.plain("  none recorded")


def _row(screen: Screen, name: str, text: str) -> None:
    screen.plain(f"  {name:<{_COLUMN}}{text}")

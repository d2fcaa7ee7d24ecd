"""Taking a newer wa-js: fetched, tried on the stand-in and on a session if one is named, and only then switched to."""

from __future__ import annotations

import tempfile
from pathlib import Path

from leadmaster.screen import Screen
from leadmaster.whatsapp import session_trial
from leadmaster.whatsapp.bundle_probe import Browser, ProbeFailed, probe
from leadmaster.whatsapp.npm_package import Package, PackageRefused, fetch
from session_worker.engine.port import EngineError
from session_worker.engine.versions.bundles import PACKAGED, BundleStore, facts
from shared.instant import now_ms
from shared.settings import Settings, SettingsError

_FAILED = 1


def update(settings: Settings, wanted: str, cliente_id: int | None, screen: Screen) -> int:
    """Shows each step. Returns 0, or 1 where the bundle was refused and what was in use is in use still.

    Raises SettingsError.
    """
    refuse_configured(settings)
    store = BundleStore(settings.whatsapp_dir)
    before = store.in_use()
    try:
        screen.busy(f"{wanted} is fetched …")
        package = fetch(wanted)
        if package.version == _version_in_use(store, settings):
            screen.done(f"wa-js {package.version} is in use already")
            return 0
        screen.done(f"wa-js {package.version} fetched, {package.integrity[:20]}…")
        _try_on_stand_in(settings, package, screen)
        known = package.version in [kept.name for kept in store.kept()]
        store.keep(package.version, package.bundle, package.integrity, now_ms())
        if cliente_id is not None:
            _try_on_session(settings, store, package.version, cliente_id, screen, drop=not known)
        store.use(package.version)
    except (PackageRefused, ProbeFailed, EngineError) as error:
        screen.busy(None)
        screen.failure(f"{error}", [f"{before} stays in use"])
        return _FAILED
    finally:
        screen.busy(None)
    if cliente_id is not None:
        store.end_trial(f"cliente_{cliente_id}")
    screen.done(f"{package.version} is in use from each session's next browser run on")
    screen.note(f"back: leadmaster whatsapp use-bundle {before}")
    return 0


def refuse_configured(settings: Settings) -> None:
    """Raises SettingsError where the setting decides, so that switching would do nothing."""
    if settings.wa_js_path is not None:
        raise SettingsError("WA_JS_PATH: is set and says which bundle is used; unset it to switch bundles")


def _version_in_use(store: BundleStore, settings: Settings) -> str:
    name = store.in_use()
    return facts(store.find(None)).version if name == PACKAGED else name


def _try_on_stand_in(settings: Settings, package: Package, screen: Screen) -> None:
    """Raises ProbeFailed."""
    with tempfile.TemporaryDirectory(prefix="leadmaster-bundle-") as folder:
        bundle = Path(folder) / "candidate.js"
        bundle.write_bytes(package.bundle)
        screen.busy("A browser tries it on the stand-in WhatsApp …")
        browser = Browser(settings.browser_path, settings.browser_no_sandbox)
        probe(bundle, browser, lambda text: screen.done(f"on the stand-in: {text}"))


def _try_on_session(
    settings: Settings, store: BundleStore, name: str, cliente_id: int, screen: Screen, *, drop: bool
) -> None:
    """drop: a bundle that fails is forgotten. Raises ProbeFailed, SettingsError."""
    screen.busy(f"Session {cliente_id} is restarted with it …")
    try:
        session_trial.trial(settings, store, name, cliente_id, screen.done)
    except BaseException:  # Ctrl-C as well must leave no trial behind; it is raised on
        store.end_trial(f"cliente_{cliente_id}")
        if drop:
            store.drop(name)
        raise

"""`leadmaster doctor`: looks at this machine and says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import redis
from sqlalchemy.exc import SQLAlchemyError

from hub_api.database import Database, newest_schema, schema_of
from leadmaster.installation import credentials, embedded_server, ports
from leadmaster.installation.addresses import database_place, listening, media_place
from leadmaster.installation.data_dir import DataDir
from leadmaster.redis_server import read_facts
from leadmaster.sandbox import Finding, look_at_sandbox, show
from leadmaster.screen import Screen
from session_worker.drift.served import revision_in
from session_worker.engine.browser.executable import find_browser, major_version
from session_worker.engine.port import EngineError
from session_worker.engine.versions.builds import build_of
from session_worker.engine.versions.bundles import BundleStore, facts
from session_worker.engine.versions.pinned_page import find_page
from shared.media.store import MediaStore, StoreFailed
from shared.names import Keys
from shared.public_address import Network, parse_networks
from shared.redis import client as redis_client
from shared.settings import Settings, SettingsError, load_settings

_MIN_FREE_BYTES = 2 * 1024**3
_MIN_YEAR, _MAX_YEAR = 2025, 2100
_MAX_SKEW_S = 2.0
_LINK_LOCAL = parse_networks(("169.254.0.0/16", "fe80::/10"))
_DRIVER_TIMEOUT_S = 20.0


def run(screen: Screen) -> int:
    """Prints every finding. Returns 0, or 1 where something must be done."""
    try:
        settings = credentials.with_kept_secrets(load_settings(), make=False)
    except SettingsError as error:
        show(screen, Finding("Settings", str(error), False, "correct the variable, in the environment or in .env"))
        return 1
    findings = [Finding("Settings", "read")]
    show(screen, findings[0])
    for look in _LOOKS:
        finding = look(settings)
        show(screen, finding)
        findings.append(finding)
    bad = sum(not finding.ok for finding in findings)
    screen.line()
    screen.line("[green]All is well.[/green]" if not bad else f"[red]{bad} to look into, see above.[/red]")
    return 1 if bad else 0


def _browser(settings: Settings) -> Finding:
    try:
        path = find_browser(settings.browser_path)
        return Finding("Browser", f"Chromium {major_version(path)}, {path}")
    except EngineError as error:
        return Finding("Browser", str(error), False, "make setup, or set BROWSER_PATH")


def _driver(settings: Settings) -> Finding:
    """Playwright drives the browser through a Node.js of its own."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "playwright", "--version"],
            capture_output=True,
            text=True,
            timeout=_DRIVER_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Finding("Playwright", "its driver does not answer", False, "make setup")
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip().splitlines()
        return Finding("Playwright", said[-1] if said else "its driver does not start", False, "make setup")
    return Finding("Playwright", done.stdout.strip())


def _bundle(settings: Settings) -> Finding:
    try:
        path = BundleStore(settings.whatsapp_dir).find(settings.wa_js_path)
        return Finding("wa-js", f"{facts(path).version}, {path}")
    except EngineError as error:
        return Finding("wa-js", str(error), False, "make setup (it runs npm ci)")


def _pin(settings: Settings) -> Finding:
    if not settings.whatsapp_web_version:
        return Finding("WhatsApp Web", "the build that the site serves")
    try:
        page = find_page(settings.whatsapp_web_version, settings.whatsapp_dir)
        revision = revision_in(page.read_bytes())
        return Finding("WhatsApp Web", f"pinned to {build_of(revision) if revision else 'a page'}, {page}")
    except EngineError as error:
        return Finding("WhatsApp Web", error.detail, False, "install the page, or unset WHATSAPP_WEB_VERSION")


def _server_url(settings: Settings) -> str | None:
    if settings.redis_url:
        return settings.redis_url
    server = embedded_server.running(DataDir(settings.leadmaster_data_dir))
    return server.url if server is not None else None


def _server(settings: Settings) -> Finding:
    url = _server_url(settings)
    if url is None:
        return Finding("Redis", "embedded; `leadmaster up` starts it")
    try:
        with redis_client.connect(url) as client:
            found = read_facts(client)
    except (redis.RedisError, ValueError) as error:
        return Finding("Redis", f"not reachable ({type(error).__name__})", False, "start it, or correct REDIS_URL")
    return Finding("Redis", found.text, not found.advice, found.advice)


def _database(settings: Settings) -> Finding:

    place = database_place(settings)
    database_file = settings.sqlalchemy_url.removeprefix("sqlite:///")
    if database_file != settings.sqlalchemy_url and not Path(database_file).exists():
        return Finding("Database", f"{place}, not there yet; `leadmaster up` makes it")
    try:
        with closing(Database(settings.sqlalchemy_url)) as database:
            current, newest = schema_of(database.engine), newest_schema()
    except SQLAlchemyError as error:
        return Finding("Database", f"{place}: {type(error).__name__}", False, "start it, or correct DATABASE_URL")
    if current != newest:
        return Finding("Database", f"{place}, schema {current or 'none'}, newest {newest}", False, "leadmaster migrate")
    return Finding("Database", f"{place}, schema {current}")


def _media(settings: Settings) -> Finding:
    """Hub, background worker and hosts must all be able to do this."""
    place = media_place(settings)
    if "://" not in settings.media_location and not Path(settings.media_location).exists():
        return Finding("Media", f"{place}, not there yet; made for the first file")
    try:
        MediaStore(settings.media_location).probe()
    except StoreFailed as error:
        return Finding("Media", f"{place}: {error}", False, "correct MEDIA_URL, its credentials or its permissions")
    return Finding("Media", f"{place}, can be written, read and deleted from")


def _webhooks(settings: Settings) -> Finding:
    """Where they may go beside public addresses, and whether somebody delivers."""
    networks = parse_networks(settings.webhook_allowed_networks)
    reach = "public addresses" + "".join(f", {network}" for network in networks)
    open_to = [str(network) for network in networks if any(network.overlaps(one) for one in _of_kind(network))]
    if open_to:
        advice = "take out of WEBHOOK_ALLOWED_NETWORKS what holds link-local addresses: clouds keep credentials there"
        return Finding("Webhooks", f"reach {', '.join(open_to)}", False, advice)
    return Finding("Webhooks", f"reach {reach}; {_webhook_worker(settings)}")


def _of_kind(network: Network) -> list[Network]:
    return [one for one in _LINK_LOCAL if one.version == network.version]


def _webhook_worker(settings: Settings) -> str:
    url = _server_url(settings)
    if url is None:
        return "`leadmaster up` starts their worker"
    try:
        with redis_client.connect(url) as client:
            last = client.get(Keys(settings.redis_prefix).last_look("webhooks"))
    except (redis.RedisError, ValueError):
        return "their worker is not known without Redis"
    if not isinstance(last, str):
        return "no worker has looked for what is due yet"
    return f"a worker looked {max(0, int(time.time() - int(last) / 1000))} s ago"


def _clock(settings: Settings) -> Finding:
    year = datetime.now(UTC).year
    if not _MIN_YEAR <= year <= _MAX_YEAR:
        return Finding("Clock", f"the year is {year}", False, "set the clock (timedatectl set-ntp true)")
    url = _server_url(settings)
    if url is None:
        return Finding("Clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC")
    try:
        with redis_client.connect(url) as client:
            before = time.time()
            seconds, micros = client.time()
            skew = seconds + micros / 1e6 - (before + time.time()) / 2
    except (redis.RedisError, ValueError):
        return Finding("Clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC; Redis could not be asked")
    if abs(skew) > _MAX_SKEW_S:
        return Finding("Clock", f"{skew:+.1f} s off Redis' clock", False, "synchronise both machines' clocks (NTP)")
    return Finding("Clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {skew:+.3f} s off Redis' clock")


def _disk(settings: Settings) -> Finding:
    directory = settings.leadmaster_data_dir.resolve()
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    text = f"{free / 1024**3:.1f} GiB free under {directory}"
    if free < _MIN_FREE_BYTES:
        return Finding("Disk", text, False, "free some; a browser profile takes 100 to 300 MB")
    return Finding("Disk", text)


def _ports(settings: Settings) -> Finding:
    if DataDir(settings.leadmaster_data_dir).is_held():
        return Finding("Ports", "`leadmaster up` is running here")
    wanted = listening(settings)
    taken = [f"{name} {port}" for name, address, port in wanted if not ports.is_free(address, port)]
    if taken:
        return Finding("Ports", f"in use: {', '.join(taken)}", False, "stop what uses them, or set another port")
    return Finding("Ports", ", ".join(f"{name} {port}" for name, _, port in wanted) + " free")


_LOOKS = (
    _browser,
    look_at_sandbox,
    _driver,
    _bundle,
    _pin,
    _server,
    _database,
    _media,
    _webhooks,
    _clock,
    _disk,
    _ports,
)

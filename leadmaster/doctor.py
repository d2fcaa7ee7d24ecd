"""`leadmaster doctor`: looks at this machine and says what to do."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import redis

from leadmaster import credentials, embedded_server, ports, up
from leadmaster.dashboard_place import ADDRESS as FLOWER_ADDRESS
from leadmaster.datadir import DataDir
from leadmaster.screen import Screen
from shared.redis import client as redis_client
from shared.settings import Settings, SettingsError, load_settings

_LEAST_FREE_BYTES = 2 * 1024**3
_FIRST_SANE_YEAR, _LAST_SANE_YEAR = 2025, 2100
_MOST_SKEW_S = 2.0
_DRIVER_TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One look. advice: what to do; empty where all is well or nothing need be done."""

    title: str
    text: str
    ok: bool = True
    advice: str = ""


def run(screen: Screen) -> int:
    """Prints every finding. Returns 0, or 1 where something must be done."""
    try:
        settings = credentials.with_kept_secrets(load_settings(), make=False)
    except SettingsError as error:
        _show(screen, Finding("Settings", str(error), False, "correct the variable, in the environment or in .env"))
        return 1
    findings = [Finding("Settings", "read")]
    _show(screen, findings[0])
    for look in (_browser, _driver, _bundle, _server, _database, _clock, _disk, _ports):
        finding = look(settings)
        _show(screen, finding)
        findings.append(finding)
    bad = sum(not finding.ok for finding in findings)
    screen.line()
    screen.line("[green]All is well.[/green]" if not bad else f"[red]{bad} to look into, see above.[/red]")
    return 1 if bad else 0


def _show(screen: Screen, finding: Finding) -> None:
    text = f"{finding.title}: {finding.text}"
    if finding.ok:
        screen.done(text)
    else:
        screen.failure(text, [f"→ {finding.advice}"] if finding.advice else [])


def _browser(settings: Settings) -> Finding:
    from session_worker.engine.browser_path import find_browser, major_version  # noqa: PLC0415
    from session_worker.engine.port import EngineError  # noqa: PLC0415

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
    from session_worker.engine.page_script import find_wa_js  # noqa: PLC0415
    from session_worker.engine.port import EngineError  # noqa: PLC0415

    try:
        return Finding("wa-js", str(find_wa_js(settings.wa_js_path)))
    except EngineError as error:
        return Finding("wa-js", str(error), False, "make setup (it runs npm ci)")


def _server_url(settings: Settings) -> str | None:
    if settings.redis_url:
        return settings.redis_url
    data = DataDir(settings.leadmaster_data_dir)
    server = embedded_server.kept(data) if data.is_held() else None
    return server.url if server is not None else None


def _server(settings: Settings) -> Finding:
    url = _server_url(settings)
    if url is None:
        return Finding("Redis", "embedded; `leadmaster up` starts it")
    try:
        with redis_client.connect(url) as client:
            info = client.info()
            policy = client.config_get("maxmemory-policy").get("maxmemory-policy", "noeviction")
            append_only = client.config_get("appendonly").get("appendonly", "yes")
    except (redis.RedisError, ValueError) as error:
        return Finding("Redis", f"not reachable ({type(error).__name__})", False, "start it, or correct REDIS_URL")
    version = info.get("valkey_version") or info.get("redis_version")
    if policy != "noeviction":
        return Finding("Redis", f"{version}, evicts keys ({policy})", False, "CONFIG SET maxmemory-policy noeviction")
    if append_only != "yes":
        return Finding(
            "Redis", f"{version}, would forget accepted messages at a crash", False, "CONFIG SET appendonly yes"
        )
    return Finding("Redis", f"{version}, reachable, noeviction, append-only")


def _database(settings: Settings) -> Finding:
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415

    from hub_api.database import Database  # noqa: PLC0415
    from leadmaster.schema_state import schema_state  # noqa: PLC0415

    place = up.database_place(settings)
    database_file = settings.sqlalchemy_url.removeprefix("sqlite:///")
    if database_file != settings.sqlalchemy_url and not Path(database_file).exists():
        return Finding("Database", f"{place}, not there yet; `leadmaster up` makes it")
    try:
        database = Database(settings.sqlalchemy_url)
        try:
            current, newest = schema_state(database)
        finally:
            database.close()
    except SQLAlchemyError as error:
        return Finding("Database", f"{place}: {type(error).__name__}", False, "start it, or correct DATABASE_URL")
    if current != newest:
        return Finding("Database", f"{place}, schema {current or 'none'}, newest {newest}", False, "leadmaster migrate")
    return Finding("Database", f"{place}, schema {current}")


def _clock(settings: Settings) -> Finding:
    year = datetime.now(UTC).year
    if not _FIRST_SANE_YEAR <= year <= _LAST_SANE_YEAR:
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
    if abs(skew) > _MOST_SKEW_S:
        return Finding("Clock", f"{skew:+.1f} s off Redis' clock", False, "synchronise both machines' clocks (NTP)")
    return Finding("Clock", f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {skew:+.3f} s off Redis' clock")


def _disk(settings: Settings) -> Finding:
    directory = settings.leadmaster_data_dir.resolve()
    while not directory.exists():
        directory = directory.parent
    free = shutil.disk_usage(directory).free
    text = f"{free / 1024**3:.1f} GiB free under {directory}"
    if free < _LEAST_FREE_BYTES:
        return Finding("Disk", text, False, "free some; a browser profile takes 100 to 300 MB")
    return Finding("Disk", text)


def _ports(settings: Settings) -> Finding:
    if DataDir(settings.leadmaster_data_dir).is_held():
        return Finding("Ports", "`leadmaster up` is running here")
    wanted = {"HUB_PORT": (settings.hub_bind, settings.hub_port), "FLOWER_PORT": (FLOWER_ADDRESS, settings.flower_port)}
    if settings.legacy_port is not None:
        wanted["LEGACY_PORT"] = (settings.hub_bind, settings.legacy_port)
    taken = [f"{name} {port}" for name, (address, port) in wanted.items() if not ports.is_free(address, port)]
    if taken:
        return Finding("Ports", f"in use: {', '.join(taken)}", False, "stop what uses them, or set another port")
    return Finding("Ports", ", ".join(f"{name} {port}" for name, (_, port) in wanted.items()) + " free")

"""`leadmaster up`: everything on this machine, from one command to one clean stop."""

from __future__ import annotations

import math
import os
import subprocess
import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urlsplit

from leadmaster import credentials, embedded_server, ports
from leadmaster.dashboard_place import ADDRESS as FLOWER_ADDRESS
from leadmaster.dashboard_place import USER as FLOWER_USER
from leadmaster.datadir import DataDir, end_leftovers
from leadmaster.environment import as_environment
from leadmaster.house import House
from leadmaster.parts import Part, part_argv
from leadmaster.screen import Screen
from shared.settings import Settings, SettingsError

_LEFTOVER_GRACE_S = 10.0
_MIGRATION_TIMEOUT_S = 600.0
_READY_WITHIN_S = 120.0  # for a run that nobody watches

Story = Callable[[House, Settings], bool]


class StartFailed(Exception):
    """`up` can't start. Its text is one line for the operator; lines: what a log said."""

    def __init__(self, text: str, lines: list[str] | None = None) -> None:
        super().__init__(text)
        self.lines = lines or []


def run(
    settings: Settings,
    screen: Screen,
    *,
    verbose: bool = False,
    extra_parts: tuple[Part, ...] = (),
    story: Story | None = None,
    exit_after_story: bool = False,
) -> int:
    """Starts all, waits for Ctrl-C or SIGTERM, stops all. Returns the exit status: 0, or 1 where something was forced.

    story: told on a thread of its own once all parts are ready; False from it makes the exit status 1.
    exit_after_story: stop when the story is over.
    Raises DataDirBusy, SettingsError (a port that is in use), StartFailed.
    """
    data = DataDir(settings.leadmaster_data_dir)
    with data.held():
        left = end_leftovers(data.recorded(), _LEFTOVER_GRACE_S)
        if left:
            screen.note(f"Ended what a killed `leadmaster up` had left running: {', '.join(left)}")
        data.forget()
        embedded = not settings.redis_url
        settings = settle(settings, data)
        check_ports(settings)
        house = House(
            (*plan(settings, embedded), *extra_parts),
            data,
            screen,
            redis_url=settings.redis_url,
            grace_s=settings.shutdown_grace_seconds,
            verbose=verbose,
        )
        with house.signals():
            migrate(settings, data, screen)
            return _live(house, settings, data, screen, story, exit_after_story)


def _live(
    house: House, settings: Settings, data: DataDir, screen: Screen, story: Story | None, exit_after_story: bool
) -> int:
    verdict: list[bool] = []

    def tell() -> None:
        try:
            assert story is not None
            verdict.append(story(house, settings))
        finally:
            if exit_after_story:
                house.stop()

    teller = threading.Thread(target=tell, name="story", daemon=True)

    def on_ready() -> None:
        if story is not None:
            teller.start()
        else:
            show_places(settings, data, screen, "LeadMaster is running.")
            screen.plain("  A first user:  leadmaster user add admin --tipo admin --password-stdin")
            screen.line("  Ctrl-C stops everything cleanly.")
            screen.line()

    clean = house.run(on_ready, _READY_WITHIN_S if exit_after_story else math.inf)
    if teller.is_alive():
        teller.join(timeout=2)
    if story is not None and exit_after_story and verdict != [True]:
        return 1
    return 0 if clean else 1


def settle(settings: Settings, data: DataDir) -> Settings:
    """Fills in what `up` decides: secrets, the embedded server's address, free ports where 0 was asked for."""
    data.make()
    settings = settings.model_copy(update={"leadmaster_data_dir": data.root})
    settings = credentials.with_kept_secrets(settings, make=True)
    changes: dict[str, object] = {}
    if not settings.redis_url:
        changes["redis_url"] = embedded_server.prepare(data).url
    if settings.hub_port == 0:
        changes["hub_port"] = ports.free_port()
    if settings.flower_port == 0:
        changes["flower_port"] = ports.free_port()
    return settings.model_copy(update=changes)


def check_ports(settings: Settings) -> None:
    """Raises SettingsError naming the variable whose port is in use."""
    wanted = [("HUB_PORT", settings.hub_bind, settings.hub_port), ("FLOWER_PORT", FLOWER_ADDRESS, settings.flower_port)]
    if settings.legacy_port is not None:
        wanted.append(("LEGACY_PORT", settings.hub_bind, settings.legacy_port))
    seen: dict[int, str] = {}
    for variable, address, port in wanted:
        if port in seen:
            raise SettingsError(f"{variable}: {port} is the same as {seen[port]}")
        seen[port] = variable
        if not ports.is_free(address, port):
            raise SettingsError(f"{variable}: port {port} on {address} is in use; set {variable} to a free one")


def plan(settings: Settings, embedded: bool) -> list[Part]:
    """The parts of one `up`, in the order they are shown."""
    environment = as_environment(settings)
    ready_file = str(DataDir(settings.leadmaster_data_dir).run / "hub.json")
    needs = ("redis",) if embedded else ()
    hub_url = hub_address(settings)
    parts = [
        Part("hub", "Hub", part_argv("hub", "--ready-file", ready_file), "http", hub_url, "/health", needs=needs),
        Part(
            "background", "Background worker", part_argv("background"), "reported", hub_url, "background", needs=needs
        ),
        Part("beat", "Beat", part_argv("beat"), needs=needs),
        Part("host", "Session host", part_argv("host"), "reported", hub_url, "hosts", needs=needs),
        Part("flower", "Flower", part_argv("flower"), "http", flower_address(settings), "/healthcheck", needs=needs),
    ]
    if embedded:
        parts.insert(0, Part("redis", "Embedded Valkey", part_argv("redis"), "redis"))
    return [replace(part, environment=environment) for part in parts]


def hub_address(settings: Settings) -> str:
    """The hub's URL as seen from this machine."""
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.hub_bind, settings.hub_bind)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{host}:{settings.hub_port}/"


def flower_address(settings: Settings) -> str:
    return f"http://{FLOWER_ADDRESS}:{settings.flower_port}/"


def migrate(settings: Settings, data: DataDir, screen: Screen) -> None:
    """Brings the database to the newest schema, in a process of its own. Raises StartFailed."""
    screen.busy("Preparing the database …")
    log = data.logs / "migrate.log"
    try:
        with log.open("wb") as output:
            finished = subprocess.run(
                part_argv("migrate"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=_environment(settings),
                start_new_session=True,
                timeout=_MIGRATION_TIMEOUT_S,
                check=False,
            )
    except subprocess.TimeoutExpired:
        raise StartFailed(f"DATABASE_URL: the migration did not end within {_MIGRATION_TIMEOUT_S:.0f} s") from None
    finally:
        screen.busy(None)
    if finished.returncode != 0:
        lines = log.read_text("utf-8", "replace").splitlines()[-5:]
        raise StartFailed(f"DATABASE_URL: the database could not be prepared ({database_place(settings)})", lines)
    screen.done(f"Database ready  {database_place(settings)}")


def _environment(settings: Settings) -> dict[str, str]:
    return {**os.environ, **as_environment(settings)}


def database_place(settings: Settings) -> str:
    """Where the database is, without its password."""
    url = urlsplit(settings.sqlalchemy_url)
    if url.scheme.startswith("sqlite"):
        return settings.sqlalchemy_url.removeprefix("sqlite:///")
    return f"{url.scheme}://{url.hostname or ''}{url.path}"


def show_places(settings: Settings, data: DataDir, screen: Screen, title: str) -> None:
    """Where to look now."""
    hub = hub_address(settings)
    screen.line()
    screen.title(title)
    screen.plain(f"  Hub      {hub}")
    screen.plain(f"  API docs {hub}openapi")
    screen.plain(f"  Flower   {flower_address(settings)}   user {FLOWER_USER}, {flower_password_place(settings, data)}")
    screen.plain(f"  Logs     {data.logs}/")


def flower_password_place(settings: Settings, data: DataDir) -> str:
    """Where an operator finds Flower's password."""
    kept = credentials.read_secret(data.root, credentials.FLOWER_PASSWORD)
    given = settings.flower_password.get_secret_value() if settings.flower_password else None
    if kept is not None and kept == given:
        return f"password in {credentials.secret_path(data.root, credentials.FLOWER_PASSWORD)}"
    return "password as in FLOWER_PASSWORD"

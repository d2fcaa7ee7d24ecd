"""`leadmaster up`: everything on this machine, from one command to one clean stop."""

from __future__ import annotations

import math
import os
import subprocess
import threading
from collections.abc import Callable

from pydantic import SecretStr

from leadmaster.installation import addresses, credentials, embedded_server, ports
from leadmaster.installation.data_dir import DataDir
from leadmaster.parts import environment_of
from leadmaster.screen import Screen
from leadmaster.up.leftovers import end_leftovers
from leadmaster.up.services import Service, as_environment, own_argv, planned
from leadmaster.up.supervisor import Supervisor
from shared.settings import Settings, SettingsError

_LEFTOVER_GRACE_S = 10.0
_MIGRATION_TIMEOUT_S = 600.0
_READY_WITHIN_S = 120.0  # for a run that nobody watches
_LAST_LINES = 5

Scenario = Callable[[Supervisor, Settings], bool]


def run(
    settings: Settings,
    screen: Screen,
    *,
    verbose: bool = False,
    extra_services: tuple[Service, ...] = (),
    scenario: Scenario | None = None,
    exit_after: bool = False,
) -> int:
    """Starts all, waits for Ctrl-C or SIGTERM, stops all. Returns the exit status: 0, or 1 where something was forced.

    scenario: played on a thread of its own once all services are ready; False from it makes the exit status 1.
    exit_after: stop when the scenario is over.
    Raises DataDirBusy, and SettingsError for a port that is in use.
    """
    data = DataDir(settings.leadmaster_data_dir)
    with data.held():
        left = end_leftovers(data, _LEFTOVER_GRACE_S)
        if left:
            screen.note(f"Ended what a killed `leadmaster up` had left running: {', '.join(left)}")
        embedded = not settings.redis_url
        settings = complete(settings, data)
        check_ports(settings)
        environment = as_environment(settings)
        supervisor = Supervisor(
            (*planned(settings, embedded=embedded), *extra_services),
            data,
            screen,
            environment=environment,
            grace_s=settings.shutdown_grace_seconds,
            verbose=verbose,
        )
        with supervisor.signals():
            if not _migrate(environment, data, screen, addresses.database_place(settings)):
                return 1
            if scenario is None:
                return 0 if supervisor.run(lambda: _welcome(settings, data, screen)) else 1
            return _play(scenario, supervisor, settings, exit_after=exit_after)


def _play(scenario: Scenario, supervisor: Supervisor, settings: Settings, *, exit_after: bool) -> int:
    worked = False

    def play() -> None:
        nonlocal worked
        try:
            worked = scenario(supervisor, settings)
        finally:
            if exit_after:
                supervisor.stop()

    player = threading.Thread(target=play, name="scenario", daemon=True)
    clean = supervisor.run(player.start, _READY_WITHIN_S if exit_after else math.inf)
    if player.is_alive():
        player.join(timeout=2)
    return 0 if clean and (worked or not exit_after) else 1


def complete(settings: Settings, data: DataDir) -> Settings:
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
    """Raises SettingsError naming the variable whose port is in use, or is asked for twice."""
    seen: dict[int, str] = {}
    for variable, address, port in addresses.listening(settings):
        if port in seen:
            raise SettingsError(f"{variable}: {port} is the same as {seen[port]}")
        seen[port] = variable
        if not ports.is_free(address, port):
            raise SettingsError(f"{variable}: port {port} on {address} is in use; set {variable} to a free one")


def _migrate(environment: dict[str, str], data: DataDir, screen: Screen, place: str) -> bool:
    """Brings the database to the newest schema, in a process of its own. False where it failed, which it has told."""
    screen.busy("Preparing the database …")
    log = data.logs / "migrate.log"
    try:
        with log.open("wb") as output:
            failed = subprocess.run(
                own_argv("migrate"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=environment_of("migrate", {**os.environ, **environment}),
                start_new_session=True,
                timeout=_MIGRATION_TIMEOUT_S,
                check=False,
            ).returncode
    except subprocess.TimeoutExpired:
        screen.failure(f"DATABASE_URL: the migration did not end within {_MIGRATION_TIMEOUT_S:.0f} s")
        return False
    finally:
        screen.busy(None)
    if failed:
        lines = log.read_text("utf-8", "replace").splitlines()[-_LAST_LINES:]
        screen.failure(f"DATABASE_URL: the database could not be prepared ({place})", lines)
        return False
    screen.done(f"Database ready  {place}")
    return True


def _welcome(settings: Settings, data: DataDir, screen: Screen) -> None:
    show_places(settings, data, screen, "LeadMaster is running.")
    screen.plain("  A first user:  leadmaster user add admin --tipo admin --password-stdin")
    screen.line("  Ctrl-C stops everything cleanly.")
    screen.line()


def show_places(settings: Settings, data: DataDir, screen: Screen, title: str) -> None:
    """Where to look now."""
    hub, flower = addresses.hub_address(settings), addresses.flower_address(settings)
    screen.line()
    screen.title(title)
    screen.plain(f"  Hub      {hub}")
    screen.plain(f"  API docs {hub}openapi")
    screen.plain(
        f"  Flower   {flower}   user {addresses.FLOWER_USER}, password {_flower_password_place(settings, data)}"
    )
    screen.plain(f"  Logs     {addresses.short_path(data.logs)}/")


def _flower_password_place(settings: Settings, data: DataDir) -> str:
    kept = credentials.read_secret(data.root, credentials.FLOWER_PASSWORD)
    if kept is not None and settings.flower_password == SecretStr(kept):
        return f"in {addresses.short_path(credentials.secret_path(data.root, credentials.FLOWER_PASSWORD))}"
    return "as in FLOWER_PASSWORD"

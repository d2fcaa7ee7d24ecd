"""A running LeadMaster: what a benchmark needs of it, in real processes on loopback, with the settings it asks for."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
import redis
from pydantic import SecretStr

from benchmarks.harness.caller import Caller
from benchmarks.harness.line_process import LineProcess
from hub_api.accounts.tenants.service import add_tenant
from hub_api.accounts.tokens.service import issue_token
from hub_api.accounts.users.service import add_user
from hub_api.database import Database, migrate
from leadmaster.installation import embedded_server
from leadmaster.installation.data_dir import DataDir
from shared.names import Keys
from shared.redis.client import connect
from shared.sessions.snapshots import Snapshots
from shared.sessions.view import SessionView
from shared.settings import Settings
from simulator.client import SimulatorClient
from testing.claims import open_claims
from testing.processes import Processes
from testing.waiting import until

_READY_S = 90.0


class RunningSystem:
    """The embedded Redis as `leadmaster up` runs it (append-only file, synced always), and what is started beside it.

    Attributes:
        processes: of this run: `redis`, and `hub`, `simulator`, `host` once they are started.
        folder: everything of this run is below it.
        settings: as the processes have them in their environment.
        admin_token: a bearer token for the hub.
        hub_url, simulator_url: empty until these are started; the simulator's ends with a slash.
    """

    def __init__(self, processes: Processes, settings: Settings, token: str, stack: ExitStack) -> None:
        """stack: closes, after the run, what is opened here."""
        self.processes = processes
        self.folder = processes.folder
        self.settings = settings
        self.admin_token = token
        self.keys = Keys(settings.redis_prefix)
        self.redis: redis.Redis = connect(settings.redis_url)
        stack.callback(self.redis.close)
        self.snapshots = Snapshots(self.redis, self.keys)
        self.simulator_url = ""
        self.hub_url = ""
        self._database = Database(settings.sqlalchemy_url)
        stack.callback(self._database.close)
        self._stack = stack

    def add_tenant(self, cliente_id: int) -> None:
        """Adds a tenant, whom the admin may act for."""
        add_tenant(self._database, cliente_id)

    def view(self, cliente_id: int) -> SessionView:
        """Returns what Redis knows of a session."""
        return self.snapshots.read(cliente_id)

    def start_hub(self) -> None:
        """Starts `leadmaster hub` on a free port."""
        ready = self.folder / "hub.ready"
        self.processes.start("hub", "-m", "leadmaster", "hub", "--ready-file", str(ready))
        self.hub_url = self.processes.ready_file("hub", ready).strip()

    def hub_processes(self) -> list[int]:
        """Returns the pids of the hub, which must run: the one that listens, and those that answer."""
        hub = psutil.Process(self.processes.process("hub").pid)
        return [hub.pid, *(one.pid for one in hub.children(recursive=True))]

    def new_caller(self) -> Caller:
        """Opens one more connection to the hub, which must run, as the admin."""
        caller = Caller(self.hub_url, self.admin_token)
        self._stack.callback(caller.close)
        return caller

    def start_simulator(self, **settings: int | bool | str) -> SimulatorClient:
        """Starts the stand-in WhatsApp. Must come before whatever opens its page. settings: as of `put_settings`."""
        ready = self.folder / "simulator.json"
        data = str(self.folder / "simulator")
        self.processes.start("simulator", "-m", "simulator", "--data", data, "--ready-file", str(ready))
        self.simulator_url = str(json.loads(self.processes.ready_file("simulator", ready))["url"])
        client = self._stack.enter_context(SimulatorClient(self.simulator_url))
        client.put_settings(sync_ms=200, **settings)
        return client

    def start_host(self) -> int:
        """Starts `leadmaster host` on the simulator's page. Returns the pid of the forking parent."""
        process = self.processes.start("host", "-m", "leadmaster", "host", WHATSAPP_WEB_URL=self.simulator_url)
        until(lambda: self.redis.smembers(self.keys.hosts), 60, "the host")
        return process.pid

    def start_lines(self, name: str, module: str, *arguments: str, answer_s: float) -> LineProcess:
        """Starts a module of ours on the simulator's page that is asked by lines. answer_s: as of `LineProcess`."""
        started = self.processes.start(name, "-m", module, *arguments, pipes=True, WHATSAPP_WEB_URL=self.simulator_url)
        return LineProcess(started, answer_s)

    def pair(self, simulator: SimulatorClient, cliente_id: int, phone: str) -> None:
        """Scans the code that the session shows, and waits until it is READY."""
        code = until(lambda: self.view(cliente_id).snapshot.qr_string, _READY_S, f"a code of {cliente_id}")
        simulator.put_phone(phone)
        simulator.scan(phone, code)
        self.wait_ready(cliente_id)

    def wait_ready(self, cliente_id: int) -> None:
        """Waits until a session can send."""
        until(lambda: self.view(cliente_id).can_send, _READY_S, f"session {cliente_id} READY")

    def wait_unowned(self, cliente_id: int) -> None:
        """Waits until no worker holds a session's lease."""
        until(lambda: not self.view(cliente_id).owned, _READY_S, f"the end of {cliente_id}'s worker")


@contextmanager
def running_system(folder: Path, **settings: Any) -> Iterator[RunningSystem]:
    """Starts Redis and makes the database with one admin; afterwards stops all that was started.

    folder: made if need be. settings: fields of Settings that differ from a benchmark's: sends without gaps, hub on a
    free port.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with Processes(folder, {}) as processes, ExitStack() as stack:
        data_dir = folder / "data"
        server = embedded_server.prepare(DataDir(data_dir))
        made = Settings(
            redis_url=server.url,
            leadmaster_data_dir=data_dir,
            jwt_secret=SecretStr(secrets.token_hex(32)),
            hub_port=0,
            send_gap_min_seconds=0,
            send_gap_max_seconds=0,
            **settings,
        )
        processes.add_environment(environment(made))
        processes.start("redis", "-m", "leadmaster", "redis")
        system = RunningSystem(processes, made, _first_admin(made), stack)
        until(lambda: _answers(system.redis), 60, "Redis")
        open_claims(system.redis, system.keys)  # as the background worker does; it does not run here
        yield system


def environment(settings: Settings) -> dict[str, str]:
    """Returns the settings as a process's environment."""
    told = settings.model_dump(exclude_none=True)
    told["jwt_secret"] = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    told |= {name: ",".join(value) for name, value in told.items() if isinstance(value, tuple)}
    return {name.upper(): str(value) for name, value in told.items() if not isinstance(value, SecretStr)}


def _first_admin(settings: Settings) -> str:
    """Makes the database with one admin, and returns a token for it."""
    migrate(settings.sqlalchemy_url)
    database = Database(settings.sqlalchemy_url)
    token = issue_token(database, settings, add_user(database, "bench", secrets.token_hex(8), "admin").for_token)
    database.close()
    return token


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False

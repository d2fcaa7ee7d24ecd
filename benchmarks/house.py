"""The parts of LeadMaster that a benchmark needs, in real processes on loopback, with the settings it asks for."""

from __future__ import annotations

import http.client
import json
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import redis
from pydantic import SecretStr

from benchmarks.processes import Processes, wait_for
from hub_api.accounts.service import add_tenant, add_user, issue_token
from hub_api.database import Database, migrate
from leadmaster import embedded_server
from leadmaster.datadir import DataDir
from shared.names import Keys
from shared.redis.client import connect
from shared.sessions.snapshot import SessionView, Snapshots
from shared.settings import Settings
from simulator.client import SimulatorClient


class House:
    """The embedded Redis as `leadmaster up` runs it (AOF, always), and what is started beside it."""

    def __init__(self, processes: Processes, settings: Settings, token: str) -> None:
        self.processes = processes
        self.settings = settings
        self.keys = Keys(settings.redis_prefix)
        self.redis: redis.Redis = connect(settings.redis_url)
        self.snapshots = Snapshots(self.redis, self.keys)
        self.database = Database(settings.sqlalchemy_url)
        self.admin_token = token
        self.simulator_url = ""
        self.hub_url = ""

    def add_tenant(self, cliente_id: int) -> None:
        add_tenant(self.database, cliente_id)

    def view(self, cliente_id: int) -> SessionView:
        return self.snapshots.read(cliente_id)

    def start_hub(self) -> None:
        """As `leadmaster hub`."""
        ready = self.processes.folder / "hub.ready"
        self.processes.start("hub", "-m", "leadmaster", "hub", "--ready-file", str(ready))
        self.hub_url = self.processes.ready_file("hub", ready).strip()

    def start_simulator(self, **settings: int | bool | str) -> SimulatorClient:
        """The stand-in WhatsApp, with an account's worth of settings. Must come before whoever opens its page."""
        ready = self.processes.folder / "simulator.json"
        data = str(self.processes.folder / "simulator")
        self.processes.start("simulator", "-m", "simulator", "--data", data, "--ready-file", str(ready))
        self.simulator_url = str(json.loads(self.processes.ready_file("simulator", ready))["url"])
        client = SimulatorClient(self.simulator_url)
        client.put_settings(sync_ms=200, **settings)
        return client

    def start_host(self) -> int:
        """As `leadmaster host`. Returns the pid of the forking parent."""
        process = self.processes.start("host", "-m", "leadmaster", "host", WHATSAPP_WEB_URL=self.simulator_url)
        wait_for("the host", lambda: self.redis.smembers(self.keys.hosts))
        return process.pid

    def pair(self, simulator: SimulatorClient, cliente_id: int, phone: str) -> None:
        """Scans the code the session shows, and waits until it is READY."""
        code = wait_for(f"a code of {cliente_id}", lambda: self.view(cliente_id).snapshot.qr_string, 90)
        simulator.put_phone(phone)
        simulator.scan(phone, code)
        wait_for(f"session {cliente_id} READY", lambda: self.view(cliente_id).can_send, 90)

    def close(self) -> None:
        self.redis.close()
        self.database.close()


def open_house(processes: Processes, **settings: Any) -> House:
    """Starts Redis and makes the database with one admin. settings: fields of Settings that differ."""
    data_dir = processes.folder / "data"
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
    migrate(made.sqlalchemy_url)
    database = Database(made.sqlalchemy_url)
    token = issue_token(made, add_user(database, "bench", secrets.token_hex(8), "admin"))
    database.close()
    house = House(processes, made, token)
    wait_for("Redis", lambda: _answers(house.redis))
    house.redis.set(house.keys.rebuilt, "1")  # as the background worker does; it does not run here
    return house


def environment(settings: Settings) -> dict[str, str]:
    """The settings as a process's environment."""
    told = settings.model_dump(exclude_none=True)
    told["jwt_secret"] = settings.jwt_secret.get_secret_value() if settings.jwt_secret else ""
    told["cors_origins"] = ",".join(settings.cors_origins)
    return {name.upper(): str(value) for name, value in told.items() if not isinstance(value, SecretStr)}


class Caller:
    """One keep-alive connection to the hub, as the admin."""

    def __init__(self, house: House) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(house.hub_url).netloc, timeout=40)
        self._headers = {"Authorization": f"Bearer {house.admin_token}", "Content-Type": "application/json"}

    def get(self, path: str) -> dict[str, Any]:
        """Raises RuntimeError for anything but 2xx."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, object] | None = None) -> dict[str, Any]:
        """Raises RuntimeError for anything but 2xx."""
        return self._call("POST", path, json.dumps(body or {}))

    def _call(self, method: str, path: str, body: str | None) -> dict[str, Any]:
        self._connection.request(method, path, body, self._headers)
        answer = self._connection.getresponse()
        fields: dict[str, Any] = json.loads(answer.read())
        if answer.status >= 300:
            raise RuntimeError(f"{path}: {answer.status} {fields.get('error')}")
        return fields

    def close(self) -> None:
        self._connection.close()


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False


def folder_of(parent: Path, name: str) -> Path:
    """A fresh folder for one run."""
    made = parent / name
    made.mkdir(parents=True)
    return made

"""A whole LeadMaster against the simulator, in real processes, driven over HTTP as a caller would."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Self

import httpx
import psutil

from simulator.client import ControlError, SimulatorClient
from testing.caller import Caller
from testing.processes import Processes, free_port, is_browser_of, that_run
from testing.simulator_process import SimulatorProcess, SimulatorSettings
from testing.waiting import until

PASSWORD = "una-clave-larga"
_START_S = 180.0
_STOP_S = 120.0


class System:
    """`leadmaster up` and a simulator, each in a process of its own, on free ports, with their data in one folder.

    A context: started inside; after it everything is stopped, and an unclean end or a process left behind is an error.
    """

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, simulator: SimulatorSettings | None = None
    ) -> None:
        """settings: environment variables that differ. simulator: settings of the simulator that differ."""
        self.folder = folder
        self.data = folder / "data"
        self.hub_port, self.flower_port = free_port(), free_port()
        self.services = Processes(folder, self._environment(settings or {}))
        self._settings = settings or {}
        self._simulator_settings = simulator or {}
        self._simulator: SimulatorProcess | None = None
        self._callers: list[Caller] = []
        self._admin: Caller | None = None  # logged in at the first need

    def __enter__(self) -> Self:
        try:
            self.start_simulator()
            self.start()
        except BaseException:  # Ctrl-C as well must leave no process behind; it is raised on
            self._abandon()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Starting and stopping.

    def start_simulator(self) -> None:
        """Must come before whoever opens its page."""
        settings = {"sync_ms": 200, "delivered_ms": 50, "read_ms": 150, **self._simulator_settings}
        self._simulator = SimulatorProcess(self.folder / "sim", settings=settings)
        self.services.add_environment({"WHATSAPP_WEB_URL": self._simulator.url})

    def start(self) -> None:
        """Returns once the hub is ready."""
        self.services.start("up", "-m", "leadmaster", "up")
        self.until_hub_ready()

    def stop(self) -> int:
        """SIGTERM to `leadmaster up`, as Ctrl-C would; the simulator goes on. Returns the exit status."""
        return self.services.terminate("up", _STOP_S) if "up" in self.services.names() else 0

    def close(self) -> None:
        """Stops everything. Raises AssertionError where something ended badly or was left behind."""
        for caller in self._callers:
            caller.http.close()
        try:
            status = self.stop()
            simulator_status = self._simulator.stop() if self._simulator is not None else 0
            left = self.processes()
        finally:
            self._abandon()
        assert not left, f"left behind: {left}"
        assert status == 0, self.said()[-4000:]
        assert simulator_status == 0

    def until_hub_ready(self) -> None:
        """Raises AssertionError where something that was started ended meanwhile."""
        with httpx.Client(base_url=self.hub_url, timeout=5) as probe:

            def ready() -> bool:
                for name in self.services.names():
                    self.services.assert_running(name)
                try:
                    return probe.get("/ready").status_code == 200
                except httpx.TransportError:
                    return False

            until(ready, _START_S, "the hub to be ready")

    def _abandon(self) -> None:
        """Kills, by process id, whatever still runs."""
        if self._simulator is not None:
            self._simulator.__exit__()
        for process in self.processes():
            process.kill()
        self.services.close()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {
            "LEADMASTER_DATA_DIR": str(self.data),
            "HUB_PORT": str(self.hub_port),
            "FLOWER_PORT": str(self.flower_port),
            "SEND_GAP_MIN_SECONDS": "0",
            "SEND_GAP_MAX_SECONDS": "0",
            "REDIS_URL": "",
            "DATABASE_URL": "",
            **settings,
        }

    # What a person at the machine can see.

    @property
    def simulator(self) -> SimulatorClient:
        """Its control API."""
        assert self._simulator is not None, "the simulator was not started"
        return self._simulator.control

    @property
    def simulator_url(self) -> str:
        """Of its page."""
        assert self._simulator is not None, "the simulator was not started"
        return self._simulator.url

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    def said(self) -> str:
        """What the processes that were started here wrote."""
        return "\n".join(self.services.log(path.stem) for path in sorted(self.folder.glob("*.log")))

    def service_log(self, name: str) -> str:
        """The log that `leadmaster up` keeps of one of its services."""
        path = self.data / "logs" / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this system: its environment or command line names the folder or the store."""
        mark, store = str(self.folder), f"store {self._store_id()}"

        def is_ours(process: psutil.Process) -> bool:
            line = " ".join(process.cmdline())
            return mark in line or store in line or process.environ().get("LEADMASTER_DATA_DIR", "").startswith(mark)

        return that_run(is_ours)

    def worker(self, cliente_id: int) -> psutil.Process | None:
        """The worker process of one tenant, by its title."""
        found = self.workers(cliente_id)
        return found[0] if found else None

    def workers(self, cliente_id: int) -> list[psutil.Process]:
        """All worker processes of one tenant: never more than one but while it is handed over."""
        title = f"leadmaster session {cliente_id} store {self._store_id()}"
        return that_run(lambda process: " ".join(process.cmdline()).startswith(title))

    def _store_id(self) -> str:
        """Of the profile store, by which a worker's title names it."""
        path = self.data / "sessions" / "store_id"
        return path.read_text().strip() if path.exists() else "that does not exist yet"

    def profile(self, cliente_id: int) -> Path:
        """The folder of a tenant's browser profile."""
        return self.data / "sessions" / f"cliente_{cliente_id}"

    def browsers(self, cliente_id: int) -> list[psutil.Process]:
        """Chromium's main processes on one tenant's profile: watched from outside, not from our own state."""
        return that_run(lambda process: is_browser_of(process, self.profile(cliente_id)))

    def until_ended(self, cliente_id: int, seconds: float = 90.0) -> None:
        """Waits until a tenant has neither a worker nor a browser."""
        until(
            lambda: self.worker(cliente_id) is None and not self.browsers(cliente_id),
            seconds,
            f"the end of worker and browser of {cliente_id}",
            every_s=0.1,
        )

    # Callers.

    def add_user(self, usuario: str, cliente_id: int | None) -> None:
        """With PASSWORD. cliente_id: None for an admin."""
        tipo = ["--tipo", "admin"] if cliente_id is None else ["--tipo", "cliente", "--cliente-id", str(cliente_id)]
        self.services.run("-m", "leadmaster", "user", "add", usuario, *tipo, "--password-stdin", text=f"{PASSWORD}\n")

    def log_in(self, usuario: str, cliente_id: int) -> Caller:
        """Whom `add_user` made."""
        caller = Caller.logged_in(self.hub_url, usuario, PASSWORD, cliente_id)
        self._callers.append(caller)
        return caller

    def add_caller(self, usuario: str, cliente_id: int) -> Caller:
        """A new tenant's user, logged in. Made over REST: a command at the terminal takes seconds where much runs."""
        if self._admin is None:
            self.add_user("administra", None)
            self._admin = self.log_in("administra", 0)
        body = {"usuario": usuario, "password": PASSWORD, "tipo": "cliente", "cliente_id": cliente_id}
        self._admin.http.post("/api/users", json=body).raise_for_status()
        return self.log_in(usuario, cliente_id)

    def pair(self, caller: Caller, phone: str) -> None:
        """Connects, reads the QR from the hub and scans it with the virtual phone, unless the login still stands."""
        assert caller.connect().status_code == 202

        def is_scanned() -> bool:
            answer = caller.http.get(caller.path("qr"), params={"wait": 25})
            if answer.status_code == 409:
                return True  # READY
            code = str(answer.json().get("qr_string") or "") if answer.status_code == 200 else ""
            return bool(code) and self._scan(phone, code)

        until(is_scanned, 60, "a code that can be scanned")
        caller.until_status("READY")

    def _scan(self, phone: str, code: str) -> bool:
        """False where the code has just been replaced by the next one, as it may for a person."""
        self.simulator.put_phone(phone)
        try:
            self.simulator.scan(phone, code)
        except ControlError as error:
            if error.status != HTTPStatus.GONE:
                raise
            return False
        return True

"""A whole LeadMaster against the simulator, in real processes, driven over HTTP as a caller would."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from simulator.client import SimulatorClient

ROOT = Path(__file__).parents[2]
PASSWORD = "una-clave-larga"
T = TypeVar("T")


def wait_for(what: str, ask: Callable[[], T], timeout_s: float = 90.0) -> T:
    """Asks until the answer is true, and returns it."""
    deadline = time.monotonic() + timeout_s
    while not (answer := ask()):
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {timeout_s:.0f} s in vain for: {what}")
        time.sleep(0.1)
    return answer


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Caller:
    """One logged-in caller."""

    http: httpx.Client
    cliente_id: int

    def path(self, rest: str) -> str:
        return f"/api/whatsapp/{self.cliente_id}/{rest}"

    def status(self) -> dict[str, Any]:
        return dict(self.http.get(self.path("status")).raise_for_status().json())

    def connect(self) -> httpx.Response:
        return self.http.post(self.path("connect"))

    def send(self, to: str, text: str, **more: object) -> httpx.Response:
        return self.http.post(self.path("messages"), json={"to": to, "message": text, **more})

    def message(self, message_id: str) -> dict[str, Any]:
        return dict(self.http.get(self.path(f"messages/{message_id}")).raise_for_status().json())

    def wait_status(self, status: str, timeout_s: float = 90.0) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            seen = self.status()
            return seen if seen["status"] == status and not seen["stale"] else None

        return wait_for(f"session {self.cliente_id} {status}", ask, timeout_s)

    def wait_message(self, message_id: str, *statuses: str, timeout_s: float = 60.0) -> dict[str, Any]:
        def ask() -> dict[str, Any] | None:
            seen = self.message(message_id)
            return seen if seen["status"] in statuses else None

        return wait_for(f"message {message_id} {statuses}", ask, timeout_s)


class Stack:
    """`leadmaster up` and a simulator, each in a process of its own, with their data under one folder."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.hub_port, self.flower_port = free_port(), free_port()
        self._settings = settings
        self._simulator: subprocess.Popen[bytes] | None = None
        self._up: subprocess.Popen[bytes] | None = None
        self._clients: list[httpx.Client] = []
        self.simulator_url = ""
        self.simulator: SimulatorClient

    # Starting and stopping.

    def start_simulator(self) -> None:
        ready = self.folder / "simulator.json"
        ready.unlink(missing_ok=True)
        port = self.simulator_url.rstrip("/").rpartition(":")[2] or "0"
        argv = ["-m", "simulator", "--port", port, "--data", str(self.folder / "sim"), "--ready-file", str(ready)]
        self._simulator = self._spawn("simulator", argv)
        wait_for("the simulator", ready.exists, 20)
        self.simulator_url = json.loads(ready.read_text())["url"]
        self.simulator = SimulatorClient(self.simulator_url)
        self.simulator.put_settings(sync_ms=200, delivered_ms=50, read_ms=150)

    def start_up(self) -> None:
        self._up = self._spawn("up", ["-m", "leadmaster", "up"])
        with httpx.Client(base_url=self.hub_url, timeout=5) as probe:

            def ready() -> bool:
                if self._up is not None and self._up.poll() is not None:
                    raise AssertionError("leadmaster up ended:\n" + self.log("up")[-4000:])
                try:
                    return probe.get("/ready").status_code == 200
                except httpx.TransportError:
                    return False

            wait_for("the hub to be ready", ready, 60)

    def stop_up(self) -> int:
        """SIGTERM, as Ctrl-C would. Returns the exit status."""
        up, self._up = self._up, None
        if up is None:
            return 0
        up.send_signal(signal.SIGTERM)
        return up.wait(60)

    def stop(self) -> None:
        for client in self._clients:
            client.close()
        self.simulator.close()
        status = self.stop_up()
        if self._simulator is not None:
            self._simulator.send_signal(signal.SIGTERM)
            self._simulator.wait(20)
        left = self.processes()
        for process in left:
            process.kill()
        assert not left, f"left behind: {left}"
        assert status == 0, self.log("up")[-4000:]

    def _spawn(self, name: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=self.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def environment(self) -> dict[str, str]:
        return {
            **os.environ,
            "LEADMASTER_DATA_DIR": str(self.data),
            "WHATSAPP_WEB_URL": self.simulator_url,
            "HUB_PORT": str(self.hub_port),
            "FLOWER_PORT": str(self.flower_port),
            "SEND_GAP_MIN_SECONDS": "0",
            "SEND_GAP_MAX_SECONDS": "0",
            "REDIS_URL": "",
            "DATABASE_URL": "",
            **self._settings,
        }

    # What a person at the machine can see.

    @property
    def hub_url(self) -> str:
        return f"http://127.0.0.1:{self.hub_port}"

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def part_log(self, part: str) -> str:
        path = self.data / "logs" / f"{part}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this stack: its environment or its command line names this folder or store."""
        mark = str(self.folder)
        id_file = self.data / "sessions" / "store_id"
        store = f"store {id_file.read_text().strip()}" if id_file.exists() else mark
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    process.pid != os.getpid()
                    and process.status() != psutil.STATUS_ZOMBIE
                    and (
                        process.environ().get("LEADMASTER_DATA_DIR", "").startswith(mark)
                        or mark in (line := " ".join(process.cmdline()))
                        or store in line
                    )
                ):
                    found.append(process)
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue
        return found

    def worker(self, cliente_id: int) -> psutil.Process | None:
        """The worker process of one tenant, by its title."""
        title = f"leadmaster session {cliente_id} store "
        for process in self.processes():
            try:
                if " ".join(process.cmdline()).startswith(title):
                    return process
            except psutil.NoSuchProcess:
                continue
        return None

    def browsers(self, cliente_id: int) -> list[psutil.Process]:
        """Chromium's main processes on one tenant's profile: watched from outside, not from our own state."""
        mark = f"--user-data-dir={self.data / 'sessions' / f'cliente_{cliente_id}'}"
        found = []
        for process in self.processes():
            try:
                line = process.cmdline()
            except psutil.NoSuchProcess:
                continue
            if mark in line and not any(part.startswith("--type=") for part in line):
                found.append(process)
        return found

    # Callers.

    def add_user(self, usuario: str, cliente_id: int | None) -> None:
        tipo = ["--tipo", "admin"] if cliente_id is None else ["--tipo", "cliente", "--cliente-id", str(cliente_id)]
        subprocess.run(
            [sys.executable, "-m", "leadmaster", "user", "add", usuario, *tipo, "--password-stdin"],
            cwd=ROOT,
            env=self.environment(),
            input=PASSWORD.encode() + b"\n",
            check=True,
            capture_output=True,
            timeout=60,
        )

    def log_in(self, usuario: str, cliente_id: int) -> Caller:
        client = httpx.Client(base_url=self.hub_url, timeout=40)
        answer = client.post("/api/auth/login", json={"usuario": usuario, "password": PASSWORD}).raise_for_status()
        client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        self._clients.append(client)
        return Caller(client, cliente_id)

    def pair(self, caller: Caller, phone: str) -> None:
        """Connects, reads the QR from the hub and scans it with the virtual phone, unless the login still stands."""
        assert caller.connect().status_code == 202

        def code_or_ready() -> str:
            answer = caller.http.get(caller.path("qr"), params={"wait": 25})
            if answer.status_code == 409:
                return "READY"
            return str(answer.json().get("qr_string") or "") if answer.status_code == 200 else ""

        seen = wait_for("a code", code_or_ready, 60)
        if seen != "READY":
            self.simulator.put_phone(phone)
            self.simulator.scan(phone, seen)
        caller.wait_status("READY")

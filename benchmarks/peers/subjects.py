"""What `peers_memory` and `peers_sends` measure: LeadMaster, WPPConnect and whatsapp-web.js, each in its processes."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from abc import ABC, abstractmethod
from pathlib import Path

from benchmarks.harness.line_process import LineProcess
from benchmarks.harness.running_system import RunningSystem
from session_worker.engine.browser.executable import find_browser
from simulator.client import SimulatorClient
from testing.processes import ROOT
from testing.waiting import until

_HERE = Path(__file__).parent
_FIRST_CLIENTE_ID = 51
_ANSWER_S = 90.0
_INSTALL_S = 600.0


class Subject(ABC):
    """Something that opens sessions on a system's simulator."""

    def __init__(self, system: RunningSystem, simulator: SimulatorClient) -> None:
        self._system = system
        self._simulator = simulator

    @abstractmethod
    def open_session(self, number: int) -> None:
        """Opens one more session, logs it in and waits until it is ready. number: from 0."""

    @abstractmethod
    def send(self, number: int, numbers: list[str], text: str) -> None:
        """Sends a text to each of some phones, and returns at the latest when the last one is on its way.

        number: of the session.
        """

    @abstractmethod
    def roots(self) -> list[int]:
        """Returns the pids whose trees are the sessions'."""


class Ours(Subject):
    """LeadMaster: one host, one worker process per session."""

    def __init__(self, system: RunningSystem, simulator: SimulatorClient) -> None:
        super().__init__(system, simulator)
        system.start_hub()
        self._host = system.start_host()
        self._caller = system.new_caller()

    def open_session(self, number: int) -> None:
        """Connects a tenant, and scans its code."""
        cliente_id = _FIRST_CLIENTE_ID + number
        self._system.add_tenant(cliente_id)
        self._caller.post(f"/api/whatsapp/{cliente_id}/connect")
        self._system.pair(self._simulator, cliente_id, _phone(number))

    def send(self, number: int, numbers: list[str], text: str) -> None:
        """One bulk call."""
        messages = [{"to": to, "message": text} for to in numbers]
        self._caller.close()  # the hub did so while the others had their turn; the next call opens it again
        self._caller.post(f"/api/whatsapp/{_FIRST_CLIENTE_ID + number}/messages/bulk", {"messages": messages})

    def roots(self) -> list[int]:
        """Returns the host, above all workers."""
        return [self._host]


class Peer(Subject):
    """Another library, in one Node process per session or in one for all."""

    library = ""
    shared = False

    def __init__(self, system: RunningSystem, simulator: SimulatorClient) -> None:
        super().__init__(system, simulator)
        self._nodes: dict[int, LineProcess] = {}  # by session

    def open_session(self, number: int) -> None:
        """Has the library open a session, and scans the code that the simulator says it shows."""
        known = next(iter(self._nodes.values()), None) if self.shared else None
        node = self._nodes[number] = known or self._start_node()
        name, before = f"session{number}", self._online()
        node.ask(name, waits=name)
        refs = until(lambda: [one["ref"] for one in self._simulator.devices() if one.get("ref")], 60, "a code")
        self._simulator.put_phone(_phone(number))
        self._simulator.scan(_phone(number), ref=str(refs[0]))
        node.heard(ready=name)
        until(lambda: self._online() == before + 1, 60, "the device to be online")

    def send(self, number: int, numbers: list[str], text: str) -> None:
        """One call of the library's after the other, in its own process."""
        name = f"session{number}"
        self._nodes[number].ask(json.dumps({"name": name, "numbers": numbers, "text": text}), sent=name)

    def roots(self) -> list[int]:
        """Returns the Node processes."""
        return sorted({node.pid for node in self._nodes.values()})

    def _start_node(self) -> LineProcess:
        browser = str(find_browser(os.environ.get("BROWSER_PATH", "")))
        script, folder = str(_HERE / "serve.js"), str(self._system.folder)
        arguments = (script, self.library, self._system.simulator_url, browser, folder)
        name = f"{self.library}{len(self._nodes)}"
        return LineProcess(self._system.processes.start(name, *arguments, pipes=True, program=_node()), _ANSWER_S)

    def _online(self) -> int:
        return sum(bool(device["phone"] and device["online"]) for device in self._simulator.devices())


class WPPConnect(Peer):
    """One Node process per session."""

    library = "wppconnect"


class WPPConnectShared(WPPConnect):
    """One Node process for all sessions."""

    shared = True


class WhatsappWeb(Peer):
    """One Node process per session."""

    library = "whatsapp_web"


class WhatsappWebShared(WhatsappWeb):
    """One Node process for all sessions."""

    shared = True


def install_peers() -> None:
    """Installs the libraries where they are not there as the lock says; their installers of browsers don't run."""
    lock, done = _HERE / "package-lock.json", _HERE / "node_modules" / ".installed"
    if done.is_file() and done.read_text("utf-8") == lock.read_text("utf-8"):
        return
    npm = shutil.which("npm") or str(ROOT / ".venv" / "bin" / "npm")
    environment = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1"}
    subprocess.run([npm, "ci", "--no-progress"], cwd=_HERE, env=environment, check=True, timeout=_INSTALL_S)
    done.write_text(lock.read_text("utf-8"), "utf-8")


def node_version() -> str:
    """Returns the version of the Node that runs the libraries."""
    return subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _node() -> str:
    return shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")


def _phone(number: int) -> str:
    return f"54911500000{_FIRST_CLIENTE_ID + number}"

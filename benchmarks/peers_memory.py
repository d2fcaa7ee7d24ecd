"""What each further session costs in memory, beside WPPConnect and whatsapp-web.js on the same page and Chromium.

Five subjects in turns, round after round: LeadMaster under one host; each library in one Node process per session, so
that a crash ends one session only, as with us; and each with all its sessions in one Node process. Sessions are opened
one after the other, logged in by a scan, and read once they are quiet. A figure is the PSS of the whole process tree:
workers or Node, driver, browser; not the simulator, not our hub or Redis. A further session costs what the total grew
by, so the first one, which carries the program files that all share, is not in it. Beside it stands the anonymous part
alone, which other Chromiums on the machine can't make smaller by sharing program files with ours. The page carries no
ballast: it would add the same to each, and the whims of V8's collector with it.

The libraries are npm's, their files untouched (`peers/`), with their own default switches; what their scripts there set
is the browser's path, the profile's folder and the address. That has no option in either: the library's own constant is
set before it is read, which costs nothing, unlike a request interception. Each is ready by its own word: WPPConnect
when `create` resolves, whatsapp-web.js with its event `ready`.
"""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import threading
import time
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import mean, median

from benchmarks.connect_qr import ask_launch
from benchmarks.figures import Figures
from benchmarks.house import Caller, House, folder_of, open_house
from benchmarks.processes import ROOT, Processes, descendants, wait_for
from session_worker.engine.browser_path import find_browser
from simulator.client import SimulatorClient

PEERS = ROOT / "benchmarks" / "peers"
_FIRST_CLIENTE_ID = 51
_ANSWER_S = 90.0
_INSTALL_S = 600.0


@dataclass(frozen=True, slots=True)
class Size:
    """MiB of PSS of a process tree."""

    total: float
    anonymous: float  # of it

    def __sub__(self, other: Size) -> Size:
        return Size(self.total - other.total, self.anonymous - other.anonymous)


class Subject(ABC):
    """Something that opens sessions in processes of its own."""

    def __init__(self, folder: Path, sessions: int) -> None:
        self._processes = Processes(folder, {})
        self._folder = folder
        self._house: House = open_house(self._processes, session_host_capacity=sessions)
        self.simulator: SimulatorClient = self._house.start_simulator()

    def page_heap_mb(self) -> float:
        """The page's heap in use, read from a bare browser beside the sessions' own, which is closed again."""
        arguments = ("-m", "benchmarks.bare_browser", self._house.simulator_url)
        heap = ask_launch(self._processes.start("bare", *arguments, pipes=True), self._folder / "bare")["heap_mb"]
        self._processes.stop("bare")
        return float(heap)

    @abstractmethod
    def open_session(self, number: int) -> None:
        """Opens one more session, logs it in and waits until it is ready. number: from 0."""

    @abstractmethod
    def roots(self) -> list[int]:
        """The pids whose trees are the sessions'."""

    def size(self) -> Size:
        """Of all its process trees now."""
        return _sum_of([process.pid for root in self.roots() for process in descendants(root)])

    def close(self) -> None:
        self.simulator.close()
        self._house.close()
        self._processes.__exit__(None, None, None)


class Ours(Subject):
    """LeadMaster: one host, one worker process per session."""

    def __init__(self, folder: Path, sessions: int) -> None:
        super().__init__(folder, sessions)
        self._house.start_hub()
        self._host = self._house.start_host()
        self._caller = Caller(self._house)

    def open_session(self, number: int) -> None:
        cliente_id = _FIRST_CLIENTE_ID + number
        self._house.add_tenant(cliente_id)
        self._caller.post(f"/api/whatsapp/{cliente_id}/connect")
        self._house.pair(self.simulator, cliente_id, _phone(number))

    def roots(self) -> list[int]:
        return [self._host]

    def close(self) -> None:
        self._caller.close()
        super().close()


class Peer(Subject):
    """Another library, in one Node process per session or in one for all."""

    library = ""
    shared = False

    def __init__(self, folder: Path, sessions: int) -> None:
        super().__init__(folder, sessions)
        self._nodes: list[_Node] = []

    def open_session(self, number: int) -> None:
        if not self._nodes or not self.shared:
            self._nodes.append(self._start_node())
        node, name = self._nodes[-1], f"session{number}"
        node.ask(name)
        node.wait({"waits": name})
        waiting = wait_for("a code", lambda: [one["ref"] for one in self.simulator.devices() if one.get("ref")])
        self.simulator.put_phone(_phone(number))
        self.simulator.scan(_phone(number), ref=str(waiting[0]))
        node.wait({"ready": name})
        wait_for("the device to be online", lambda: self._online() == number + 1)

    def roots(self) -> list[int]:
        return [node.pid for node in self._nodes]

    def _start_node(self) -> _Node:
        browser = str(find_browser(os.environ.get("BROWSER_PATH", "")))
        arguments = (str(PEERS / "serve.js"), self.library, self._house.simulator_url, browser, str(self._folder))
        name = f"node{len(self._nodes)}"
        return _Node(self._processes.start(name, *arguments, pipes=True, program=_node()))

    def _online(self) -> int:
        return sum(bool(device["phone"] and device["online"]) for device in self.simulator.devices())


class WPPConnect(Peer):
    library = "wppconnect"


class WPPConnectShared(WPPConnect):
    shared = True


class WhatsappWeb(Peer):
    library = "whatsapp_web"


class WhatsappWebShared(WhatsappWeb):
    shared = True


_SUBJECTS: dict[str, type[Subject]] = {
    "LeadMaster": Ours,
    "WPPConnect, a process each": WPPConnect,
    "whatsapp-web.js, a process each": WhatsappWeb,
    "WPPConnect, one process": WPPConnectShared,
    "whatsapp-web.js, one process": WhatsappWebShared,
}


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    install_peers()
    rounds, sessions, quiet_s = (1, 2, 2.0) if quick else (3, 4, 8.0)
    grown: defaultdict[str, list[list[Size]]] = defaultdict(list)
    heap = 0.0
    for number in range(rounds):
        for name, subject in _SUBJECTS.items():
            at = folder_of(folder, f"{number}-{subject.__name__}")
            heap, sizes = _one_run(subject, at, sessions, quiet_s)
            grown[name].append([later - earlier for earlier, later in pairwise(sizes)])
    return _figures(grown, heap, sessions)


def _one_run(subject: type[Subject], folder: Path, sessions: int, quiet_s: float) -> tuple[float, list[Size]]:
    """The page's heap in MB, and the sizes with 0, 1, 2 … sessions."""
    one = subject(folder, sessions)
    try:
        heap = one.page_heap_mb()
        time.sleep(quiet_s / 2)
        sizes = [one.size()]
        for number in range(sessions):
            one.open_session(number)
            time.sleep(quiet_s)
            sizes.append(one.size())
    finally:
        one.close()
    return heap, sizes


def _figures(grown: dict[str, list[list[Size]]], heap: float, sessions: int) -> Figures:
    rows: list[tuple[str, ...]] = []
    further: dict[str, Size] = {}
    for name, runs in grown.items():
        totals = [[one.total for one in run] for run in runs]
        means = [mean(run[1:]) for run in totals]
        further[name] = Size(median(means), median(mean(one.anonymous for one in run[1:]) for run in runs))
        each = (f"{median(run[number] for run in totals):.0f}" for number in range(sessions))
        rows.append(
            (
                name,
                *each,
                f"{further[name].total:.0f}",
                f"{min(means):.0f} to {max(means):.0f}",
                f"{further[name].anonymous:.0f}",
            )
        )
    ours = further["LeadMaster"]
    ratios = [
        f"{ours.total / size.total:.2f} ({ours.anonymous / size.anonymous:.2f} anonymous) of {name}"
        for name, size in further.items()
        if name != "LeadMaster"
    ]
    verdict = f"each further session: {', '.join(ratios)} (goal: <= 1 against a process each)"
    columns = ("", *(f"{number} adds" for number in range(1, sessions + 1)), "further, mean", "over runs", "anonymous")
    count = len(next(iter(grown.values())))
    notes = [
        f"{count} runs each, in turns; medians. Page heap {heap:.0f} MB. Node {_node_version()} for the libraries."
    ]
    return Figures("peers_memory: PSS in MiB of a session's process tree", columns, rows, verdict, notes)


class _Node:
    """One `serve.js`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, name: str) -> None:
        """Has it open one more session."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{name}\n")
        self._process.stdin.flush()

    def wait(self, answer: dict[str, str]) -> None:
        """Until it says this. Raises RuntimeError where it says something else, or ends."""
        line = self._lines.get(timeout=_ANSWER_S)
        if not line or json.loads(line) != answer:
            raise RuntimeError(f"waited for {answer}, heard {line!r}; see its log")

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")


def install_peers() -> None:
    """`npm ci` of the libraries where they are not there as the lock says. Their installers of browsers don't run."""
    lock, done = PEERS / "package-lock.json", PEERS / "node_modules" / ".installed"
    if done.is_file() and done.read_text("utf-8") == lock.read_text("utf-8"):
        return
    npm = shutil.which("npm") or str(ROOT / ".venv" / "bin" / "npm")
    environment = {**os.environ, "PUPPETEER_SKIP_DOWNLOAD": "1"}
    subprocess.run([npm, "ci", "--no-progress"], cwd=PEERS, env=environment, check=True, timeout=_INSTALL_S)
    done.write_text(lock.read_text("utf-8"), "utf-8")


def _node() -> str:
    return shutil.which("node") or str(ROOT / ".venv" / "bin" / "node")


def _node_version() -> str:
    return subprocess.run([_node(), "--version"], capture_output=True, text=True, check=True, timeout=30).stdout.strip()


def _phone(number: int) -> str:
    return f"54911500000{_FIRST_CLIENTE_ID + number}"


def _sum_of(pids: Sequence[int]) -> Size:
    sizes = [_size(pid) for pid in pids]
    return Size(sum(one.total for one in sizes), sum(one.anonymous for one in sizes))


def _size(pid: int) -> Size:
    """One process's; of one that has just ended, nothing."""
    fields: dict[str, float] = {}
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
    except OSError:
        return Size(0, 0)
    for line in rollup.splitlines()[1:]:
        name, kib, *_ = line.split()
        fields[name] = float(kib) / 1024
    return Size(fields.get("Pss:", 0), fields.get("Pss_Anon:", 0))

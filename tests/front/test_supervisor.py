"""The supervisor with services that are a few lines of Python: restarts, failures, and ways to stop."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from leadmaster.installation.data_dir import DataDir
from leadmaster.up.leftovers import recorded
from leadmaster.up.process import describe_exit
from leadmaster.up.services import stop_stages
from support.waiting import until

SLEEPS = "import time; time.sleep(120)"
LOGS_ITS_END = """
import signal, sys, time
def end(*_):
    print("ended", time.monotonic(), flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
print("began", flush=True)
while True: time.sleep(0.05)
"""
RESISTS = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('began', flush=True); time.sleep(120)"
)
LINGERS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (time.sleep(5.5), sys.exit(0)))
print("began", flush=True)
while True: time.sleep(0.05)
"""
DIES = "import sys; print('no such thing', flush=True); sys.exit(3)"
LEAVES_AN_ORPHAN = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"], start_new_session=True)
print("orphan", child.pid, flush=True)
time.sleep(120)
"""

# The supervisor runs in a process of its own: it takes signals and adopts orphans.
RUNNER = """
import json, sys
from pathlib import Path
from rich.console import Console
from leadmaster.installation.data_dir import DataDir
from leadmaster.screen import Screen
from leadmaster.up.readiness import alive
from leadmaster.up.services import Service
from leadmaster.up.supervisor import Supervisor
from shared.process.backoff import Backoff
root, grace, services, give_up = Path(sys.argv[1]), float(sys.argv[2]), json.loads(sys.argv[3]), float(sys.argv[4])
data = DataDir(root)
data.make()
supervisor = Supervisor(
    [Service(name, name, (sys.executable, "-c", code), alive) for name, code in services.items()],
    data, Screen(Console(width=200, highlight=False, soft_wrap=True)), environment={}, grace_s=grace,
    backoff=Backoff(first_s=0.05, max_s=0.2, steady_s=30), failing_after=3,
)
with supervisor.signals():
    clean = supervisor.run(lambda: print("ALL READY", flush=True), give_up_s=give_up)
sys.exit(0 if clean else 1)
"""


class Run:
    """A supervisor under test."""

    def __init__(self, root: Path, services: dict[str, str], grace_s: float = 10, give_up_s: float = math.inf) -> None:
        self.data = DataDir(root)
        self.output = root / "output"
        self._file = self.output.open("wb")
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUNNER, str(root), str(grace_s), json.dumps(services), str(give_up_s)],
            stdout=self._file,
            stderr=self._file,
        )

    def text(self) -> str:
        return self.output.read_text()

    def log(self, name: str) -> str:
        path = self.data.logs / f"{name}.log"
        return path.read_text() if path.exists() else ""

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in recorded(self.data).items()}

    def end(self) -> int:
        self.process.terminate()
        return self.process.wait(30)

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._file.close()
        for process in recorded(self.data).values():
            process.kill()


MakeRun = Callable[..., Run]


@pytest.fixture
def runs(tmp_path: Path) -> Iterator[MakeRun]:
    made: list[Run] = []

    def make(services: dict[str, str], grace_s: float = 10, give_up_s: float = math.inf) -> Run:
        made.append(Run(tmp_path, services, grace_s, give_up_s))
        return made[-1]

    yield make
    for run in made:
        run.close()


def gone(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def test_a_process_that_dies_is_started_again_and_the_others_go_on(runs: MakeRun) -> None:
    run = runs({"hub": SLEEPS, "beat": SLEEPS})
    until(lambda: "ALL READY" in run.text(), 20)
    before = run.pids()
    os.kill(before["hub"], signal.SIGKILL)
    until(lambda: run.pids().get("hub") not in (None, before["hub"]), 20)
    assert run.pids()["beat"] == before["beat"]
    until(lambda: "hub ready again" in run.text(), 20)
    assert "hub died (signal SIGKILL)" in run.text()
    assert run.end() == 0


def test_a_process_that_keeps_dying_is_told_with_its_last_lines(runs: MakeRun) -> None:
    run = runs({"hub": DIES, "beat": SLEEPS})
    until(lambda: "hub keeps dying: 3 times in a row, exit status 3" in run.text(), 20)
    until(lambda: "hub keeps dying: 5 times" in run.text(), 20)
    assert "keeps dying: 2 times" not in run.text()
    assert run.text().count("no such thing") == 3  # the last lines, once: they hold all three tries
    assert run.process.poll() is None
    assert run.end() == 0


def test_services_stop_in_order(runs: MakeRun) -> None:
    names = ["redis", "flower", "host", "background", "webhooks", "beat", "hub"]
    run = runs({name: LOGS_ITS_END for name in names})
    until(lambda: "ALL READY" in run.text(), 20)
    assert run.end() == 0
    ended = {name: float(run.log(name).split("ended ")[1]) for name in names}
    # what stands in one stage may end in any order; no process outlives one of a later stage
    stages = stop_stages(names)
    assert [set(stage) for stage in stages] == [
        {"hub", "beat"},
        {"host", "background", "webhooks", "flower"},
        {"redis"},
    ]
    for earlier, later in pairwise(stages):
        assert max(ended[name] for name in earlier) <= min(ended[name] for name in later)


def test_a_second_signal_is_ignored(runs: MakeRun) -> None:
    run = runs({"hub": LOGS_ITS_END, "redis": LOGS_ITS_END})
    until(lambda: "ALL READY" in run.text(), 20)
    for number in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        run.process.send_signal(number)
    assert run.process.wait(20) == 0
    assert "ended" in run.log("redis")


def test_what_does_not_stop_in_time_is_forced_and_the_status_says_so(runs: MakeRun) -> None:
    run = runs({"hub": RESISTS, "redis": LOGS_ITS_END}, grace_s=0.5)
    until(lambda: "ALL READY" in run.text(), 20)
    pids = run.pids()
    assert run.end() == 1
    assert all(gone(pid) for pid in pids.values())


def test_a_stage_that_was_slow_takes_no_time_from_the_next_one(runs: MakeRun) -> None:
    run = runs({"hub": LINGERS, "host": LINGERS}, grace_s=1)
    until(lambda: "ALL READY" in run.text(), 20)
    assert run.end() == 0, run.text()


def test_nothing_that_a_service_left_behind_outlives_the_supervisor(runs: MakeRun) -> None:
    run = runs({"host": LEAVES_AN_ORPHAN}, grace_s=1)
    until(lambda: "ALL READY" in run.text() and "orphan" in run.log("host"), 20)
    orphan = int(run.log("host").split("orphan ")[1].split()[0])
    assert run.end() == 1
    assert gone(orphan)


def test_no_record_is_left_after_a_clean_stop(runs: MakeRun) -> None:
    run = runs({"hub": SLEEPS})
    until(lambda: "ALL READY" in run.text(), 20)
    assert run.pids()
    assert run.end() == 0
    assert list(run.data.run.iterdir()) == []


def test_a_stop_during_the_start_is_clean(runs: MakeRun) -> None:
    run = runs({"hub": SLEEPS})
    until(run.pids, 20)
    assert run.end() == 0


def test_a_supervisor_whose_services_never_get_ready_can_give_up(runs: MakeRun) -> None:
    run = runs({"hub": DIES, "beat": SLEEPS}, give_up_s=2)
    assert run.process.wait(20) == 0
    assert "Not ready after 2 s: hub" in run.text()


def test_exits_are_told_in_words() -> None:
    assert describe_exit(3) == "exit status 3"
    assert describe_exit(-9) == "signal SIGKILL"


def test_unknown_services_stop_first() -> None:
    assert stop_stages(["redis", "host", "flower", "new", "hub"]) == [["new"], ["hub"], ["host", "flower"], ["redis"]]

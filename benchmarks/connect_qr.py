"""From `POST connect` to the QR code in Redis, against a bare browser launch to the code.

A begins before the request of `POST /api/whatsapp/{id}/connect` for a tenant that never connected and ends when the
session's snapshot in Redis carries the code (polled every 3 ms): hub, wanted session in SQL and Redis, the host's
notice, fork, lease, browser through its lock, page, wa-js, bridge, state machine, snapshot. B is `bare_browser.py`:
Playwright's driver, the same Chromium with the same switches on a fresh profile, the same page, wa-js, wait for the
code. Alternately A B A B …; the session is stopped and its processes are gone before the next launch.
"""

from __future__ import annotations

import json
import subprocess
import threading
import time
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.figures import Figures, median_ratio, percentile
from benchmarks.house import Caller, House, open_house
from benchmarks.processes import Processes, wait_for

_FIRST_CLIENTE_ID = 51
_LAUNCH_S = 60.0


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    samples = 2 if quick else 12
    pairs: list[tuple[float, float]] = []
    with Processes(folder, {}) as processes:
        house = open_house(processes)
        try:
            house.start_simulator().close()
            house.start_hub()
            house.start_host()
            bare = processes.start("bare", "-m", "benchmarks.bare_browser", house.simulator_url, pipes=True)
            caller = Caller(house)
            for number in range(samples + 1):
                ours = _connect(house, caller, _FIRST_CLIENTE_ID + number)
                direct = ask_launch(bare, folder / f"bare-{number}")["ms"]
                if number > 0:  # the first of each fills the machine's caches
                    pairs.append((ours, direct))
            caller.close()
        finally:
            house.close()
    return _figures(pairs)


def _connect(house: House, caller: Caller, cliente_id: int) -> float:
    house.add_tenant(cliente_id)
    started = time.perf_counter()
    caller.post(f"/api/whatsapp/{cliente_id}/connect")
    wait_for("the code", lambda: house.view(cliente_id).snapshot.qr_string, _LAUNCH_S, every_s=0.003)
    ms = (time.perf_counter() - started) * 1000
    caller.post(f"/api/whatsapp/{cliente_id}/disconnect")
    wait_for("the worker's end", lambda: not house.view(cliente_id).owned, _LAUNCH_S)
    time.sleep(0.5)  # the forking parent reaps
    return ms


def ask_launch(bare: subprocess.Popen[str], profile: Path) -> dict[str, Any]:
    """One launch by `bare_browser.py`."""
    assert bare.stdin is not None
    assert bare.stdout is not None
    watchdog = threading.Timer(_LAUNCH_S, bare.kill)
    watchdog.start()
    bare.stdin.write(f"{profile}\n")
    bare.stdin.flush()
    line = bare.stdout.readline()
    watchdog.cancel()
    if not line:
        raise RuntimeError("the bare browser failed; see its log")
    launched: dict[str, Any] = json.loads(line)
    return launched


def _figures(pairs: list[tuple[float, float]]) -> Figures:
    ours, bare = [a for a, _ in pairs], [b for _, b in pairs]
    ratio = median_ratio(pairs)
    rows = [
        ("connect → QR in Redis", f"{median(ours):.0f}", f"{min(ours):.0f}", f"{percentile(ours, 0.9):.0f}"),
        ("bare launch → QR", f"{median(bare):.0f}", f"{min(bare):.0f}", f"{percentile(bare, 0.9):.0f}"),
    ]
    verdict = f"{ratio:.2f} times a bare launch, median of pairs (goal <= 1.2)"
    notes = [f"{len(pairs)} launches each way, alternating, fresh profiles."]
    return Figures("connect_qr: connect → QR", ("", "p50 ms", "min ms", "p90 ms"), rows, verdict, notes)

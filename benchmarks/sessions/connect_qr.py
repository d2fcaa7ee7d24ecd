"""From `POST connect` to the QR code in Redis, against a bare browser launch to the code.

A begins before the request of `POST /api/whatsapp/{id}/connect` for a tenant that never connected and ends when the
session's snapshot in Redis carries the code (polled every 3 ms): hub, wanted session in SQL and Redis, the host's
notice, fork, lease, browser through its lock, page, wa-js, bridge, state machine, snapshot. B is `bare_browser.py`:
Playwright's driver, the same Chromium with the same switches on a fresh profile, the same page, wa-js, wait for the
code. Alternately A B A B …; the session is stopped and its processes are gone before the next launch.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from benchmarks.harness.caller import Caller
from benchmarks.harness.figures import Figures, median_ratio, percentile
from benchmarks.harness.running_system import RunningSystem, running_system
from testing.waiting import until

_FIRST_CLIENTE_ID = 51
_LAUNCH_S = 60.0


def run(folder: Path, quick: bool) -> Figures:
    """See the module."""
    samples = 2 if quick else 12
    pairs: list[tuple[float, float]] = []
    with running_system(folder) as system:
        system.start_simulator()
        system.start_hub()
        system.start_host()
        bare = system.start_lines("bare", "benchmarks.sessions.bare_browser", system.simulator_url, answer_s=_LAUNCH_S)
        caller = system.new_caller()
        for number in range(samples + 1):
            ours = _connect(system, caller, _FIRST_CLIENTE_ID + number)
            direct = bare.ask(str(folder / f"bare-{number}"))["ms"]
            if number > 0:  # the first of each fills the machine's caches
                pairs.append((ours, direct))
    return _figures(pairs)


def _connect(system: RunningSystem, caller: Caller, cliente_id: int) -> float:
    system.add_tenant(cliente_id)
    started = time.perf_counter()
    caller.post(f"/api/whatsapp/{cliente_id}/connect")
    until(lambda: system.view(cliente_id).snapshot.qr_string, _LAUNCH_S, "the code", every_s=0.003)
    ms = (time.perf_counter() - started) * 1000
    caller.post(f"/api/whatsapp/{cliente_id}/disconnect")
    system.wait_unowned(cliente_id)
    time.sleep(0.5)  # the forking parent reaps
    return ms


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

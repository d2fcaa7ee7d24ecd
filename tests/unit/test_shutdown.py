"""How a process ends: in order at the first signal, deaf to further ones, and by force once its time is over."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

PROGRAM = """
import sys, time
from shared.process.shutdown import end_on_signal
asked = []
end_on_signal(lambda: asked.append(1), float(sys.argv[1]))
print("ready", flush=True)
while not asked:
    time.sleep(0.01)
print("asked", flush=True)
time.sleep(float(sys.argv[2]))
print(f"ended, asked {len(asked)} times", flush=True)
"""


def _start(grace_s: float, work_s: float) -> subprocess.Popen[str]:
    arguments = [sys.executable, "-c", PROGRAM, str(grace_s), str(work_s)]
    process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_the_first_signal_ends_it_in_order_and_later_ones_change_nothing() -> None:
    process = _start(grace_s=60, work_s=0.5)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert process.stdout.readline() == "asked\n"
    process.send_signal(signal.SIGTERM)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("ended, asked 1 times\n", 0)


def test_it_is_forced_when_its_time_is_over() -> None:
    process = _start(grace_s=0.2, work_s=60)
    started = time.monotonic()
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert (said, process.returncode) == ("asked\n", 1)
    assert time.monotonic() - started < 20

"""The harness puts Redis' clock forward and back while it runs, also across a crash, and leaves the machine's alone."""

from __future__ import annotations

import threading
import time
from pathlib import Path

from shared.redis.client import connect
from testing.waiting import until
from tests.chaos.supervised import Supervised

HOUR_S = 3_600
SLACK_S = 30


def test_redis_clock_jumps_and_jumps_back(tmp_path: Path) -> None:
    system = Supervised(tmp_path)
    system.start_redis()
    try:
        with connect(system.redis_url) as client:

            def off_s() -> float:
                return float(client.time()[0]) - time.time()

            client.set("kept", "1")
            client.set("short", "1", px=60_000)
            jump = threading.Thread(target=system.shift_clock, args=(HOUR_S, 2.0))
            jump.start()
            until(lambda: abs(off_s() - HOUR_S) < SLACK_S)
            assert (client.get("kept"), client.get("short")) == ("1", None)
            # a crash while it is ahead changes neither its files nor its clock's way back
            system.crash_redis(0.0)
            assert client.get("kept") == "1"
            jump.join()
            until(lambda: abs(off_s()) < SLACK_S)
    finally:
        system.stop_redis()

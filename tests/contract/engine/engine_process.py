"""A process that runs one engine, to be killed by a test: `python engine_process.py URL FOLDER`.

Prints the driver's pid once the browser runs, then waits for ever.
"""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil

from session_worker.engine.factory import make_engine
from session_worker.engine.port import EngineConfig


def main() -> None:
    url, folder = sys.argv[1], Path(sys.argv[2])
    engine = make_engine(EngineConfig(url=url, profile_dir=folder / "profile", lock_path=folder / "profile.lock"))
    engine.start(lambda _: None)
    (driver,) = (child.pid for child in psutil.Process().children())
    sys.stdout.write(f"{driver}\n")
    sys.stdout.flush()
    signal.pause()


if __name__ == "__main__":
    main()

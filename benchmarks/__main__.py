"""`python -m benchmarks [names…] [--quick]`: runs the benchmarks one after the other and prints a table of each."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks.figures import Benchmark, show

NAMES = (
    "accept",
    "bulk",
    "handover",
    "sends",
    "connect_qr",
    "recovery",
    "fifty",
    "memory",
    "peers_memory",
    "drain",
    "campaign_tick",
    "campaign_import",
)


def main() -> int:
    """Returns 0 when every benchmark ran to its end, whatever its figures say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(NAMES)}; none means all")
    parser.add_argument("--quick", action="store_true", help="a few samples each: shows that it runs, measures nothing")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(NAMES))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, _ended)
    for name in arguments.names or NAMES:
        benchmark: Benchmark = importlib.import_module(f"benchmarks.{name}").run
        with tempfile.TemporaryDirectory(prefix="lm-bench-", ignore_cleanup_errors=True) as folder:
            show(benchmark(Path(folder), arguments.quick))
    return 0


def _ended(number: int, frame: FrameType | None) -> None:
    """So that what was started is stopped on the way out."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

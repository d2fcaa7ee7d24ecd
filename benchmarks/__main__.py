"""`python -m benchmarks [name…] [--quick]`: runs the benchmarks one after the other and prints a table of each."""

from __future__ import annotations

import argparse
import importlib
import signal
import sys
import tempfile
from pathlib import Path
from types import FrameType

from benchmarks.harness.figures import Benchmark, show

_FOLDERS = {
    "accept": "messages",
    "bulk": "messages",
    "handover": "messages",
    "sends": "messages",
    "connect_qr": "sessions",
    "recovery": "sessions",
    "fifty": "sessions",
    "memory": "sessions",
    "peers_memory": "peers",
    "peers_sends": "peers",
    "drain": "messages",
    "received_media": "media",
    "uploaded_media": "media",
    "sent_media": "media",
    "logins": "accounts",
    "streams": "events",
    "deliveries": "webhooks",
    "arrivals": "webhooks",
    "open_messages": "volume",
    "volumes": "volume",
    "campaign_tick": "campaigns",
    "campaign_import": "campaigns",
}
"""Each benchmark's folder, in the order in which all of them run."""


def main() -> int:
    """Returns 0 when every benchmark ran to its end, whatever its figures say."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"of {', '.join(_FOLDERS)}; none means all")
    parser.add_argument("--quick", action="store_true", help="a few samples each: shows that it runs, measures nothing")
    arguments = parser.parse_args()
    unknown = sorted(set(arguments.names) - set(_FOLDERS))
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}")
    signal.signal(signal.SIGTERM, _end)
    for name in arguments.names or _FOLDERS:
        benchmark: Benchmark = importlib.import_module(f"benchmarks.{_FOLDERS[name]}.{name}").run
        with tempfile.TemporaryDirectory(prefix="lm-bench-", ignore_cleanup_errors=True) as folder:
            show(benchmark(Path(folder), arguments.quick))
    return 0


def _end(number: int, frame: FrameType | None) -> None:
    """Leaves by an exception, so that what was started is stopped on the way out."""
    raise SystemExit(128 + number)


if __name__ == "__main__":
    sys.exit(main())

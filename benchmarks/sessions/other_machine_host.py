"""A session host that takes itself for one on a machine of its own.

Run as a process: `python -m benchmarks.sessions.other_machine_host <machine>`.
It is `leadmaster host` but for the machine's name. Hosts on one machine see by the process ids that a worker is dead,
and don't wait for its lease; hosts on two machines have nothing but the lease.
"""

from __future__ import annotations

import sys
from unittest import mock

from session_worker.host import forker
from shared.settings import load_settings


def main() -> int:
    """Runs until SIGTERM."""
    with mock.patch("session_worker.host.host_id.machine", return_value=sys.argv[1]):
        return forker.run(load_settings())


if __name__ == "__main__":
    sys.exit(main())

"""The stand-in WhatsApp Web in a process of its own, with its control API."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from simulator.client import SimulatorClient
from testing.processes import Processes

SimulatorSettings = Mapping[str, int | bool | str]


class SimulatorProcess:
    """A running simulator. A context: stopped after it, whatever happened."""

    def __init__(self, data: Path, port: int = 0, settings: SimulatorSettings | None = None) -> None:
        """data: its directory, made here; what a former one left there is known again. settings: as of `put_settings`.

        port: of 127.0.0.1, 0 for a free one.
        """
        data.mkdir(parents=True, exist_ok=True)
        self._processes = Processes(data, {})
        ready = data / "ready.json"
        ready.unlink(missing_ok=True)
        process = self._processes.start(
            "simulator", "-m", "simulator", "--port", str(port), "--data", str(data), "--ready-file", str(ready)
        )
        self.pid = process.pid
        self.url = str(json.loads(self._processes.ready_file("simulator", ready))["url"])
        self.port = int(self.url.rstrip("/").rpartition(":")[2])
        self.control = SimulatorClient(self.url)
        if settings:
            self.control.put_settings(**settings)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.control.close()
        self._processes.close()

    def stop(self) -> int:
        """Ends it by SIGTERM. Returns its exit status."""
        self.control.close()
        return self._processes.terminate("simulator")

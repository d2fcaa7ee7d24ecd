"""A PostgreSQL of the tests' own, in a temporary directory, reached over a free port of 127.0.0.1."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path


def _program(name: str) -> str:
    found = shutil.which(name) or next(
        (str(path) for path in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), reverse=True)), None
    )
    assert found, f"{name} is missing: install PostgreSQL (scripts/postgres.sh)"
    return found


class PostgresCluster:
    """Started on construction. The server refuses to run as root, so under root it is the user postgres'."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="lm-pg-"))
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._data = self.folder / "data"
        self._run(_program("initdb"), "-D", str(self._data), "-A", "trust", "-U", "lm", "--no-sync")
        options = f"-c listen_addresses=127.0.0.1 -p {self.port} -k {self.folder} -c fsync=off"
        self._run(
            _program("pg_ctl"), "-D", str(self._data), "-w", "-o", options, "-l", str(self.folder / "log"), "start"
        )

    def create(self, name: str, template: str = "template0") -> str:
        """A fresh database; returns its URL."""
        self._run(
            _program("createdb"),
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            "-U",
            "lm",
            "-T",
            template,
            "-E",
            "UTF8",
            name,
        )
        return f"postgresql+psycopg://lm@127.0.0.1:{self.port}/{name}"

    def stop(self) -> None:
        self._run(_program("pg_ctl"), "-D", str(self._data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, *argv: str) -> None:
        done = subprocess.run(
            [*self._as_user, *argv], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

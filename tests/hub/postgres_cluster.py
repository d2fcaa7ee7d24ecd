"""A PostgreSQL server of one test run: its own folder, a free port of 127.0.0.1, gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg
import pytest

_USER = "leadmaster"


class PostgresCluster:
    """A context: started inside, stopped after. A machine without PostgreSQL fails the run with one line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = _binaries()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port: int = probe.getsockname()[1]

    def __enter__(self) -> Self:
        data = self._folder / "data"
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(data), "-U", _USER, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c synchronous_commit=off"
        # pg_ctl's server would keep a pipe open, so its output goes to a file.
        self._run("pg_ctl", "-D", str(data), "-l", str(self._folder / "log"), "-o", options, "-W", "start")
        deadline = time.monotonic() + 30
        while True:
            try:
                psycopg.connect(self._dsn("postgres")).close()
                return self
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    pytest.fail((self._folder / "log").read_text(), pytrace=False)
                time.sleep(0.05)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, name: str) -> str:
        """As the setting DATABASE_URL has it."""
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{name}"

    def create(self, name: str, template: str = "template1") -> None:
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')

    def drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _dsn(self, name: str) -> str:
        return f"host=127.0.0.1 port={self._port} user={_USER} dbname={name}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._bin / program), *arguments]
        if os.getuid() == 0:
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        with (self._folder / "out").open("ab") as out:
            done = subprocess.run(command, stdout=out, stderr=out, stdin=subprocess.DEVNULL, cwd="/", check=False)
        if done.returncode:
            pytest.fail(f"{program}: {(self._folder / 'out').read_text('utf-8', 'replace')}", pytrace=False)


def _binaries() -> Path:
    """Where initdb and pg_ctl are: the newest installed, else on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    if found is None:
        pytest.fail("PostgreSQL is needed by these tests: install the package `postgresql`", pytrace=False)
    return Path(found).parent

"""A PostgreSQL server of one run: its own folder, a free port of 127.0.0.1, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

import psycopg

from testing.processes import free_port
from testing.waiting import until

_USER = "leadmaster"


class PostgresCluster:
    """A context: started inside, stopped after.

    Raises RuntimeError, with the server's own words, where it does not start or none is installed.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._bin = _binaries()
        self._port = free_port()

    def __enter__(self) -> Self:
        data = self._folder / "data"
        if os.getuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(self._folder, "postgres")
        self._run("initdb", "-D", str(data), "-U", _USER, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
        options = f"-p {self._port} -h 127.0.0.1 -k {self._folder} -c fsync=off -c synchronous_commit=off"
        # pg_ctl's server would keep a pipe open, so its output goes to a file.
        self._run("pg_ctl", "-D", str(data), "-l", str(self._folder / "log"), "-o", options, "-W", "start")
        until(self._answers, 30, "PostgreSQL")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._run("pg_ctl", "-D", str(self._folder / "data"), "-m", "immediate", "-w", "stop")

    def url(self, name: str) -> str:
        """As the setting DATABASE_URL has it."""
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{name}"

    def create(self, name: str, template: str = "template1") -> None:
        self._execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')

    def drop(self, name: str) -> None:
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres")).close()
        except psycopg.OperationalError:
            return False
        return True

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
            raise RuntimeError(f"{program}: {(self._folder / 'out').read_text('utf-8', 'replace')}")


def _binaries() -> Path:
    """Where initdb and pg_ctl are: the newest installed, else on PATH."""
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[4]))
    if installed:
        return installed[-1].parent
    found = shutil.which("initdb")
    if found is None:
        raise RuntimeError("PostgreSQL is needed: install the package `postgresql`")
    return Path(found).parent

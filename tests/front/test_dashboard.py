"""Flower: on this machine only, and not one page of it without the password."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from leadmaster.installation import ports
from leadmaster.installation.addresses import FLOWER_USER
from support.waiting import until
from testing.processes import free_port

PASSWORD = "correct-horse"
CLOSED = ("/", "/workers", "/tasks", "/broker", "/metrics", "/api/workers", "/api/tasks")


@pytest.fixture(scope="module")
def flower(redis_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    directory: Path = tmp_path_factory.mktemp("flower")
    port = free_port()
    environment = {
        **os.environ,
        "REDIS_URL": redis_url,
        "REDIS_PREFIX": "tflower:",
        "FLOWER_PORT": str(port),
        "FLOWER_PASSWORD": PASSWORD,
    }
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "leadmaster", "flower"], cwd=directory, env=environment, stdout=log, stderr=log
        )
    try:
        until(lambda: process.poll() is not None or not ports.is_free("127.0.0.1", port), 30, "its port")
        assert process.poll() is None, (directory / "log").read_text()
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(20) == 0
    log_text = (directory / "log").read_text()
    assert "warning" not in log_text, log_text
    assert PASSWORD not in log_text


@pytest.mark.parametrize("path", CLOSED)
def test_every_page_asks_for_the_password(flower: str, path: str) -> None:
    assert httpx.get(flower + path).status_code == 401
    assert httpx.get(flower + path, auth=(FLOWER_USER, "wrong")).status_code == 401
    assert httpx.get(flower + path, auth=(FLOWER_USER, PASSWORD)).status_code == 200


def test_it_listens_on_this_machine_only(flower: str) -> None:
    port = int(flower.rsplit(":", 1)[1])
    assert not ports.is_free("127.0.0.1", port)
    assert ports.is_free("127.0.0.2", port)

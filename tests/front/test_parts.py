"""Each part's environment holds what it needs of what is confidential, and no more."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml
from pydantic import SecretStr

from leadmaster.commands.services import COMMANDS
from leadmaster.parts import CONFIDENTIAL, NEEDED, environment_of, settings_of
from leadmaster.up.services import as_environment, planned
from shared.settings import Settings
from testing.processes import Processes
from testing.waiting import until

ROOT = Path(__file__).parents[2]
ALL = {name.upper(): f"secret-{name}" for name in CONFIDENTIAL}


def _looks_confidential(name: str) -> bool:
    kind = str(Settings.model_fields[name].annotation)
    return "SecretStr" in kind or name.endswith(
        ("_secret", "_password", "_token", "redis_url", "database_url", "media_url")
    )


def test_every_confidential_setting_is_in_the_table() -> None:
    assert {name for name in Settings.model_fields if _looks_confidential(name)} == CONFIDENTIAL


def test_every_part_is_in_the_table() -> None:
    commands = {str(command.name) for command in COMMANDS}
    services = {service.name for service in planned(Settings(), embedded=True)}

    assert commands | services | {"migrate"} == set(NEEDED)


def test_who_stands_beside_browsers_knows_neither_tokens_nor_database() -> None:
    assert NEEDED["host"] == {"redis_url", "media_url"}
    assert {part for part in NEEDED if "jwt_secret" in NEEDED[part]} == {"hub"}
    assert {part for part in NEEDED if "flower_password" in NEEDED[part]} == {"flower"}


@pytest.mark.parametrize("part", [*NEEDED, "unknown"])
def test_what_a_part_does_not_need_is_withheld(part: str) -> None:
    other = {"PATH": "/bin", "HUB_PORT": "1", "jwt_secret": "x", "Database_Url": "x"}
    needed = NEEDED.get(part, frozenset())

    kept = environment_of(part, ALL | other)

    assert {name.lower() for name in kept} & CONFIDENTIAL == needed
    assert {"PATH", "HUB_PORT"} <= set(kept)


@pytest.mark.parametrize("part", NEEDED)
def test_who_does_not_reach_media_is_not_told_how_to_log_in_there(part: str) -> None:
    credentials = {"AWS_SECRET_ACCESS_KEY": "x", "FSSPEC_S3_SECRET": "x"}
    assert environment_of(part, credentials) == (credentials if "media_url" in NEEDED[part] else {})


def test_what_a_part_finds_in_a_file_is_withheld_too() -> None:
    settings = Settings(
        redis_url="redis://x",
        database_url="postgresql://x",
        jwt_secret=SecretStr("s" * 32),
        flower_password=SecretStr("f"),
        hub_port=4000,
    )

    host = settings_of("host", settings)

    assert (host.redis_url, host.database_url, host.jwt_secret, host.flower_password) == ("redis://x", "", None, None)
    assert host.hub_port == 4000
    assert settings_of("hub", settings).jwt_secret == settings.jwt_secret
    assert set(as_environment(host)) == set(as_environment(settings))


@pytest.mark.parametrize("part", ["hub", "background", "webhooks", "beat", "host", "flower"])
def test_a_single_part_that_is_started_with_too_much_drops_it(part: str, tmp_path: Path, redis_url: str) -> None:
    given = {
        "LEADMASTER_DATA_DIR": str(tmp_path / "data"),
        "REDIS_URL": redis_url,
        "DATABASE_URL": f"sqlite:///{tmp_path / 'hub.db'}",
        "MEDIA_URL": str(tmp_path / "media"),
        "JWT_SECRET": "s" * 32,
        "JWT_SECRET_PREVIOUS": "p" * 32,
        "FLOWER_PASSWORD": "f",
        "HUB_PORT": "0",
        "FLOWER_PORT": "0",
        "HUB_WORKERS": "1",
        "WHATSAPP_WEB_URL": "fake://x",
        "SPT_NOENV": "1",  # a process's title is otherwise written over the environment that the kernel shows
    }
    needed = {name.upper() for name in NEEDED[part]}
    processes = Processes(tmp_path, given)

    def environments() -> list[dict[str, str]]:
        """Of the process and of all that it forked, as the kernel shows them."""
        processes.assert_running(part)
        own = psutil.Process(processes.process(part).pid)
        return [_environment(process.pid) for process in (own, *own.children(recursive=True))]

    try:
        processes.start(part, "-m", "leadmaster", part)
        forks = 2 if part in ("hub", "host") else 1
        until(
            lambda: (
                len(found := environments()) >= forks
                and all(set(one) & {*ALL, "SPT_NOENV"} == {*needed, "SPT_NOENV"} for one in found)
            ),
            60,
            f"{part} and what it forked, with {sorted(needed)} alone",
        )
    finally:
        processes.close()


def _environment(pid: int) -> dict[str, str]:
    """As `/proc` shows it."""
    lines = Path(f"/proc/{pid}/environ").read_bytes().decode("utf-8", "replace").split("\x00")
    return dict(line.split("=", 1) for line in lines if "=" in line)


def test_the_process_keeps_its_id_and_its_arguments(tmp_path: Path) -> None:
    """As a part's supervisor needs it."""
    program = (
        "import os, sys\nfrom leadmaster.parts import shed\nshed('host')\n"
        "print(os.getpid(), sys.argv[1:], sorted(set(os.environ) & {'JWT_SECRET', 'REDIS_URL'}))"
    )
    started = subprocess.Popen(
        [sys.executable, "-c", program, "one", "two words"],
        env={**os.environ, "JWT_SECRET": "s" * 32, "REDIS_URL": "redis://x"},
        stdout=subprocess.PIPE,
        text=True,
    )
    said, _ = started.communicate(timeout=60)

    assert said.strip() == f"{started.pid} ['one', 'two words'] ['REDIS_URL']"


def test_compose_gives_each_container_what_its_part_needs() -> None:
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    parts = {
        service["command"][0]: {name.lower() for name in service["environment"]} & CONFIDENTIAL
        for service in compose["services"].values()
        if service.get("image") == "leadmaster"
    }

    assert {"hub", "background", "webhooks", "beat", "host", "migrate"} <= set(parts)
    assert parts == {part: NEEDED[part] for part in parts}

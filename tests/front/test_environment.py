"""Settings handed to the services arrive as they were."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadmaster.up.services import as_environment
from shared.settings import Settings


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {
            "leadmaster_data_dir": "/some/where",
            "redis_url": "redis://:secret@127.0.0.1:1/0",
            "cors_origins": ("https://a.example", "https://b.example"),
            "legacy_port": 3001,
            "jwt_secret": "s" * 40,
            "browser_no_sandbox": True,
            "auto_campaigns_enabled": False,
            "send_gap_min_seconds": 0.2,
            "send_gap_max_seconds": 0.5,
            "session_host_capacity": 7,
            "log_level": "debug",
        },
    ],
)
def test_a_service_sees_what_up_saw(
    changes: dict[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    settings = Settings(**changes)  # type: ignore[arg-type]
    for name, value in as_environment(settings).items():
        monkeypatch.setenv(name, value)
    assert Settings() == settings

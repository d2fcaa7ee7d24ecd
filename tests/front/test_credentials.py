"""Secrets: made once, kept for the owner alone, never stronger than what the operator set."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadmaster.installation import credentials
from shared.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    for name in ("JWT_SECRET", "FLOWER_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    return Settings(leadmaster_data_dir=tmp_path / "data")


def test_they_are_made_on_the_first_start_and_kept(settings: Settings) -> None:
    first = credentials.with_kept_secrets(settings, make=True)
    second = credentials.with_kept_secrets(settings, make=True)
    assert first == second
    assert first.jwt_secret is not None
    assert len(first.jwt_secret.get_secret_value()) >= 32
    assert first.flower_password is not None


def test_files_are_0600_in_a_directory_0700(settings: Settings) -> None:
    credentials.with_kept_secrets(settings, make=True)
    credentials.read_or_make_secret(settings.leadmaster_data_dir, credentials.REDIS_PASSWORD)
    directory = settings.leadmaster_data_dir / "secrets"
    assert directory.stat().st_mode & 0o777 == 0o700
    modes = {path.name: path.stat().st_mode & 0o777 for path in directory.iterdir()}
    assert modes == {"jwt_secret": 0o600, "flower_password": 0o600, "redis_password": 0o600}


def test_what_the_operator_set_stands(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    given = "g" * 40
    monkeypatch.setenv("JWT_SECRET", given)
    settings = Settings(leadmaster_data_dir=settings.leadmaster_data_dir)
    found = credentials.with_kept_secrets(settings, make=True)
    assert found.jwt_secret is not None
    assert found.jwt_secret.get_secret_value() == given
    assert not credentials.secret_path(settings.leadmaster_data_dir, credentials.JWT_SECRET).exists()


def test_nothing_is_made_unless_asked_for(settings: Settings) -> None:
    assert credentials.with_kept_secrets(settings, make=False) == settings
    assert not settings.leadmaster_data_dir.exists()

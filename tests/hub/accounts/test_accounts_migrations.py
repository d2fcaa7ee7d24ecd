"""What an older database has of tenants is what the newer one says of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from hub_api.accounts.tenants.profiles import read
from hub_api.database import Database, migrate
from shared.settings import Settings


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'older.db'}"
    cluster = request.getfixturevalue("postgres")
    cluster.create("older")
    return str(cluster.url("older"))


def test_zone_and_country_of_campaigns_become_the_tenants(empty_url: str):
    migrate(empty_url, "0004")
    database = Database(empty_url)
    with database.writing() as session:
        session.execute(text("INSERT INTO tenants (cliente_id, created_at) VALUES (51, 1), (52, 1)"))
        session.execute(
            text(
                "INSERT INTO campaign_tenants (cliente_id, timezone, country, outcomes) "
                "VALUES (0, NULL, NULL, ''), (51, 'America/Sao_Paulo', 'BR', '')"
            )
        )
    migrate(empty_url)
    settings = Settings()
    with database.reading() as session:
        moved, other = read(session, 51, settings), read(session, 52, settings)
    database.close()
    assert (moved.timezone, moved.country) == ("America/Sao_Paulo", "BR")
    assert (other.timezone, other.country) == (settings.default_timezone, settings.default_country)

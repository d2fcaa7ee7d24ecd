"""What was committed outlives a power cut: a pause that was answered, and events that Redis then forgets."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from hub_api.database import Database
from hub_api.services import Services
from testing.postgres import PostgresCluster

FULL = 2


def test_sqlite_syncs_every_commit(services: Services) -> None:
    for transaction in (services.database.reading, services.database.writing):
        with transaction() as session:
            assert session.scalar(text("PRAGMA synchronous")) == FULL
            assert session.scalar(text("PRAGMA journal_mode")) == "wal"


@pytest.mark.parametrize(("server", "ours"), [("off", "on"), ("on", "on"), ("local", "local")])
def test_postgresql_waits_for_its_disk_where_its_server_would_not(
    postgres: PostgresCluster, server: str, ours: str
) -> None:
    name = f"sync_{server}"
    postgres.create(name)
    first = Database(postgres.url(name))
    with first.writing() as session:
        session.execute(text(f"ALTER DATABASE {name} SET synchronous_commit = {server}"))
    first.close()
    database = Database(postgres.url(name))
    for transaction in (database.writing, database.reading):
        with transaction() as session:
            assert session.scalar(text("SHOW synchronous_commit")) == ours
    database.close()
    postgres.drop(name)

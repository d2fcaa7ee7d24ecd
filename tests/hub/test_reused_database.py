"""Each test finds its PostgreSQL as a new one, whatever the one before did to it."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from reused_database import ReusedDatabase

from testing.postgres import PostgresCluster


@pytest.fixture
def database(postgres: PostgresCluster) -> Iterator[ReusedDatabase]:
    made = ReusedDatabase(postgres, "reused", "seed")
    made.renew()
    yield made
    postgres.drop("reused")


def _users(database: ReusedDatabase) -> list[tuple[object, ...]]:
    with psycopg.connect(database.url) as connection:
        return connection.execute("SELECT * FROM users ORDER BY 1").fetchall()


def _identity(database: ReusedDatabase) -> object:
    """Another one for each database that is made."""
    with psycopg.connect(database.url) as connection:
        return connection.execute("SELECT oid FROM pg_database WHERE datname = current_database()").fetchone()


@pytest.mark.parametrize(
    ("change", "made_anew"),
    [
        ("DELETE FROM users", False),
        ("UPDATE users SET usuario = usuario || 'x'", False),
        ("INSERT INTO tenants (cliente_id, created_at) VALUES (77, 1)", False),
        ("SELECT nextval('webhook_endpoints_id_seq')", False),
        ("INSERT INTO tenants (cliente_id, created_at) SELECT n, 1 FROM generate_series(1000, 200000) n", True),
        ("ALTER TABLE tenants RENAME TO away", True),
        ("ALTER TABLE tenants ADD COLUMN more text", True),
        ("ALTER TABLE tenants ALTER COLUMN created_at DROP NOT NULL", True),
        ("DROP INDEX ix_conversations_last", True),
        ("ALTER DATABASE reused SET synchronous_commit = off", True),
    ],
)
def test_what_a_test_did_is_gone(database: ReusedDatabase, change: str, made_anew: bool) -> None:
    before, identity = _users(database), _identity(database)
    with psycopg.connect(database.url) as connection:
        connection.execute(change.encode())

    database.renew()

    assert _users(database) == before
    assert (_identity(database) != identity) == made_anew
    with psycopg.connect(database.url) as connection:
        assert connection.execute("SELECT count(*) FROM tenants WHERE cliente_id > 60").fetchone() == (0,)
        assert connection.execute("SELECT nextval('webhook_endpoints_id_seq')").fetchone() == (1,)


def test_who_was_still_connected_is_not_any_more(database: ReusedDatabase) -> None:
    left = psycopg.connect(database.url)
    left.execute("LOCK TABLE users")

    database.renew()

    with pytest.raises(psycopg.OperationalError):
        left.execute("SELECT 1")
    left.close()

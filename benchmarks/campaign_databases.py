"""Databases for the campaigns' benchmarks: SQLite under the house's folder, and a PostgreSQL cluster of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub_api.database import migrate
from shared.settings import Settings
from tests.hub.postgres_cluster import PostgresCluster

ENGINES = ("SQLite", "PostgreSQL")


@contextmanager
def opened(engine: str, folder: Path, settings: Settings, names: tuple[str, ...]) -> Iterator[list[Settings]]:
    """Settings for one fresh, migrated database per name, each with a key prefix of its own."""
    cluster = PostgresCluster() if engine == "PostgreSQL" else None
    made: list[Settings] = []
    try:
        for name in names:
            url = cluster.create(name) if cluster else f"sqlite:///{folder / f'{name}.db'}"
            migrate(url)
            prefix = f"{engine[:2]}{name}:"
            made.append(settings.model_copy(update={"database_url": url, "redis_prefix": prefix}))
        yield made
    finally:
        if cluster:
            cluster.stop()

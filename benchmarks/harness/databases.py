"""Databases for benchmarks of SQL: SQLite under the run's folder, and a PostgreSQL cluster of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from hub_api.database import migrate
from shared.settings import Settings
from testing.postgres import PostgresCluster

ENGINES = ("SQLite", "PostgreSQL")


@contextmanager
def fresh_databases(engine: str, folder: Path, settings: Settings, names: tuple[str, ...]) -> Iterator[list[Settings]]:
    """Gives settings for one fresh, migrated database per name, each with a key prefix of its own in the same Redis."""
    with ExitStack() as stack:
        cluster = None
        if engine == "PostgreSQL":
            home = Path(stack.enter_context(TemporaryDirectory(prefix="lm-bench-pg-")))
            cluster = stack.enter_context(PostgresCluster(home))
        made: list[Settings] = []
        for name in names:
            url = f"sqlite:///{folder / f'{name}.db'}"
            if cluster is not None:
                cluster.create(name)
                url = cluster.url(name)
            prefix = f"{engine[:2]}{name}:"
            made.append(settings.model_copy(update={"database_url": url, "redis_prefix": prefix}))
            migrate(made[-1].sqlalchemy_url)
        yield made

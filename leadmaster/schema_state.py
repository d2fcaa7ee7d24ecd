"""Which schema a database has, and which is the newest."""

from __future__ import annotations

from pathlib import Path

from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

import hub_api
from hub_api.database import Database


def schema_state(database: Database) -> tuple[str | None, str | None]:
    """The database's revision and the newest one. Raises sqlalchemy.exc.SQLAlchemyError."""
    config = Config()
    migrations = Path(str(hub_api.__file__)).parent / "migrations"
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    with database.engine.connect() as connection:
        current = MigrationContext.configure(connection).get_current_revision()
    return current, ScriptDirectory.from_config(config).get_current_head()

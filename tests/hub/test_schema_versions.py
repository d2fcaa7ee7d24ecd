"""Which schema a database has and which one the code wants, told without Alembic, is what Alembic says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub_api.database import MIGRATIONS, Database, make_engine, migrate, newest_schema, schema_of
from shared.settings import Settings


def _scripts() -> ScriptDirectory:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return ScriptDirectory.from_config(config)


def test_the_newest_file_is_the_head() -> None:
    assert newest_schema() == _scripts().get_current_head()


def test_each_file_begins_with_the_number_of_its_migration() -> None:
    wrong = [one.path for one in _scripts().walk_revisions() if not Path(one.path).name.startswith(f"{one.revision}_")]
    assert wrong == []


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"], indirect=True)
def test_a_databases_schema_is_alembics(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        assert schema_of(engine) == MigrationContext.configure(connection).get_current_revision() == newest_schema()
    engine.dispose()


def test_an_empty_database_has_none_and_an_older_one_is_brought_up(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'older.db'}"
    database = Database(url)
    assert schema_of(database.engine) is None
    migrate(url, "0004")
    assert schema_of(database.engine) == "0004"
    migrate(url)
    assert schema_of(database.engine) == newest_schema()
    database.close()


def test_a_start_that_finds_the_newest_schema_goes_without_alembic(settings: Settings) -> None:
    code = (
        f"import sys; from hub_api.database import migrate; migrate({settings.sqlalchemy_url!r}); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "sqlalchemy" in done.stdout.split()
    assert "alembic" not in done.stdout.split()

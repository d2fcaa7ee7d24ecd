"""The SQL database: engine, transactions and migrations. SQLite by default, PostgreSQL through DATABASE_URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    ExceptionContext,
    Integer,
    Select,
    and_,
    create_engine,
    event,
    inspect,
    or_,
    text,
)
from sqlalchemy.engine import make_url
from sqlalchemy.orm import DeclarativeBase, Session

MIGRATIONS = Path(__file__).parent / "migrations"
_VERSIONS = "alembic_version"  # Alembic's table
_BUSY_TIMEOUT_MS = 10_000
# Events are trimmed from Redis once they are committed: a commit must not be lost after it. Stricter settings stay.
_SYNC_COMMITS = (
    "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
)

BigKey = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER


class Base(DeclarativeBase):
    """All tables of the hub; each subject declares its own in its `models`."""


class Database:
    """One engine and its transactions. Connects at the first use."""

    def __init__(self, url: str) -> None:
        """url: as SQLAlchemy writes it."""
        self.url = url
        self.engine = make_engine(url)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session for reads; nothing is kept."""
        with Session(self.engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One transaction; on SQLite it takes the write lock at its start, so it never fails half-way."""
        connection = self.engine.connect().execution_options(leadmaster_write=True)
        with connection, connection.begin(), Session(connection) as session:
            yield session
            session.flush()

    def ping(self) -> None:
        """Raises sqlalchemy.exc.SQLAlchemyError where the database is away."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Closes all connections."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine; for SQLite with WAL, a busy timeout and BEGIN IMMEDIATE for writers.

    The text of its errors names the statement, never a parameter: those are numbers, messages and names, and an error
    ends in a log.
    """
    parsed = make_url(url)
    if not parsed.drivername.startswith("sqlite"):
        engine = create_engine(
            parsed,
            pool_pre_ping=True,
            pool_size=5,
            max_overflow=40,
            connect_args={"connect_timeout": 4},
            hide_parameters=True,
        )
        event.listen(engine, "handle_error", _without_values)

        @event.listens_for(engine, "connect")
        def _sync(connection: Any, _record: object) -> None:
            cursor = connection.cursor()
            cursor.execute(_SYNC_COMMITS)
            cursor.close()
            connection.commit()

        return engine
    if parsed.database and parsed.database != ":memory:":
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(parsed, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # transactions are begun below, not by the driver
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        # A commit is on disk when it returns: a pause that was answered, and events that are trimmed from Redis after
        # they were recorded, outlive a power cut.
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={_BUSY_TIMEOUT_MS}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("leadmaster_write", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    return engine


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL puts values into what it says (`Key (usuario)=(maria) already exists`): only their kind is kept.

    What has no SQLSTATE came from the driver, e.g. that the server can't be reached, and names none.
    """
    said = context.original_exception
    state = getattr(said, "sqlstate", None)
    if state is None:
        return
    of = getattr(said, "diag", None)
    places = (getattr(of, f"{kind}_name", None) for kind in ("table", "column", "constraint"))
    kept = " ".join([f"SQLSTATE {state}", *filter(None, places)])
    said.args = (kept,)
    if context.sqlalchemy_exception is not None:
        context.sqlalchemy_exception.args = (f"({type(said).__name__}) {kept}",)


def rows_between(statement: Select[Any], column: Any, from_ms: int | None, until_ms: int | None) -> Select[Any]:
    """Those at or after `from_ms` and before `until_ms`; None is no limit."""
    if from_ms is not None:
        statement = statement.where(column >= from_ms)
    if until_ms is not None:
        statement = statement.where(column < until_ms)
    return statement


def rows_after(first: Any, second: Any, at: int, last: object) -> ColumnElement[bool]:
    """Those that follow a row in a list sorted by two columns, newest first; `at` and `last` are that row's."""
    return or_(first < at, and_(first == at, second < last))


def newest_schema() -> str:
    """The schema that this code works with: the number that the newest migration's file begins with."""
    return max(path.name.partition("_")[0] for path in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def schema_of(engine: Engine) -> str | None:
    """The schema that a database has; None for an empty one. Raises sqlalchemy.exc.SQLAlchemyError."""
    with engine.connect() as connection:
        if not inspect(connection).has_table(_VERSIONS):
            return None
        found: str | None = connection.scalar(text(f"SELECT version_num FROM {_VERSIONS}"))
        return found


def migrate(url: str, version: str = "head") -> None:
    """Brings the schema to the newest version, or up to one of them; does nothing where it is already."""
    engine = make_engine(url)
    try:
        if version != "head" or schema_of(engine) != newest_schema():
            _upgrade(engine, version)
    finally:
        engine.dispose()


def _upgrade(engine: Engine, version: str) -> None:
    from alembic import command  # noqa: PLC0415  almost every start finds the newest schema, and goes without it
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    connection = engine.connect().execution_options(leadmaster_write=True)
    with connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(712040311)"))
        config.attributes["connection"] = connection
        command.upgrade(config, version)
